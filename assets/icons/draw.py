"""Draw the studio's icon: ``python -m assets.icons.draw`` writes icon.svg, icon.png and favicon.ico beside it.

A speech bubble that smiles while it speaks: open lips with teeth and tongue, and a chin for the bubble's tail.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

HERE = Path(__file__).resolve().parent
SIDE = 512
FINER = 4
BUBBLE, LIPS, INSIDE, TEETH, TONGUE = "#17594C", "#FF7D62", "#4A1022", "#FFFFFF", "#FFB3A3"

Points = NDArray[np.float64]


def _bezier(knots: Sequence[tuple[float, float]], samples: int = 48) -> Points:
    """Points along joined cubic Bézier curves; ``knots`` are 3 n + 1 control points."""
    t = np.linspace(0, 1, samples)[:, None]
    control = np.asarray(knots, float)
    parts = []
    for i in range(0, len(control) - 1, 3):
        a, b, c, d = control[i : i + 4]
        parts.append((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d)
    return np.vstack(parts)


def _path(knots: Sequence[tuple[float, float]]) -> str:
    head, *rest = knots
    curves = (rest[i : i + 3] for i in range(0, len(rest), 3))
    text = "".join("C" + " ".join(f"{x:g} {y:g}" for x, y in three) for three in curves)
    return f"M{head[0]:g} {head[1]:g}{text}Z"


LIPS_OUTLINE = [
    (78, 218), (112, 196), (158, 140), (206, 140), (228, 140), (240, 158), (256, 158),
    (272, 158), (284, 140), (306, 140), (354, 140), (400, 196), (434, 218),
    (404, 322), (336, 376), (256, 376), (176, 376), (108, 322), (78, 218),
]  # fmt: skip
MOUTH = [
    (116, 222), (164, 206), (208, 204), (256, 204), (304, 204), (348, 206), (396, 222),
    (368, 290), (318, 326), (256, 326), (194, 326), (144, 290), (116, 222),
]  # fmt: skip
UPPER_TEETH = [
    (140, 216), (176, 207), (214, 204), (256, 204), (298, 204), (336, 207), (372, 216),
    (362, 244), (310, 254), (256, 254), (202, 254), (150, 244), (140, 216),
]  # fmt: skip
TONGUE_SHAPE = [
    (184, 310), (196, 280), (230, 278), (256, 288), (282, 278), (316, 280), (328, 310),
    (308, 321), (284, 326), (256, 326), (228, 326), (204, 321), (184, 310),
]  # fmt: skip
TAIL = [
    (150, 440),
    (146, 470),
    (132, 492),
    (106, 506),
    (160, 506),
    (206, 484),
    (236, 448),
    (150, 440),
    (150, 440),
    (150, 440),
]
SHAPES = ((TAIL, BUBBLE), (LIPS_OUTLINE, LIPS), (MOUTH, INSIDE), (UPPER_TEETH, TEETH), (TONGUE_SHAPE, TONGUE))
BOX = (16, 16, 496, 456)
CORNER = 132


def svg() -> str:
    """The icon as an SVG document."""
    left, top, right, bottom = BOX
    place = f'x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"'
    bubble = f'<rect {place} rx="{CORNER}" fill="{BUBBLE}"/>'
    paths = "".join(f'<path d="{_path(knots)}" fill="{colour}"/>' for knots, colour in SHAPES)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" role="img">'
        f"<title>Visema Studio</title>{bubble}{paths}</svg>\n"
    )


def bitmap() -> Image.Image:
    """The icon as 512 x 512 RGBA."""
    image = Image.new("RGBA", (SIDE * FINER, SIDE * FINER), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle([side * FINER for side in BOX], CORNER * FINER, fill=BUBBLE)
    for knots, colour in SHAPES:
        pen.polygon([(x * FINER, y * FINER) for x, y in _bezier(knots)], fill=colour)
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def main() -> int:
    """Write the three files."""
    (HERE / "icon.svg").write_text(svg(), "utf-8")
    icon = bitmap()
    icon.save(HERE / "icon.png", optimize=True)
    icon.save(HERE / "favicon.ico", sizes=[(16, 16), (32, 32), (48, 48)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
