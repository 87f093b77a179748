"""Our functions under the names of the official ones; each takes keyword arguments and returns NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from engines.face_boxes import smooth_boxes
from engines.liveportrait import crop as portrait_crop
from engines.liveportrait import keypoints as portrait
from engines.mel import log_mel
from engines.sadtalker import audio, coefficients, crop
from engines.solver import BlendshapeSolver, SolverOptions
from engines.wav2lip.sound import window_starts

Arrays = dict[str, Any]


def _mel_windows(wave: Any, pad_mode: str) -> Any:
    frames = len(wave) // audio.SAMPLES_PER_FRAME
    return audio.mel_windows(log_mel(wave[: frames * audio.SAMPLES_PER_FRAME], pad_mode), frames)


def _sadtalker_keypoints(keypoints: Any, t: Any, exp: Any, **angles: Any) -> Any:
    degrees = {name: coefficients.bins_to_degrees(logits) for name, logits in angles.items()}
    turn = coefficients.rotation(**degrees)
    return coefficients.transform_keypoints(keypoints, turn, t, exp)


def _align(landmarks: Any, points3d: Any, width: int, height: int) -> Arrays:
    found = asdict(crop.align(landmarks, width, height, points3d))
    return {name: np.atleast_1d(value) for name, value in found.items()}


def _crop_box(landmarks: Any, width: int, height: int, output_size: int) -> Arrays:
    found = asdict(crop.crop_box(landmarks, width, height, output_size))
    return {name: np.array(value) for name, value in found.items()}


def _portrait_keypoints(keypoints: Any, exp: Any, scale: Any, t: Any, **angles: Any) -> Any:
    return portrait.placed(keypoints, portrait.rotation(**angles), exp, scale, t)


def _crop_matrix(**arguments: Any) -> Arrays:
    matrix = portrait_crop.crop_matrix(**arguments)
    return {"linear": matrix[:, :2], "shift": matrix[:, 2]}


def _solve(neutral: Any, deltas: Any, target: Any, previous: Any, **settings: Any) -> Any:
    pairs, active, mask = (settings.pop(name) for name in ("pairs", "active", "mask"))
    options = SolverOptions(**settings)
    solver = BlendshapeSolver(neutral, deltas, mask, options, symmetry_pairs=pairs, active=active)
    return solver.solve(target, previous)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "wav2lip.mel": log_mel,
    "wav2lip.window_starts": window_starts,
    "wav2lip.smooth_boxes": smooth_boxes,
    "sadtalker.mel_windows": _mel_windows,
    "sadtalker.blink_ratio": audio.blink_ratio,
    "sadtalker.bins_to_degrees": coefficients.bins_to_degrees,
    "sadtalker.transform_keypoints": _sadtalker_keypoints,
    "sadtalker.semantic_window": coefficients.semantic_window,
    "sadtalker.smooth_pose": coefficients.smooth_pose,
    "sadtalker.align": _align,
    "sadtalker.crop_box": _crop_box,
    "liveportrait.bins_to_degrees": portrait.bins_to_degrees,
    "liveportrait.rotation": portrait.rotation,
    "liveportrait.transform_keypoints": _portrait_keypoints,
    "liveportrait.crop_matrix": _crop_matrix,
    "liveportrait.driving_box": portrait_crop.driving_box,
    "liveportrait.eye_lip_ratios": portrait_crop.eye_lip_ratios,
    "liveportrait.paste_mask": portrait_crop.paste_mask,
    "liveportrait.motion_multiplier": portrait.motion_multiplier,
    "audio2face.solve": _solve,
}
