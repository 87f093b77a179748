"""Films that are being made of clips, or were made for one render: <data>/films/<key>/."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock, Timeout

from engines.cache import make_key
from engines.digests import file_digest
from engines.errors import StudioError
from engines.footage.film import is_film, read_film
from engines.footage.filming import FILM, VERSION, Filmed, FilmOptions, clear_pieces, film_clip
from engines.footage.livetalking import import_livetalking
from engines.progress import Watch

KEPT = 14 * 24 * 3600.0
"""Seconds after which a film or its pieces that nobody asked for again are deleted."""
BUSY = "This clip is being prepared by another program right now; wait for it to finish."


class Films:
    """Makes films below ``root``. The same clip with the same options goes on where it broke off."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def make(self, clip: Path, options: FilmOptions, watch: Watch) -> Filmed:
        """The film of ``clip``; it stays here until it is taken or forgotten. Raises as ``film_clip`` does."""
        if not clip.is_file():
            raise StudioError(f"There is no file '{clip.name}'; check the path of the clip.")
        folder = self._root / self._key(clip, options)
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            return film_clip(clip, folder, options, watch)

    def bring_in(self, avatar: Path, watch: Watch) -> tuple[Filmed, FilmOptions]:
        """The film of a LiveTalking folder; it stays here until it is taken."""
        return import_livetalking(avatar, self._root / secrets.token_hex(12), watch)

    def kept(self, clip: Path, watch: Watch) -> Path:
        """The film of a clip for one render, made at most once."""
        options = FilmOptions()
        folder = self._root / self._key(clip, options)
        if not is_film(folder / FILM):
            self.make(clip, options, watch)
            clear_pieces(folder)
        os.utime(folder)
        return folder / FILM

    def take(self, filmed: Filmed, folder: Path) -> Path:
        """Move a film into ``folder`` and forget its pieces; returns where the video lies."""
        made = filmed.film.video.parent
        for path in made.glob(f"{Path(FILM).stem}.*"):
            shutil.move(path, folder / path.name)
        shutil.rmtree(made, ignore_errors=True)
        return folder / FILM

    def forget(self, clip: Path, options: FilmOptions) -> None:
        """Delete the pieces of a clip that is not wanted any more."""
        shutil.rmtree(self._root / self._key(clip, options), ignore_errors=True)

    def sweep(self) -> None:
        """Delete what nobody has asked for in a long time."""
        for path in self._root.glob("*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > KEPT:
                    path.unlink() if path.is_file() else shutil.rmtree(path)

    @staticmethod
    def _key(clip: Path, options: FilmOptions) -> str:
        return make_key(VERSION, file_digest(clip), asdict(options))[:24]


def film_facts(filmed: Filmed, options: FilmOptions) -> dict[str, object]:
    """What an avatar's manifest says of its film."""
    film = read_film(filmed.film.video)
    return {
        "frames": film.count,
        "fps": film.fps,
        "width": film.width,
        "height": film.height,
        "img_size": options.img_size,
        "pads": list(options.pads),
        "notes": list(filmed.notes),
    }


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = FileLock(folder.with_name(f"{folder.name}.lock"))
    try:
        with lock.acquire(blocking=False):
            yield
    except Timeout:
        raise StudioError(BUSY) from None
