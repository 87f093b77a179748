"""The judge's other end: a process that is asked what it sees in clips."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import StudioError
from engines.types import Float32

WORKER = Path(__file__).with_name("render_judge.py")
ROOM = 1.4
"""How far around the middle of a face the judge looks, in sizes of the face."""


@dataclass(frozen=True)
class Seen:
    """A clip as the judge decoded it.

    ``landmarks``: (2, T, N, 3) px, as it is and in a mirror (numbered as seen there), NaN without a face.
    ``times``: (T,) s of the frames. ``sound``: (S,) mono at 16 kHz that begins at ``sound_start`` s.
    """

    landmarks: Float32
    times: NDArray[np.float64]
    sound: Float32
    sound_start: float

    def curve(self, measure: Callable[[Float32], NDArray[np.floating]]) -> NDArray[np.floating]:
        """(T,) what ``measure`` gives for (T, N, 3), mean of both views; it must not tell left from right."""
        return np.asarray((measure(self.landmarks[0]) + measure(self.landmarks[1])) / 2)


class Judge:
    """A process that tracks faces, started by ``command``; ``name`` is what it calls itself. Close it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = _started(command)
        try:
            self.name = str(self._reply()["judge"])
        except (StudioError, KeyError):
            self.close()
            raise StudioError(
                f"'{command[0]}' cannot run the judge of the bench; name a Python that has mediapipe 0.10.21 "
                "and av with --judge, or leave --judge out and the bench makes one."
            ) from None

    def look(self, clip: Path, box: tuple[int, int, int, int]) -> Seen:
        """What is seen in ``clip`` within ``box`` (px). Raises StudioError where it cannot be judged."""
        out = clip.with_suffix(".npz")
        asked = {"clip": str(clip), "box": box, "out": str(out)}
        print(json.dumps(asked), file=_pipe(self._process.stdin), flush=True)
        reply = self._reply()
        if "error" in reply:
            raise StudioError(f"The judge could not watch {clip.name} ({reply['error']}); try it again.")
        with np.load(out, allow_pickle=False) as found:
            return Seen(found["landmarks"], found["times"], found["sound"], float(found["sound_start"]))

    def close(self) -> None:
        """End the process."""
        _pipe(self._process.stdin).close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
        _pipe(self._process.stdout).close()

    def _reply(self) -> dict[str, Any]:
        try:
            reply: dict[str, Any] = json.loads(_pipe(self._process.stdout).readline())
        except ValueError:
            raise StudioError("The judge of the bench broke off; run the bench again.") from None
        return reply


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # noqa: S101 - both were asked for
    return pipe


def _started(command: Sequence[str]) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
    except OSError as error:
        raise StudioError(f"'{command[0]}' cannot be started as the judge ({error.strerror}).") from None


def looking_box(landmarks: Float32, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom (px) around a face (N, 3) in a picture of ``size`` (height, width)."""
    low, high = landmarks[:, :2].min(0), landmarks[:, :2].max(0)
    middle, reach = (low + high) / 2, ROOM * float((high - low).max())
    left, top = (max(int(value), 0) for value in middle - reach)
    right, bottom = (min(int(value), limit) for value, limit in zip(middle + reach, size[::-1], strict=True))
    return left, top, right, bottom
