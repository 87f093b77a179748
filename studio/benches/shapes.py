"""``bench shapes``: every ARKit shape at 1 on one photo: a labelled sheet, and what trackers see of it."""

from __future__ import annotations

from pathlib import Path

from studio.benches.shapes_gallery import draw_shapes
from studio.benches.shapes_seen import BY_MESH, BY_PIXELS, Sight
from studio.benches.shapes_sheet import write_sheet
from studio.benches.shapes_track import mesh_motion, pixel_motion
from studio.benches.table import Row
from studio.library import Library


def run(avatar: Path | None = None, sheet: Path | None = None) -> tuple[Row, ...]:
    """Draw all shapes on ``avatar`` (the first sample if None), write them to ``sheet``, and track them."""
    gallery = draw_shapes(avatar or Library(Path()).samples()[0].source)
    if sheet is not None:
        write_sheet(sheet, gallery)
        print(f"Wrote {sheet}")
    mesh, pixels = mesh_motion(gallery), pixel_motion(gallery)
    return (
        *(_row(f"{name}, pixels", sight, sight.measure(pixels[name])) for name, sight in BY_PIXELS.items()),
        *(_row(f"{name}, face network", sight, sight.measure(mesh[name])) for name, sight in BY_MESH.items()),
    )


def _row(name: str, sight: Sight, value: float) -> Row:
    return Row(name, value, "iod", f"at least {sight.least:g}")
