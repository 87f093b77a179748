"""The table of ``bench render``: a row per face, worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from studio.benches.render_figures import AIMS, EXTRA, Aim, FaceFigures
from studio.benches.table import Row

COLUMNS = {**AIMS, **EXTRA}
HEADS = {
    "r": "r", "slope": "slope", "r_still": "still r", "slope_still": "slope", "closed": "PBM %",
    "closed_heard": "PBM rec", "blink": "blink", "rest": "rest dB", "background": "backgr", "sync": "sync ms",
    "apart": "mirror", "floor": "at 0", "rest_above": "above", "rest_shipped": "shipped", "eyes": "iod px",
}  # fmt: skip
WIDTH = 9


def format_faces(faces: Sequence[FaceFigures]) -> str:
    """The table; figures beside their aim carry a "!"."""
    order = sorted(faces, key=lambda face: face.badness, reverse=True)
    name = max(4, *(len(face.name) for face in faces))
    head = "  " + "face".ljust(name) + "".join(HEADS[column].rjust(WIDTH) for column in COLUMNS) + "  misses"
    rows = [_line(face.name.ljust(name), face.figures, str(len(face.missed) or "none")) for face in order]
    means = {column: float(np.nanmean(values)) for column, values in _columns(faces).items()}
    return "\n".join([head, *rows, _line("mean".ljust(name), means, "")])


def _columns(faces: Sequence[FaceFigures]) -> dict[str, list[float]]:
    return {column: [face.figures[column] for face in faces] for column in COLUMNS}


def _line(name: str, figures: dict[str, float], end: str) -> str:
    cells = (_cell(aim, figures[column]) for column, aim in COLUMNS.items())
    return f"  {name}{''.join(cells)}  {end}".rstrip()


def _cell(aim: Aim, value: float) -> str:
    text = "lost" if np.isnan(value) else f"{value:{aim.form}}"
    return f"{text}{' ' if aim.met(value) else '!'}".rjust(WIDTH)


def summary(faces: Sequence[FaceFigures]) -> Iterator[Row]:
    """The mean of each measure over the faces, and how many faces meet the aim."""
    for column, aim in AIMS.items():
        values = [face.figures[column] for face in faces]
        yield Row(f"{aim.title}, mean", float(np.nanmean(values)), aim.unit, aim.words)
        passing = sum(aim.met(value) for value in values)
        yield Row(f"  faces of {len(faces)} that meet it", float(passing), "", str(len(faces)))
