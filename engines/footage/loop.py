"""Back and forth: which frame of a film is shown when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Loop:
    """A film of ``count`` frames at ``film_fps`` shown at ``fps``, for as long as it takes.

    It turns at its ends without showing them twice, so that no frame has two neighbours that are not its own.
    """

    count: int
    film_fps: float
    fps: float

    def at(self, number: int) -> int:
        """The film's frame for frame ``number`` of the clip."""
        return pingpong(int(number * self.film_fps / self.fps + 0.5), self.count)


def pingpong(step: int, count: int) -> int:
    """0, 1 … count - 1, count - 2 … 1, 0, 1 …"""
    if count == 1:
        return 0
    turn = step % (2 * count - 2)
    return turn if turn < count else 2 * count - 2 - turn
