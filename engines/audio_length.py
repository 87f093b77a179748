"""How long a recording says that it is, without decoding it."""

from __future__ import annotations

import math
from pathlib import Path

import av

from engines.sniff import sound_container


def claimed_seconds(path: Path) -> float | None:
    """Seconds of sound in the file at ``path`` as its header has it; None where it does not say, or where there
    is no such file."""
    try:
        container = sound_container(path)
        if container is None:
            return None
        options = {"format_whitelist": container, "protocol_whitelist": "file"}
        with av.open(str(path.resolve()), format=container.split(",")[0], options=options) as source:
            stream = source.streams.best("audio")
            if stream is not None and stream.duration is not None and stream.time_base is not None:
                return _sensible(float(stream.duration * stream.time_base))
            return _sensible(source.duration / av.time_base if source.duration else 0.0)
    except (OSError, ValueError, av.error.FFmpegError):
        return None


def _sensible(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) and seconds > 0 else None
