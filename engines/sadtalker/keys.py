"""Numbers over time as people write them: "5", "0, 10, -10" or "0@0 10@1.5 -10@3"."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
MOST_DEGREES = 60.0
"""The networks know no head that is turned further."""


def parse_keys(text: str) -> tuple[tuple[float | None, float], ...]:
    """(second or None, value) by key; raises ValueError with a sentence. Seconds ascend, or none are given."""
    words = [word for word in re.split(r"[,\s]+", text.strip()) if word]
    keys = tuple(_key(word) for word in words)
    times = [time for time, _ in keys if time is not None]
    if times and len(times) < len(keys):
        raise ValueError("give all the numbers their seconds (10@1.5), or none of them")
    if times != sorted(set(times)):
        raise ValueError("the seconds after the @ must ascend")
    return keys


def _key(word: str) -> tuple[float | None, float]:
    value, separator, time = word.partition("@")
    try:
        found = (float(time) if separator else None, float(value))
    except ValueError:
        raise ValueError(f"'{word[:20]}' is not a number, or a number@second") from None
    if not np.isfinite([number or 0.0 for number in found]).all() or (found[0] or 0.0) < 0:
        raise ValueError(f"'{word[:20]}' is no number and second that can be used")
    return found


def values_at(text: str, times: Floats, duration: float) -> Floats | None:
    """What the keys in ``text`` say at ``times`` (T,) s of a clip of ``duration`` s: straight lines between
    them, the first before and the last after them. Keys without seconds are spread evenly. None for no keys."""
    keys = parse_keys(text)
    if not keys:
        return None
    spread = np.linspace(0.0, duration, len(keys))
    at = [own if time is None else time for own, (time, _) in zip(spread, keys, strict=True)]
    return np.asarray(np.interp(times, at, [value for _, value in keys]))


def check_degrees(text: str) -> str:
    """``text`` if it holds degrees over time; raises ValueError."""
    return _within(text, -MOST_DEGREES, MOST_DEGREES)


def check_shares(text: str) -> str:
    """``text`` if it holds numbers from 0 to 1 over time; raises ValueError."""
    return _within(text, 0.0, 1.0)


def _within(text: str, low: float, high: float) -> str:
    for _, value in parse_keys(text):
        if not low <= value <= high:
            raise ValueError(f"{value:g} is not from {low:g} to {high:g}")
    return text
