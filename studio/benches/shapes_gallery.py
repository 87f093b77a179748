"""One picture for each ARKit shape at 1."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.facemesh import FacemeshOptions
from engines.facemesh.anatomy import FaceFrame, face_frame
from engines.facemesh.animator import Scene, create
from engines.photos import make_portrait, read_photo
from engines.types import BLENDSHAPE_INDEX, BLENDSHAPES, Float32, Image

NEUTRAL = "neutral"
TOGETHER = {"mouthClose": "jawOpen"}
"""Shapes that say nothing alone: mouthClose seals the lips over an open jaw."""


@dataclass(frozen=True)
class Gallery:
    """``pictures``: a frame for "neutral" and for each shape. ``frame``: the face's axes in px; ``landmarks``:
    (468, 3) px of the photo."""

    pictures: dict[str, Image]
    frame: FaceFrame
    landmarks: Float32


def draw_shapes(photo: Path) -> Gallery:
    """The neutral face of the picture at ``photo`` and its 52 shapes. StudioError if it cannot be animated."""
    portrait = make_portrait(read_photo(photo), 0, None)
    scene = Scene(create().prepare(portrait), FacemeshOptions().keep_smile)
    pictures = {name: _at_one(scene, name) for name in (NEUTRAL, *BLENDSHAPES)}
    return Gallery(pictures, face_frame(portrait.landmarks), portrait.landmarks)


def start_of(name: str) -> str:
    """The picture that a shape's picture is to be compared with."""
    return TOGETHER.get(name, NEUTRAL)


def _at_one(scene: Scene, name: str) -> Image:
    weights = np.zeros(len(BLENDSHAPES), np.float32)
    for active in {name, start_of(name)} - {NEUTRAL}:
        weights[BLENDSHAPE_INDEX[active]] = 1.0
    return scene.render(weights, np.zeros(6, np.float32), None)
