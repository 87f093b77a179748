"""Parts of a face that can follow a driving clip. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

Region = Literal["all_but_lips", "all", "head", "expression", "eyes", "lips"]
Mode = Literal["relative", "absolute"]
EYES = (11, 13, 15, 16, 18)
LIPS = (6, 12, 14, 17, 19, 20)
"""Keypoints about the eyes and the lips, as LivePortrait lists them (github.com/KwaiVGI/LivePortrait, MIT)."""
