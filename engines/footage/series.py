"""Smoothing along time, the first axis, without lag: values before and after count alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def fitted(values: Array, window: int) -> Array:
    """Parabolas fitted in a sliding odd ``window`` (Savitzky and Golay 1964); ends lie on the last ones."""
    window = min(window, len(values) - 1 + len(values) % 2)
    if window < 5:
        return values.copy()
    place = np.linspace(-1.0, 1.0, window)
    terms = np.stack([np.ones(window), place, place**2], axis=1)
    project = (terms @ np.linalg.pinv(terms)).astype(values.dtype)
    half = window // 2
    middle = sum(project[half, step] * values[step : len(values) - window + 1 + step] for step in range(window))
    first = np.tensordot(project[:half], values[:window], 1)
    last = np.tensordot(project[half + 1 :], values[-window:], 1)
    return np.concatenate([first, middle, last])


def blurred(values: Array, sigma: float) -> Array:
    """A Gaussian mean, ``sigma`` in steps; ends are continued as they are."""
    reach = max(int(4 * sigma + 0.5), 1)
    steps = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (steps / max(sigma, 1e-6)) ** 2)
    kernel /= kernel.sum()
    padded = np.concatenate([np.repeat(values[:1], reach, 0), values, np.repeat(values[-1:], reach, 0)])
    return np.asarray(
        sum(share * padded[step : step + len(values)] for step, share in enumerate(kernel.astype(np.float64)))
    )


def highest(values: Array, reach: int) -> Array:
    """(N,): the greatest of (N,) ``values`` within ``reach`` steps."""
    padded = np.pad(values, reach, mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(1))
