"""Where the points of a face are, from what the Audio2Face-3D networks say.

All of it runs compiled where ``visema_solver`` is built and with NumPy elsewhere, with the same results. Arrays
of float32 stay so; float64 is worked on as such.

Formulae: NVIDIA/Audio2Face-3D-SDK, animator.cpp, animator_cuda.cu and math_utils.cpp.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.native import solver_module

Floats = npt.NDArray[Any]


def mix_shapes(coefficients: Floats, shapes: Floats, plain: bool = False) -> Floats:
    """(T, V, 3) deltas: what T rows of ``coefficients`` (T, K) make of principal components (K, V, 3).

    The mean is not added: it is the face at rest.
    """
    coefficients, shapes = _alike(coefficients, shapes)
    _require(
        coefficients.ndim == 2 and len(shapes) == coefficients.shape[1], "there must be a coefficient a shape"
    )
    _require_numbers(coefficients, "coefficients")
    module = _module(plain)
    if module is not None:
        return np.asarray(module.mix_shapes(coefficients, shapes))
    mixed = coefficients @ shapes.reshape(len(shapes), -1)
    return mixed.reshape(len(coefficients), *shapes.shape[1:])


def lower_face(neutral: Floats, level: float = 0.6, softness: float = 0.0085, plain: bool = False) -> Floats:
    """(V,) how far each vertex of ``neutral`` (V, 3) is of the lower face, 0 to 1.

    1 / (1 + exp(-(level - y) / softness)) with y from 0 at the lowest to 1 at the highest vertex.
    """
    (neutral,) = _alike(neutral)
    _require(neutral.ndim == 2 and neutral.shape[1:] == (3,) and len(neutral) > 0, "neutral must be (V, 3)")
    _require(0 < softness < np.inf and bool(np.isfinite(level)), "softness must be above 0")
    _require_numbers(neutral, "neutral")
    module = _module(plain)
    if module is not None:
        return np.asarray(module.lower_face(neutral, level, softness))
    heights = neutral[:, 1]
    y = (heights - heights.min()) / (np.ptp(heights) or 1)
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-(neutral.dtype.type(level) - y) / neutral.dtype.type(softness))))


@dataclass(frozen=True)
class SkinOptions:
    """How the skin takes what a network says; the SDK's own defaults. Smoothing in seconds, 0 for none."""

    skin_strength: float = 1.0
    lower_face_strength: float = 1.3
    upper_face_strength: float = 1.0
    lower_face_smoothing: float = 0.0023
    upper_face_smoothing: float = 0.001
    eyelid_open_offset: float = 0.06
    lip_open_offset: float = -0.03
    blink_strength: float = 1.0
    blink_offset: float = 0.0


@dataclass(frozen=True, eq=False)
class Skin:
    """Skin of V vertices: ``neutral`` (V, 3), ``mask`` (V,) from ``lower_face``, and the deltas (V, 3) of shut
    eyes and open lips."""

    neutral: Floats
    mask: Floats
    eye_close: Floats
    lip_open: Floats
    options: SkinOptions = field(default_factory=SkinOptions)
    plain: bool = False

    def move(self, deltas: Floats, fps: float, state: Floats | None = None) -> tuple[Floats, Floats]:
        """Points (T, V, 3) for ``deltas`` (T, V, 3) of T frames in order, and the state for what follows.

        ``state`` (4, V, 3) is what the frames before left; None before the first.
        """
        neutral, deltas, *rest = _alike(self.neutral, deltas, self._always, self._shares)
        _require(
            deltas.ndim == 3 and deltas.shape[1:] == neutral.shape, "deltas must be (T, V, 3), V as in neutral"
        )
        _require(0 < fps < np.inf, "fps must be above 0")
        _require_numbers(deltas, "deltas")
        kept = np.zeros((4, *neutral.shape), neutral.dtype)
        if state is not None:
            _require(np.shape(state) == kept.shape, "state must be (4, V, 3)")
            kept[:] = state
        alphas = (self._alpha("lower_face_smoothing", fps), self._alpha("upper_face_smoothing", fps))
        factors = np.array([self.options.skin_strength, *alphas], neutral.dtype)
        module = _module(self.plain)
        move = _move if module is None else module.move_skin
        return move(neutral, *rest, deltas, factors, kept, state is None), kept

    def _alpha(self, name: str, fps: float) -> float:
        seconds = getattr(self.options, name)
        return 1.0 - float(0.5 ** (1.0 / (fps * seconds))) if seconds > 0 else 1.0

    @cached_property
    def _always(self) -> Floats:
        """What is added to every frame: lids and lips that rest more or less open."""
        options = self.options
        lids = options.blink_offset * options.blink_strength - options.eyelid_open_offset
        return np.asarray(self.eye_close) * lids + np.asarray(self.lip_open) * options.lip_open_offset

    @cached_property
    def _shares(self) -> Floats:
        mask = np.asarray(self.mask)
        return np.stack(
            [mask * self.options.lower_face_strength, (1 - mask) * self.options.upper_face_strength]
        )


def _move(neutral: Floats, always: Floats, shares: Floats, deltas: Floats, *rest: Any) -> Floats:
    """As ``visema_solver.move_skin``."""
    (strength, *alphas), state, fresh = rest
    out = np.empty_like(deltas)
    for index, delta in enumerate(deltas):
        d = strength * delta + always
        if fresh and index == 0:
            state[:] = d
        for stage, alpha in zip((0, 2), alphas, strict=True):
            state[stage] += (d - state[stage]) * alpha
            state[stage + 1] += (state[stage] - state[stage + 1]) * alpha
        out[index] = neutral + state[3] * shares[1][:, None] + state[1] * shares[0][:, None]
    return out


def rigid_motions(neutral: Floats, poses: Floats, plain: bool = False) -> Floats:
    """(T, 4, 4) float64: what best takes ``neutral`` (J, 3) to each of ``poses`` (T, J, 3) by turn and shift.

    The jaw's motion from its points: neutral + strength·delta, moved up and forth (Kabsch 1976; compiled,
    the same by quaternions, Horn 1987). The SDK writes a matrix column by column: ``matrix.T.reshape(16)``.
    """
    neutral, poses = np.asarray(neutral, np.float64), np.asarray(poses, np.float64)
    _require(neutral.ndim == 2 and neutral.shape[1:] == (3,) and len(neutral) > 0, "neutral must be (J, 3)")
    _require(poses.ndim == 3 and poses.shape[1:] == neutral.shape, "poses must be (T, J, 3), J as in neutral")
    _require_numbers(neutral, "neutral")
    _require_numbers(poses, "poses")
    module = _module(plain)
    if module is not None:
        return np.asarray(module.rigid_transforms(neutral, poses))
    middle, middles = neutral.mean(0), poses.mean(1)
    u, _, v_transposed = np.linalg.svd((neutral - middle).T @ (poses - middles[:, None]))
    v = v_transposed.transpose(0, 2, 1).copy()
    v[:, :, 2] *= np.sign(np.linalg.det(v @ u.transpose(0, 2, 1)))[:, None]
    out = np.tile(np.eye(4), (len(poses), 1, 1))
    out[:, :3, :3] = v @ u.transpose(0, 2, 1)
    out[:, :3, 3] = middles - out[:, :3, :3] @ middle
    return out


@dataclass(frozen=True)
class EyeOptions:
    """``offsets`` in degrees: right eye about x and y, left eye about x and y."""

    eyeballs_strength: float = 1.0
    saccade_strength: float = 1.0
    offsets: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


def eye_angles(
    found: Floats, saccades: Floats, options: EyeOptions | None = None, plain: bool = False
) -> Floats:
    """(T, 6) degrees: right eye about x, y, z, then left; the network says ``found`` (T, 4).

    ``saccades`` (T, 2): of each frame the row of the model's table, the same for both eyes.
    """
    options = options or EyeOptions()
    found, saccades, offsets = _alike(found, saccades, np.array(options.offsets, np.asarray(found).dtype))
    _require(found.ndim == 2 and found.shape[1] == 4, "found must be (T, 4)")
    _require(saccades.shape == (len(found), 2), "saccades must be (T, 2)")
    _require_numbers(found, "found")
    _require_numbers(saccades, "saccades")
    strengths = found.dtype.type(options.eyeballs_strength), found.dtype.type(options.saccade_strength)
    module = _module(plain)
    if module is not None:
        return np.asarray(module.eye_angles(found, saccades, offsets, *map(float, strengths)))
    out = np.zeros((len(found), 2, 3), found.dtype)
    turned = offsets + strengths[0] * found + strengths[1] * np.tile(saccades, 2)
    out[:, :, :2] = turned.reshape(-1, 2, 2)
    return out.reshape(-1, 6)


def _module(plain: bool) -> ModuleType | None:
    return None if plain else solver_module()


def _alike(*given: Floats) -> list[Floats]:
    """The arrays as float32 if the first is, else as float64."""
    dtype = np.float32 if np.asarray(given[0]).dtype == np.float32 else np.float64
    return [np.ascontiguousarray(array, dtype) for array in given]


def _require_numbers(array: Floats, name: str) -> None:
    _require(bool((np.abs(array) <= 1e30).all()), f"{name} must be finite and below 1e30")


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)
