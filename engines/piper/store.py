"""The voices that are here, and fetching others from the official repository, each under its own licence.

A voice is two files, NAME.onnx and NAME.onnx.json, in the folder "piper" below the weights folder; whoever has
voices of their own puts them there. NAME is like "en_US-amy-medium": language, speaker, quality.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engines.digests import file_digest
from engines.downloads import HuggingFace, fetch_from_hub
from engines.errors import StudioError
from engines.progress import Watch

REPOSITORY, REVISION = "rhasspy/piper-voices", "v1.0.0"
LIST, LIST_BYTES = "voices.json", 400_000
CARD = "MODEL_CARD"
NAME = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9_.+-]{0,99}")
EXAMPLE = "en_US-amy-medium"


@dataclass(frozen=True)
class VoiceFile:
    """A file of the repository: where it is there, its bytes, its MD5 by the repository's own list."""

    path: str
    bytes: int
    md5: str


@dataclass(frozen=True)
class VoiceStore:
    """The voices in ``folder``."""

    folder: Path

    def names(self) -> tuple[str, ...]:
        """The voices that are here, both files of each."""
        models = sorted(self.folder.glob("*.onnx")) if self.folder.is_dir() else []
        return tuple(path.stem for path in models if NAME.fullmatch(path.stem) and config_of(path).is_file())

    def find(self, voice: str) -> Path:
        """The model of ``voice``, or of one that goes on after a "-". Raises StudioError if none is here."""
        fitting = [name for name in self.names() if name == voice or name.startswith(f"{voice}-")]
        if not fitting:
            known = voice if NAME.fullmatch(voice) else EXAMPLE
            raise StudioError(
                f"The Piper voice '{known}' is not on this machine; "
                f"fetch it with './run.sh voices get piper:{known}' or choose another one."
            )
        return self.folder / f"{min(fitting, key=len)}.onnx"

    def licence(self, voice: str, watch: Watch) -> str:
        """What the repository says of ``voice`` and its licence, and its size, fetched if need be."""
        files = self._files(voice, watch)
        card = next((file for name, file in files.items() if name == CARD), None)
        told = (
            self._fetch(card, watch).read_text("utf-8", "replace").strip() if card else "It has no model card."
        )
        size = sum(file.bytes for file in files.values()) / 1e6
        return f"{told}\n\n{voice}: {size:.0f} MB of {REPOSITORY} {REVISION} on the Hugging Face Hub"

    def fetch(self, voice: str, watch: Watch) -> Path:
        """Fetch ``voice`` if it is not here; returns its model. Raises StudioError, Cancelled."""
        files = self._files(voice, watch)
        # The model last: with it the voice is here.
        for name in sorted(files, key=lambda name: name.endswith(".onnx")):
            kept = self.folder / (f"{voice}.{CARD}" if name == CARD else name)
            if not _is(kept, files[name]):
                self._fetch(files[name], watch).replace(kept)
        shutil.rmtree(self._partial, ignore_errors=True)
        return self.find(voice)

    def remove(self, voice: str) -> None:
        """Remove the files of exactly ``voice``. Raises StudioError if it is not here."""
        path = self.find(voice)
        if path.stem != voice:
            raise StudioError(f"Give the whole name of the voice, such as piper:{path.stem}.")
        for file in (path, config_of(path), path.with_name(f"{voice}.{CARD}")):
            file.unlink(missing_ok=True)

    @property
    def _partial(self) -> Path:
        return self.folder / ".partial"

    def _files(self, voice: str, watch: Watch) -> dict[str, VoiceFile]:
        """The files of ``voice`` by name. Raises StudioError if the repository has no such voice."""
        known = self._list(watch)
        if voice not in known or not NAME.fullmatch(voice):
            near = ", ".join(sorted(name for name in known if name.startswith(voice[:5]))[:6]) or EXAMPLE
            raise StudioError(f"There is no Piper voice '{voice[:60]}'; there are: {near}.")
        found = (
            VoiceFile(path, int(file["size_bytes"]), str(file["md5_digest"]))
            for path, file in known[voice].items()
        )
        wanted = {CARD, f"{voice}.onnx", f"{voice}.onnx.json"}
        return {Path(file.path).name: file for file in found if Path(file.path).name in wanted}

    def _list(self, watch: Watch) -> dict[str, dict[str, dict[str, str | int]]]:
        """The repository's list, kept once fetched: the revision does not change."""
        kept = self.folder / LIST
        if not kept.is_file():
            self._download(LIST, LIST_BYTES, watch).replace(kept)
        try:
            return {name: voice["files"] for name, voice in json.loads(kept.read_text("utf-8")).items()}
        except (ValueError, TypeError, KeyError, AttributeError):
            kept.unlink()
            raise StudioError("The list of Piper voices is damaged; try again.") from None

    def _fetch(self, file: VoiceFile, watch: Watch) -> Path:
        """``file`` among what is not whole yet. Raises StudioError if it is not what the list says."""
        path = self._download(file.path, file.bytes, watch)
        if not _is(path, file):
            path.unlink()
            raise StudioError(f"{Path(file.path).name} came damaged; try again.")
        return path

    def _download(self, path: str, size: int, watch: Watch) -> Path:
        with _explained(path):
            self._partial.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(self.folder).free < size:
                raise StudioError(f"{size // 10**6 + 1} MB are needed on the disk")
            return fetch_from_hub(
                HuggingFace("huggingface", REPOSITORY, path, REVISION), self._partial, size, watch
            )


def config_of(model: Path) -> Path:
    """The config beside a model."""
    return model.with_name(f"{model.name}.json")


def fingerprint(model: Path) -> str:
    """SHA-256 of a voice's model and config; remembered while size and time stay."""
    return " ".join(
        _digest(path, path.stat().st_size, path.stat().st_mtime_ns) for path in (model, config_of(model))
    )


@lru_cache(maxsize=256)
def _digest(path: Path, _size: int, _changed: int) -> str:
    return file_digest(path)


def _is(path: Path, file: VoiceFile) -> bool:
    if not path.is_file() or path.stat().st_size != file.bytes:
        return False
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as opened:
        while block := opened.read(1 << 20):
            digest.update(block)
    return digest.hexdigest() == file.md5


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turn what goes wrong while fetching into one sentence."""
    try:
        yield
    except (StudioError, OSError) as error:
        reason = str(error).rstrip(".")
        raise StudioError(
            f"{Path(path).name} could not be fetched ({reason}); try again with a network connection, or save "
            f"'{path}' of {REPOSITORY} on the Hugging Face Hub yourself."
        ) from None
