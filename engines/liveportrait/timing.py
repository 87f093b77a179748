"""Implicit motion in time: at another rate, as long as needed, without trembling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.footage.loop import pingpong
from engines.footage.series import fitted
from engines.liveportrait.implicit import Implicit
from engines.liveportrait.regions import EYES, LIPS

Floats = NDArray[Any]
HEAD_SECONDS, FACE_SECONDS, FAST_SECONDS = 0.60, 0.36, 0.16
"""Windows of full smoothing: of the head, of brows and cheeks, and of eyes and lips, which close within a tenth
of a second."""


def resampled(motion: Implicit, fps: float, count: int | None = None) -> Implicit:
    """``motion`` seen at ``fps``: frame k is what it is at k / fps seconds.

    ``count`` frames; where the motion is shorter it goes back and forth, and turns at its ends without showing
    a frame twice. Without ``count``, as many as the motion lasts. Between its frames it goes along cubics that
    do not overshoot (Fritsch and Butland 1984).
    """
    lasting = int((len(motion) - 1) / motion.fps * fps + 1e-6) + 1
    steps = np.array([pingpong(step, lasting) for step in range(lasting if count is None else count)])
    return _mapped(motion, lambda _, values: _between(values, steps * motion.fps / fps), fps)


def cut(motion: Implicit, first: int, end: int) -> Implicit:
    """The frames from ``first`` to before ``end``."""
    return _mapped(motion, lambda _, values: values[first:end], motion.fps)


def smoothed(motion: Implicit, amount: float) -> Implicit:
    """``motion`` without trembling. As all frames are known, it lags behind nothing.

    ``amount``: 0 leaves it as it is, 1 smooths fully. Eyes and lips, as keypoints and as measured, least.
    """
    if amount <= 0:
        return motion
    steps = amount * motion.fps
    widths = {"eyes": FAST_SECONDS, "lips": FAST_SECONDS}

    def smooth(name: str, values: Floats) -> Floats:
        return _steady(values, widths.get(name, HEAD_SECONDS) * steps)

    calm = _mapped(replace(motion, expression=motion.expression[:, :0]), smooth, motion.fps)
    fast = [*EYES, *LIPS]
    expression = _steady(motion.expression, FACE_SECONDS * steps)
    expression[:, fast] = _steady(motion.expression[:, fast], FAST_SECONDS * steps)
    return replace(calm, expression=expression.astype(np.float32))


def _steady(values: Floats, window: float) -> Floats:
    """(T, …) with parabolas fitted over ``window`` frames."""
    return fitted(values.astype(np.float64), 2 * round(window / 2) + 1)


def _between(values: Floats, moments: Floats) -> Floats:
    """(N, …): (T, …) ``values`` at ``moments`` (N,) in steps."""
    from scipy.interpolate import PchipInterpolator

    if len(values) < 2:
        return np.repeat(values, len(moments), 0)
    if np.array_equal(moments, np.arange(len(moments))) and len(moments) <= len(values):
        return values[: len(moments)]
    found = PchipInterpolator(np.arange(len(values)), values.astype(np.float64))(moments)
    return np.asarray(found)


def _mapped(motion: Implicit, change: Callable[[str, Floats], Floats], fps: float) -> Implicit:
    """``motion`` with ``change`` (name, values) of all that it holds, at ``fps``."""
    names = [field.name for field in fields(motion) if field.name != "fps"]
    given = {name: getattr(motion, name) for name in names}
    made = {
        name: None if values is None else np.asarray(change(name, values), np.float32)
        for name, values in given.items()
    }
    return Implicit(fps, **made)  # type: ignore[arg-type]
