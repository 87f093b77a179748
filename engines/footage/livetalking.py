"""LiveTalking's avatar folders: full_imgs/ and face_imgs/ with a numbered PNG per frame, and coords.pkl.

A file of ours beside them, film.json, keeps what LiveTalking has no place for: frames per second, the side of
the crops and the pads. LiveTalking does not look at it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow
from pydantic import TypeAdapter, ValidationError

from engines.clips import LONGEST_SIDE, ClipInfo
from engines.errors import StudioError
from engines.files import whole_folder
from engines.footage.boxes import inside
from engines.footage.coords import read_coords, write_coords
from engines.footage.film import Film, FilmReader, write_arrays
from engines.footage.filming import Filmed, FilmOptions, Footage, film_frames
from engines.photos import read_photo
from engines.progress import Watch
from engines.types import Image

FRAMES, FACES, COORDS, ABOUT = "full_imgs", "face_imgs", "coords.pkl", "film.json"
FPS = 25.0
"""LiveTalking plays every avatar at this rate."""
MOST_FRAMES = 30 * 900
NOT_ONE = "This is no LiveTalking avatar; the folder needs full_imgs with numbered pictures, and coords.pkl."
LINKS = "The avatar's folder contains links to other places; copy the files themselves into it."
_NUMBERED = re.compile(r"\d{1,9}\.(png|jpe?g)", re.IGNORECASE)


@dataclass(frozen=True)
class About:
    """What LiveTalking has no place for."""

    fps: float = FPS
    options: FilmOptions = field(default_factory=FilmOptions)


def export_livetalking(film: Film, options: FilmOptions, folder: Path, watch: Watch) -> None:
    """Write ``film`` as a new folder. Raises StudioError if there is one already or it cannot be written."""
    if folder.exists():
        raise StudioError(f"There is a '{folder.name}' already; choose another name for the folder.")
    reader = FilmReader(film, film.width, film.height)
    try:
        with whole_folder(folder) as part:
            for name in (FRAMES, FACES):
                (part / name).mkdir()
            for number in range(film.count):
                watch.report("export", number / film.count)
                _write_frame(part, number, reader.frame(number), film.boxes[number], options.img_size)
            write_coords(part / COORDS, [_as_theirs(box) for box in film.boxes])
            about = {"fps": film.fps, "options": TypeAdapter(FilmOptions).dump_python(options, mode="json")}
            (part / ABOUT).write_text(json.dumps(about), "utf-8")
    finally:
        reader.close()


def import_livetalking(source: Path, folder: Path, watch: Watch) -> tuple[Filmed, FilmOptions]:
    """Make a film in ``folder`` of the LiveTalking avatar at ``source``, with the boxes that it has.

    Raises StudioError if it is none, if anything in it is a link, or if its frames cannot become an avatar.
    """
    paths = _frames(source)
    boxes = read_coords(source / COORDS)
    if len(boxes) != len(paths):
        raise StudioError(f"The avatar has {len(paths)} pictures and {len(boxes)} boxes; export it again.")
    about = _about(source / ABOUT)
    info = _info(paths, about.fps)
    filmed = film_frames(Footage(info, lambda start: _read(paths, info, start)), folder, about.options, watch)
    kept = np.array([_as_ours(box) for box in boxes[filmed.start : filmed.start + filmed.film.count]])
    scale = info.width / read_photo(paths[0]).shape[1]
    film = replace(filmed.film, boxes=inside(np.round(kept * scale), (info.width, info.height)))
    write_arrays(film)
    return replace(filmed, film=film), about.options


def _write_frame(part: Path, number: int, rgb: Image, box: Any, side: int) -> None:
    left, top, right, bottom = (int(edge) for edge in box)
    face = cv2.resize(rgb[top:bottom, left:right], (side, side), interpolation=cv2.INTER_LINEAR)
    for name, picture in ((FRAMES, rgb), (FACES, face)):
        Pillow.fromarray(picture).save(part / name / f"{number:08d}.png", compress_level=1)


def _as_theirs(box: Any) -> tuple[int, int, int, int]:
    left, top, right, bottom = (int(edge) for edge in box)
    return top, bottom, left, right


def _as_ours(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    top, bottom, left, right = box
    return left, top, right, bottom


def _frames(source: Path) -> list[Path]:
    """The pictures in order; raises StudioError if this is no avatar, or has links."""
    parts = (source, source / FRAMES, source / COORDS)
    if any(path.is_symlink() for path in (*parts[1:], source / FACES, source / ABOUT)):
        raise StudioError(LINKS)
    if not (parts[1].is_dir() and parts[2].is_file()):
        raise StudioError(NOT_ONE)
    found = [path for path in parts[1].iterdir() if _NUMBERED.fullmatch(path.name)]
    if any(path.is_symlink() for path in found):
        raise StudioError(LINKS)
    if not found:
        raise StudioError(NOT_ONE)
    if len(found) > MOST_FRAMES:
        raise StudioError(f"The avatar has {len(found)} frames and the limit is {MOST_FRAMES}; shorten it.")
    return sorted(found, key=lambda path: int(path.stem))


def _about(path: Path) -> About:
    """What ``export_livetalking`` noted, or what LiveTalking takes for granted."""
    if not path.is_file() or path.stat().st_size > 10_000:
        return About()
    try:
        document = json.loads(path.read_text("utf-8"))
        fps = min(max(float(document["fps"]), 5.0), 30.0)
        return About(fps, TypeAdapter(FilmOptions).validate_python(document["options"]))
    except (ValueError, KeyError, TypeError, ValidationError):
        return About()


def _info(paths: list[Path], fps: float) -> ClipInfo:
    height, width = read_photo(paths[0]).shape[:2]
    scale = min(LONGEST_SIDE / max(width, height), 1.0)
    size = (max(2 * round(width * scale / 2), 2), max(2 * round(height * scale / 2), 2))
    return ClipInfo(*size, fps, len(paths) / fps)


def _read(paths: list[Path], info: ClipInfo, start: int) -> Iterator[tuple[int, Image]]:
    for number in range(start, len(paths)):
        rgb = read_photo(paths[number])
        if (rgb.shape[1], rgb.shape[0]) != (info.width, info.height):
            rgb = np.asarray(cv2.resize(rgb, (info.width, info.height), interpolation=cv2.INTER_AREA), np.uint8)
        yield number, rgb
