"""What the animator knows of a film before any words: its resting mouth, its teeth, how the head lies in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from engines.facemesh.anatomy import UPPER_INNER_LIP, FaceFrame, Floats, face_frame
from engines.facemesh.curves import smoothstep
from engines.facemesh.deform import Deformer, deformer_arrays, deformer_from_arrays
from engines.facemesh.mouth_harvest import harvest_teeth
from engines.facemesh.mouth_light import luma, measure_light
from engines.facemesh.mouth_plane import LEFT, TOP, closed_line, mouth_plane
from engines.facemesh.mouth_prepare import prepare_mouth
from engines.facemesh.rest import measure_rest
from engines.facemesh.shapes import build_shapes
from engines.footage.film import Film, FilmReader
from engines.footage.neutral import Neutral, find_neutral, fit_frames, mouth_reach
from engines.footage.series import blurred, highest
from engines.types import Arrays, Float32, Portrait

TALKS = (0.014, 0.034)
"""Distance of a frame's mouth from rest (iod) below which it is left alone, and from which it is taken back."""
TEETH_END = (0.016, 0.034)
"""How far below the line of the resting lips the upper teeth may end, iod."""
TEETH_RED = 0.8
"""Teeth are less red than this share of the skin's redness; what is more so is a lip or a tongue."""
AROUND = 0.16
"""Seconds around a talking frame that count as talking, too."""


def prepare_film(film: Film, reader: FilmReader, scale: float) -> Arrays:
    """``reader`` gives the frames at output size, which is ``scale`` times that of ``film``."""
    neutral = find_neutral(film, reader)
    rest = neutral.landmarks * np.float32(scale)
    frame = face_frame(rest)
    shapes = build_shapes(measure_rest(rest, frame))
    reach = mouth_reach(shapes)
    views = fit_frames(film, neutral.landmarks, reach)
    own = own_talk(film, neutral.landmarks, reach, views)
    views[:, :, 3] *= scale
    arrays: Arrays = {
        **deformer_arrays(rest, frame, shapes),
        "body.others": np.zeros((0, 468, 3), np.float32),
        "film.views": views,
        "film.reach": reach,
        "film.own": own,
    }
    arrays["film.rest"] = reader.frame(neutral.index)
    arrays["film.rest_landmarks"] = film.landmarks(neutral.index) * np.float32(scale)
    return {**arrays, **_mouth(film, reader, neutral, scale, arrays)}


def own_talk(film: Film, rest: Float32, reach: Float32, views: Float32) -> Float32:
    """(N,) 0 to 1: how far every frame's mouth is from rest, as far as it is talk and not noise."""
    mouth = np.flatnonzero(reach > 0.5)
    iod = float(face_frame(rest).iod)
    away = np.empty(film.count)
    for number in range(film.count):
        view = views[number].astype(np.float64)
        seen = rest[mouth] @ view[:, :3].T + view[:, 3]
        size = np.sqrt(abs(np.linalg.det(view[:, :2])))
        away[number] = np.sqrt(((seen - film.landmarks(number)[mouth, :2]) ** 2).sum(-1).mean()) / (iod * size)
    talk = smoothstep(away, *TALKS)
    reached = highest(talk, round(AROUND * film.fps))
    return blurred(reached, AROUND / 2 * film.fps).astype(np.float32)


def _mouth(film: Film, reader: FilmReader, neutral: Neutral, scale: float, arrays: Arrays) -> Arrays:
    """The inside of the mouth, from the frame that shows most of the teeth."""
    best = _toothiest(film, reader, neutral, scale)
    number = neutral.index if best is None else best
    portrait = _portrait(film, reader, number, scale)
    deformer = deformer_from_arrays(arrays)
    depth = deformer.depth_at(UPPER_INNER_LIP)
    made = prepare_mouth(portrait, face_frame(portrait.landmarks))
    at_rest = prepare_mouth_width(deformer.landmarks, deformer.frame)
    view = arrays["film.views"][number].astype(np.float64)
    to_frame = np.c_[view[:, :2], view[:, 2] * depth + view[:, 3]]
    return {
        **made,
        "mouth.width": np.array(at_rest),
        "film.mouth_to_rest": _biting(_inverse(to_frame), made, deformer),
        "film.numbers": np.array([neutral.index, number]),
    }


def _biting(to_rest: Floats, made: Arrays, deformer: Deformer) -> Floats:
    """(2, 3) ``to_rest``, moved so that the upper teeth end below the resting lips as far as teeth do."""
    density, frame = float(made["mouth.density"]), deformer.frame
    place = made["mouth.to_still"]
    edge = place[:, :2] @ np.array([-LEFT * density, -TOP * density]) + place[:, 2]
    edge = to_rest[:, :2] @ edge + to_rest[:, 2]
    line = frame.to_picture(closed_line(deformer.rest.points)[None])[0, :2]
    down = frame.axes[1, :2]
    shown = float((edge - line) @ down) / frame.iod
    moved = to_rest.copy()
    moved[:, 2] += down * frame.iod * (float(np.clip(shown, *TEETH_END)) - shown)
    return moved


def prepare_mouth_width(landmarks: Floats, frame: FaceFrame) -> float:
    """Distance of the inner corners of the resting mouth in px."""
    ends = landmarks[[UPPER_INNER_LIP[0], UPPER_INNER_LIP[-1]], :2]
    return max(float(np.linalg.norm(ends[1] - ends[0])), 0.1 * frame.iod)


def _toothiest(film: Film, reader: FilmReader, neutral: Neutral, scale: float) -> int | None:
    """The frame that shows most of the upper teeth, None if none does."""
    shown: dict[int, float] = {}
    for number in sorted(neutral.open):
        portrait = _portrait(film, reader, number, scale)
        frame = face_frame(portrait.landmarks)
        light = measure_light(portrait.rgb, portrait.landmarks, frame.iod)
        found = harvest_teeth(portrait, mouth_plane(portrait.landmarks, frame), light)
        if found is not None and _red(found.median_colour()) < TEETH_RED * _red(light.skin):
            shown[number] = float(found.cover.sum()) * (1 - _red(found.median_colour()))
    return max(shown, key=lambda number: shown[number]) if shown else None


def _red(colour: Any) -> float:
    """How red a colour is, in shares of its brightness."""
    return float((colour[0] - colour[1]) / max(float(luma(colour)), 1.0))


def _portrait(film: Film, reader: FilmReader, number: int, scale: float) -> Portrait:
    return Portrait(reader.frame(number), film.landmarks(number) * np.float32(scale))


def _inverse(affine: Any) -> Any:
    turn = np.linalg.inv(affine[:, :2])
    return np.c_[turn, -turn @ affine[:, 2]]
