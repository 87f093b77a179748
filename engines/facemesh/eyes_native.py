"""One eye painted by the native core: what ``eyes.EyeLayer`` and ``eyes_cover`` do, in one call a frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.facemesh.eyes_cover import Closure, standing, turned
from engines.facemesh.eyes_edges import LidEdges
from engines.facemesh.eyes_lashes import Lashes
from engines.native import native_module
from engines.types import Arrays, Float32, Image

Array = NDArray[Any]

SHEETS = ("photo", "white", "iris", "glint", "skin", "lashes")


class NativeEye:
    """``eye``: the arrays that ``eyes_prepare`` made of it; ``still``: its lids at rest; ``iod`` in px."""

    def __init__(self, eye: Arrays, still: LidEdges, lashes: Lashes, iod: float) -> None:
        look = (iod, float(eye["tone"][0]), lashes.roots, lashes.left, lashes.top, *lashes.colour)
        axes = (*still.right, *still.down, still.along[0], still.along[-1])
        module: Any = native_module()
        self._eye = module.Eye(*(eye[name] for name in SHEETS), (*look, *axes), still.upper)

    def paint(self, image: Image, place: tuple[Float32, Array], moves: tuple[Closure, Array, float]) -> None:
        """Paint into ``image`` (H, W, 3), in place.

        ``place``: (N, 2) px, outline of the opening, and (2, 3), frame px -> crop px. ``moves``: the lids, the
        iris (2,) px, and how far the eye is drawn anew, 0..1.
        """
        closure, gaze, change = moves
        heights = np.stack([closure.edge, closure.upper, standing(closure)])
        self._eye.paint(
            image,
            *place,
            gaze,
            heights,
            change=change,
            redrawn=closure.redrawn,
            share=closure.share,
            raised=turned(closure),
            drop=min(closure.drop, 1.0) if closure.closing else 0.0,
        )
