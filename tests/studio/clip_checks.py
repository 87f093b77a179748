"""What a finished clip shows and says, measured from its file."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from engines.faces import find_faces
from engines.types import Image

UPPER_LIP, LOWER_LIP, EYE_A, EYE_B = 13, 14, 33, 263


def frames_of(clip: Path) -> list[Image]:
    """Every frame, (H, W, 3) uint8."""
    with av.open(str(clip)) as video:
        return [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]


def lengths_of(clip: Path) -> tuple[float, float]:
    """Length of the picture and of the sound, in seconds."""
    with av.open(str(clip)) as file:
        picture, sound = file.streams.video[0], file.streams.audio[0]
        return float(picture.duration * picture.time_base), float(sound.duration * sound.time_base)


def loudness_of(clip: Path) -> float:
    """Root mean square of the sound, full scale 1."""
    with av.open(str(clip)) as file:
        samples = np.concatenate([frame.to_ndarray().ravel() for frame in file.decode(audio=0)])
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def mouth_gaps(frames: list[Image]) -> list[float]:
    """Distance between the inner lips in every second frame, in distances between the outer eye corners."""
    gaps = []
    for frame in frames[::2]:
        points = find_faces(frame)[0].landmarks[:, :2]
        eyes = np.linalg.norm(points[EYE_A] - points[EYE_B])
        gaps.append(float(np.linalg.norm(points[UPPER_LIP] - points[LOWER_LIP]) / eyes))
    return gaps


def turns(gaps: list[float]) -> int:
    """How often the mouth goes through half of its opening."""
    half = (max(gaps) + min(gaps)) / 2
    open_now = np.array(gaps) > half
    return int(np.count_nonzero(open_now[1:] != open_now[:-1]))
