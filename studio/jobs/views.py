"""A job as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from studio.library import StoredClip

State = Literal["queued", "running", "completed", "failed", "cancelled"]
FINAL: tuple[State, ...] = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class JobView:
    """A job as seen at one moment. ``fraction`` of the whole in [0, 1]; ``position`` 1 is next in the queue.

    ``created`` in seconds since 1970; ``seconds_left`` is None while nothing can be said.
    """

    id: str
    state: State
    stage: str = "queued"
    fraction: float = 0.0
    seconds_left: float | None = None
    position: int = 0
    message: str = ""
    clip: StoredClip | None = None
    avatar: str = ""
    vip: bool = False
    created: float = 0.0
