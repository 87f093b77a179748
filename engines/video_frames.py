"""Frames as the encoder wants them: YUV 4:2:0, BT.709, limited range."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from engines.native import native_module
from engines.types import Image


def video_frame(image: Image) -> av.VideoFrame:
    """``image`` (H, W, 3) RGB with even sides, for a yuv420p stream, or (H, W, 4) RGBA for a yuva420p stream.

    The native core and swscale give the same to 1 of 255; the native core takes a fifth of the time.
    """
    if image.shape[2] == 4:
        frame = av.VideoFrame.from_ndarray(image, format="rgba")
        return frame.reformat(format="yuva420p", dst_colorspace="ITU709", dst_color_range="MPEG")
    module = native_module()
    if module is None:
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        return frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
    frame = av.VideoFrame(image.shape[1], image.shape[0], "yuv420p")
    frame.colorspace, frame.color_range = av.video.reformatter.Colorspace.ITU709, _LIMITED
    module.to_yuv420(image, *(_bytes(plane) for plane in frame.planes))
    return frame


_LIMITED = av.video.reformatter.ColorRange.MPEG


def _bytes(plane: Any) -> NDArray[np.uint8]:
    """(rows, bytes of a row) of a plane, sharing its memory."""
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
