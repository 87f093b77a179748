"""Clips that tests make for themselves: a sample face that talks, and what can be wrong with a clip."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from engines.types import Image
from engines.video_frames import video_frame

FPS = 25


def read_frames(path: Path) -> list[Image]:
    """Every frame of a short clip, (H, W, 3) RGB."""
    with av.open(str(path)) as source:
        return [frame.to_ndarray(format="rgb24") for frame in source.decode(video=0)]


def write_clip(
    path: Path, frames: Iterable[Image], times: Iterable[float] | None = None, codec: str = "libx264"
) -> Path:
    """A clip of ``frames`` at FPS, or each at one of ``times`` in seconds."""
    with av.open(str(path), "w") as out:
        track = None
        moments = iter(times) if times is not None else None
        for number, rgb in enumerate(frames):
            if track is None:
                track = out.add_stream(codec, rate=FPS, options={"crf": "18"})
                track.height, track.width = rgb.shape[:2]
                track.pix_fmt = "yuv420p"
                track.codec_context.time_base = Fraction(1, 1000)
            frame = video_frame(np.ascontiguousarray(rgb))
            moment = number / FPS if moments is None else next(moments)
            frame.pts, frame.time_base = round(moment * 1000), Fraction(1, 1000)
            out.mux(track.encode(frame))
        assert track is not None
        out.mux(track.encode(None))
    return path
