"""A real face, prepared once for all tests of the animator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engines.facemesh import FacemeshOptions
from engines.facemesh.anatomy import FaceFrame, face_frame
from engines.facemesh.animator import FacemeshAnimator
from engines.facemesh.rest import RestFace, measure_rest
from engines.facemesh.shapes import Shapes, build_shapes
from engines.photos import make_portrait
from engines.types import BLENDSHAPE_INDEX, Arrays, Image, Motion, Portrait

Weights = dict[str, float]
Render = Callable[..., Image]


def weights_row(weights: Weights) -> np.ndarray:
    """(52,) from shape names; a name without its side stands for both."""
    row = np.zeros(52, np.float32)
    for name, value in weights.items():
        names = [name] if name in BLENDSHAPE_INDEX else [f"{name}Left", f"{name}Right"]
        for found in names:
            row[BLENDSHAPE_INDEX[found]] = value
    return row


def motion_of(*rows: Weights, poses: np.ndarray | None = None) -> Motion:
    """A motion of one frame per row."""
    head = np.zeros((len(rows), 6), np.float32) if poses is None else poses.astype(np.float32)
    return Motion(fps=25.0, blendshapes=np.stack([weights_row(row) for row in rows]), head=head)


@pytest.fixture(scope="session")
def portrait(photo: Image) -> Portrait:
    """A smiling woman who shows her teeth."""
    return make_portrait(photo, 0, None)


@pytest.fixture(scope="session")
def frame(portrait: Portrait) -> FaceFrame:
    return face_frame(portrait.landmarks)


@pytest.fixture(scope="session")
def rest(portrait: Portrait, frame: FaceFrame) -> RestFace:
    return measure_rest(portrait.landmarks, frame)


@pytest.fixture(scope="session")
def shapes(rest: RestFace) -> Shapes:
    return build_shapes(rest)


@pytest.fixture(scope="session")
def prepared(portrait: Portrait) -> Arrays:
    return FacemeshAnimator().prepare(portrait)


@pytest.fixture(scope="session")
def render(prepared: Arrays) -> Render:
    """render(weights, pose, **options) -> one frame."""

    def one(weights: Weights, pose: tuple[float, ...] = (0,) * 6, **options: Any) -> Image:
        motion = motion_of(weights, poses=np.array([pose], np.float32))
        return next(FacemeshAnimator().animate(prepared, motion, FacemeshOptions(**options)).frames)

    return one
