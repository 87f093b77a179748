"""Which frame of a film shows the mouth at rest, and how that face lies in every other frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import (
    LEFT_MOUTH_CORNER,
    LOWER_INNER_LIP,
    POINTS,
    RIGHT_MOUTH_CORNER,
    UPPER_INNER_LIP,
    face_frame,
)
from engines.facemesh.rest import LIP_ROWS, SHUT_GAP
from engines.facemesh.shapes import Shapes
from engines.footage.film import Film, FilmReader
from engines.footage.parting import Lips, look_at_lips
from engines.types import BLENDSHAPE_INDEX as INDEX
from engines.types import BLENDSHAPES, Float32

Array = NDArray[Any]
STEP = 6
"""Every so many frames are looked at for the resting mouth."""
SHUT_SHARE = 0.2
"""Where lips are never shut, this share of the frames counts as most shut."""
MOST_YAW = 12.0
"""Degrees; frames turned further are compared with less trust."""
ALIKE = 0.012
"""Distance of lips (iod) within which two faces show the same mouth."""
LIKELY = 40
"""So many of the likeliest frames are looked at."""
FULL, PRESSED = 0.95, 0.15
"""Lips that show less red than this share of what is usual are pressed; how much that counts against them."""
STILL, MOVED = 0.012, 0.05
"""Points that mouth shapes move by less (iod) belong to the head; those moved by more belong to the mouth."""
MOUTH_SHAPES = tuple(name for name in BLENDSHAPES if name.startswith(("jaw", "mouth", "tongue", "cheekPuff")))
_LIPS = np.unique(LIP_ROWS)


@dataclass(frozen=True)
class Neutral:
    """``index``: the frame whose mouth rests; ``landmarks``: (468, 3) px in it, free of noise; ``open``:
    numbers of frames whose teeth may show, best first."""

    index: int
    landmarks: Float32
    open: tuple[int, ...]


def find_neutral(film: Film, reader: FilmReader) -> Neutral:
    """The resting mouth of a film. ``reader`` gives its frames, at any size."""
    numbers = np.arange(0, film.count, STEP)
    local, gaps, yaws = _measured(film, numbers)
    limit = max(SHUT_GAP, float(np.quantile(gaps, SHUT_SHARE)))
    shut = np.flatnonzero(gaps <= limit)
    typical = np.median(local[shut], axis=0)
    away = 0.5 * _distance(local, typical)
    away += 2 * np.abs(np.diff(local[:, [RIGHT_MOUTH_CORNER, LEFT_MOUTH_CORNER], 1], axis=1)[:, 0])
    away += 0.03 * np.maximum(np.abs(yaws) / MOST_YAW - 1, 0.0)
    away += np.maximum(gaps - SHUT_GAP, 0.0)
    likely = np.argsort(away)[:LIKELY]
    lips = [_lips(film, reader, int(numbers[place])) for place in likely]
    red = np.array([each.red for each in lips]) / max(float(np.median([each.red for each in lips])), 1e-6)
    pressed = PRESSED * np.maximum(FULL - red, 0.0)
    best = likely[np.argmin(away[likely] + np.array([each.parted for each in lips]) + pressed)]
    near = np.exp(-((_distance(local, local[best]) / ALIKE) ** 2)) * np.exp(-(((yaws - yaws[best]) / 8) ** 2))
    mean = np.einsum("n,npc->pc", near / near.sum(), local)
    frame = face_frame(film.landmarks(int(numbers[best])))
    return Neutral(int(numbers[best]), frame.to_picture(mean).astype(np.float32), _open(numbers, gaps, yaws))


def _measured(film: Film, numbers: Array) -> tuple[Array, Array, Array]:
    """Faces in their own axes (n, 468, 3) iod, gaps between the lips (n,) iod, yaws (n,) degrees."""
    local, yaws = np.zeros((len(numbers), POINTS, 3)), np.zeros(len(numbers))
    for place, number in enumerate(numbers):
        landmarks = film.landmarks(int(number))
        frame = face_frame(landmarks)
        local[place], yaws[place] = frame.to_local(landmarks), frame.yaw
    gaps = (local[:, list(LOWER_INNER_LIP), 1] - local[:, list(UPPER_INNER_LIP), 1]).max(1)
    return local, gaps, yaws


def _lips(film: Film, reader: FilmReader, number: int) -> Lips:
    rgb = reader.frame(number)
    return look_at_lips(rgb, film.landmarks(number) * np.float32(rgb.shape[1] / film.width))


def _distance(local: Array, other: Array) -> Array:
    return np.asarray(np.sqrt(((local - other)[:, _LIPS, :2] ** 2).sum(-1).mean(1)))


def _open(numbers: Array, gaps: Array, yaws: Array) -> tuple[int, ...]:
    """Frames that may show teeth: parted lips, seen from the front, spread over the film."""
    fit = np.flatnonzero((gaps > 0.05) & (gaps < 0.22) & (np.abs(yaws) < 1.5 * MOST_YAW))
    order = fit[np.argsort(np.abs(gaps[fit] - 0.10) + 0.01 * np.abs(yaws[fit]))]
    return tuple(int(numbers[place]) for place in order[:12])


def mouth_reach(shapes: Shapes) -> Float32:
    """(468,) 0 to 1: how far each point belongs to what a speaking mouth moves."""
    moves = np.stack([shapes.moves[INDEX[name]] for name in MOUTH_SHAPES])
    most = np.sqrt((moves[..., :2] ** 2).sum(-1)).max(0)
    share = np.clip((most - STILL) / (MOVED - STILL), 0.0, 1.0)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def fit_frames(film: Film, neutral: Float32, reach: Float32) -> Float32:
    """(N, 2, 4): for every frame the affine view (x, y, z, 1) px -> px of the resting face that fits best what
    of the face no mouth moves; least squares, over a weak perspective."""
    still = np.flatnonzero(reach < 0.05)
    scale = float(np.abs(neutral[still] - neutral[still].mean(0)).max())
    middle = neutral[still].mean(0)
    known = np.c_[(neutral[still] - middle) / scale, np.ones(len(still))]
    solve = np.linalg.pinv(known)
    views = np.empty((film.count, 2, 4), np.float32)
    for number in range(film.count):
        view = (solve @ film.landmarks(number)[still, :2]).T
        views[number, :, :3] = view[:, :3] / scale
        views[number, :, 3] = view[:, 3] - views[number, :, :3] @ middle
    return views
