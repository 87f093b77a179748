"""The page's icon: three files that show the same picture."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
from PIL import Image

from assets.icons import draw

FOLDER = Path(draw.__file__).parent


def test_svg_is_what_the_code_draws() -> None:
    text = (FOLDER / "icon.svg").read_text("utf-8")
    assert text == draw.svg()
    assert ElementTree.fromstring(text).attrib["viewBox"] == "0 0 512 512"  # noqa: S314 - our own file


def test_png_is_512_with_clear_corners() -> None:
    icon = np.asarray(Image.open(FOLDER / "icon.png").convert("RGBA"))
    assert icon.shape == (512, 512, 4)
    assert np.abs(icon.astype(int) - np.asarray(draw.bitmap()).astype(int)).mean() < 1
    assert icon[0, 0, 3] == icon[511, 511, 3] == 0
    assert icon[230, 256].tolist() == [255, 255, 255, 255], "teeth in the middle"


def test_favicon_has_the_small_sizes() -> None:
    assert {(16, 16), (32, 32), (48, 48)} <= set(Image.open(FOLDER / "favicon.ico").info["sizes"])
