"""``bench render``: how well frames do what was planned, seen by a face tracker that the studio does not use.

Over scikit-image's astronaut if it is installed, the sample avatars, and every photo in a folder (``--faces``
or the environment variable STUDIO_FACES). Lips, lids and sound are measured on the finished clip, decoded by
the judge; likeness at rest and the background on the frames before encoding, which loses a little.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np

from engines.errors import StudioError
from studio.benches.instant import bench_photo
from studio.benches.lips_motion import CLOSED, share_met
from studio.benches.render_environment import judge_python
from studio.benches.render_figures import LIPS, face_figures, planned_opening
from studio.benches.render_measures import opening
from studio.benches.render_table import format_faces, summary
from studio.benches.render_takes import Part, Sitter, Stage, Take, click_lags, clicking
from studio.benches.render_tracker import WORKER, Judge, Seen, looking_box
from studio.benches.table import Row
from studio.library import Library
from studio.services import Studio
from studio.settings import load_settings

FOLDER = "STUDIO_FACES"
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")

ABOUT = """Judge: {judge}, on the finished clips; rest and background before encoding. Worst face first, ! is
beside the aim. PBM rec: from a recording alone. rest dB: the whole face with the photo's smile kept; above:
above the mouth; shipped: most of the smile let go, the default. mirror: how far the slope of the same clip is
another one in a mirror, the judge's own error. at 0: opening seen in closed lips."""

Filmed = tuple[Sitter, list[tuple[Take, "Future[Seen]"]]]


def run(faces: Path | None = None, judge: Path | None = None, data: Path | None = None) -> tuple[Row, ...]:
    """Measure; takes about twenty seconds a face on two CPU cores."""
    chosen = faces or (Path(os.environ[FOLDER]) if os.environ.get(FOLDER) else None)
    photos = bench_faces(chosen)
    python = judge or judge_python(load_settings(data=data).data / "judge")
    with closing(Judge((str(python), str(WORKER)))) as eye:
        return measure(photos, eye)


def bench_faces(folder: Path | None) -> dict[str, Path]:
    """Name and photo of every face that is measured. Raises StudioError for a folder without photos."""
    astronaut = bench_photo()
    named = {astronaut.stem: astronaut} | {sample.id: sample.source for sample in Library(Path()).samples()}
    if folder is None:
        print(f"Only the faces at hand: name a folder of photos with --faces or {FOLDER} to measure more.")
        return named
    photos = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    if not photos:
        raise StudioError(f"There are no photos in '{folder}'; name a folder that holds some with --faces.")
    for path in photos:
        named[path.name if path.stem in named else path.stem] = path
    return named


def measure(photos: dict[str, Path], judge: Judge) -> tuple[Row, ...]:
    """Film, watch, print the table. While the judge watches one clip the next is made."""
    with (
        tempfile.TemporaryDirectory(prefix="studio-bench-") as folder,
        closing(Studio(load_settings(data=Path(folder) / "data"))) as studio,
        ThreadPoolExecutor(1) as watching,
    ):
        stage = Stage(studio.pipeline, Path(folder))
        parts = stage.parts()
        room = ScreeningRoom(stage, judge, watching)
        filmed = list(room.film_all(photos, parts))
        faces = [
            face_figures(sitter, [(take, seen.result()) for take, seen in takes]) for sitter, takes in filmed
        ]
        print(f"{ABOUT.format(judge=judge.name)}\n{format_faces(faces)}")
        planned = planned_rows((*parts, stage.aligned()))
        return (*summary(faces), *planned, *room.click_rows(filmed[0][0]))


class ScreeningRoom:
    """Where what was filmed on ``stage`` is watched by ``judge``."""

    def __init__(self, stage: Stage, judge: Judge, watching: ThreadPoolExecutor) -> None:
        self._stage, self._judge, self._watching = stage, judge, watching

    def film_all(self, photos: dict[str, Path], parts: Sequence[Part]) -> Iterator[Filmed]:
        """Every part with every face; faces that cannot be animated are named and left out."""
        for name, source in photos.items():
            print(f"filming {name}", file=sys.stderr)
            try:
                sitter = self._stage.sitter(name, source)
            except StudioError as error:
                print(f"{name} is left out: {error}")
                continue
            yield sitter, [self._film(sitter, part) for part in parts]

    def _film(self, sitter: Sitter, part: Part) -> tuple[Take, Future[Seen]]:
        take = self._stage.film(sitter, part)
        portrait = sitter.portrait
        box = looking_box(portrait.landmarks, portrait.rgb.shape[:2])
        return take, self._watching.submit(self._judge.look, take.clip, box)

    def click_rows(self, sitter: Sitter) -> Iterator[Row]:
        """The test signal with one face: how late the picture is, and how exactly the judge tells."""
        _, watched = self._film(sitter, clicking())
        seen = watched.result()
        lags = 1000.0 * click_lags(seen, seen.curve(opening))
        yield Row(f"clicks, {sitter.name}: mouth after sound", float(lags.mean()), "ms", "within 40")
        yield Row("  from click to click up to, the judge's precision", float(np.ptp(lags)), "ms")


def planned_rows(parts: Sequence[Part]) -> Iterator[Row]:
    """What the driver asks for before anything is drawn: no renderer closes more lips than that."""
    for part in parts:
        share = 100.0 * share_met(planned_opening(part), part.phones, LIPS, CLOSED)
        yield Row(f"planned, {part.name}: PBM closed", share, "%")
