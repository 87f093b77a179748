"""Our functions under the names of the official ones; each takes keyword arguments and returns NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines.mel import log_mel
from engines.wav2lip.boxes import smooth_boxes
from engines.wav2lip.sound import window_starts

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "wav2lip.mel": log_mel,
    "wav2lip.window_starts": window_starts,
    "wav2lip.smooth_boxes": smooth_boxes,
}
