"""The judge of ``bench render``: MediaPipe's own face tracker, in a Python of its own.

The studio never runs this file in its own process: MediaPipe needs older libraries than the studio has, so an
interpreter that has it runs this as a script. It decodes clips by itself. Asked and answered in JSON lines:

    asked:   {"clip": "clip.mp4", "box": [left, top, right, bottom], "out": "seen.npz"}
    answer:  {"frames": 250, "seen": 250}  or  {"error": "what went wrong"}

The first line, unasked, is {"judge": "its name"}. ``box`` (px) is where to look. The .npz holds
``landmarks`` (2, T, N, 3) float32 in px, NaN where no face was seen, of the clip as it is and in a mirror: what
differs is the judge's own error. In the mirror points have the numbers that they would have there, so left and
right are exchanged. ``times`` (T,) seconds of each frame;
``sound`` (S,) float32 mono at 16 kHz; and ``sound_start``, the second at which its first sample is heard.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import av
import numpy as np

SOUND_RATE = 16000

Find = Callable[[Any], Any]
"""(H, W, 3) uint8 RGB -> (N, 3) px, or None where there is no face; called frame after frame of one clip."""
Tracker = Callable[[], AbstractContextManager[Find]]


def serve(name: str, tracker: Tracker) -> None:
    """Answer until stdin ends. Libraries that print do so on stderr."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    print(json.dumps({"judge": name}), file=replies, flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(line, tracker)), file=replies, flush=True)


def _answer(line: str, tracker: Tracker) -> dict[str, Any]:
    """The answer to one line; an error is an answer too, so that the judge stays for the next clip."""
    try:
        asked = json.loads(line)
        sound, start = _sound(asked["clip"])
        landmarks, times = _faces(asked["clip"], asked["box"], tracker)
        with open(asked["out"], "wb") as out:  # noqa: PTH123 - NumPy would add an ending to a name
            np.savez(out, landmarks=landmarks, times=times, sound=sound, sound_start=np.float64(start))
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"frames": len(times), "seen": int((~np.isnan(landmarks).any(axis=(0, 2, 3))).sum())}


def _faces(clip: str, box: list[int], tracker: Tracker) -> tuple[Any, Any]:
    left, top, right, bottom = box
    plain: list[Any] = []
    mirrored: list[Any] = []
    times: list[float] = []
    frame: Any
    with tracker() as find, tracker() as find_mirrored, av.open(clip) as file:
        for frame in file.decode(video=0):
            picture = frame.to_ndarray(format="rgb24")[top:bottom, left:right]
            plain.append(_placed(find(np.ascontiguousarray(picture)), (left, 1)))
            mirrored.append(_placed(find_mirrored(np.ascontiguousarray(picture[:, ::-1])), (right, -1)))
            times.append(float(frame.pts * frame.time_base))
    landmarks = _stacked(plain + mirrored).reshape(2, len(times), -1, 3)
    landmarks[..., 1] += top
    return landmarks, np.array(times)


def _placed(points: Any, across: tuple[int, int]) -> Any:
    """Points of a part of the picture with x in the whole: where the part begins, and which way it goes."""
    return None if points is None else points * (across[1], 1, 1) + np.array([across[0], 0, 0])


def _stacked(rows: list[Any]) -> Any:
    """(T, N, 3) of rows that are None where no face was seen."""
    count = max((len(row) for row in rows if row is not None), default=1)
    nowhere = np.full((count, 3), np.nan)
    return np.stack([nowhere if row is None else row for row in rows]).astype(np.float32)


def _sound(clip: str) -> tuple[Any, float]:
    with av.open(clip) as file:
        if not file.streams.audio:
            return np.zeros(0, np.float32), 0.0
        blocks = list(_resampled(file))
    samples = np.concatenate([np.zeros(0), *(block for _, block in blocks)])
    return samples.astype(np.float32), blocks[0][0] if blocks else 0.0


def _resampled(file: Any) -> Iterator[tuple[float, Any]]:
    """Second and samples of each block."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SOUND_RATE)
    at = 0.0
    for frame in (*file.decode(audio=0), None):
        if frame is not None:
            at = float(frame.pts * frame.time_base)
        for block in resampler.resample(frame):
            yield at, block.to_ndarray().ravel()


@contextmanager
def mediapipe_tracker() -> Iterator[Find]:
    """MediaPipe's tracker of one face, with its refined lips and eyes: 478 points."""
    from mediapipe import solutions

    settings = {"static_image_mode": False, "max_num_faces": 1, "refine_landmarks": True}
    with solutions.face_mesh.FaceMesh(**settings) as mesh:
        yield lambda picture: _points(mesh.process(picture), picture.shape)


def _points(found: Any, shape: tuple[int, ...]) -> Any:
    if not found.multi_face_landmarks:
        return None
    height, width = shape[:2]
    points = found.multi_face_landmarks[0].landmark
    return np.array([(point.x, point.y, point.z) for point in points]) * (width, height, width)


def main() -> None:
    """Serve with MediaPipe."""
    os.environ.setdefault("GLOG_minloglevel", "3")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import mediapipe

    serve(f"MediaPipe {mediapipe.__version__}", mediapipe_tracker)


if __name__ == "__main__":
    main()
