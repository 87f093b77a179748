"""One measurement of ``bench instant``, in a process of its own: WHAT SECONDS FOLDER, answers one JSON line."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engines.encode import encode_clip
from engines.facemesh.raster import native_module
from engines.progress import Watch
from engines.registry import get_recipe
from engines.types import AvatarRef, FrameStream, Image, Output, RenderRequest, Speech, Words
from studio.benches.instant import bench_photo
from studio.services import Studio
from studio.settings import load_settings

SENTENCES = (
    "Hello, my name is Bob, and this is my very first video.",
    "People move their lips, their brows and their heads while they speak.",
    "Please bring a purple umbrella, because the weather may change before noon.",
    "We measured how long every stage takes, from the first word to the last frame.",
)
SHORT = ("Hello Bob.", "Bye, Pam.")
"""So few words that preparing the photo dominates."""
SIZE = 512


def main(what: str, seconds: float, folder: Path) -> dict[str, Any]:
    """Measure and return numbers: times in seconds, memory in MiB."""
    studio = Studio(load_settings(data=folder))
    try:
        return _speed(studio, seconds, folder) if what == "speed" else _memory(studio, seconds, folder)
    finally:
        studio.close()


def _speed(studio: Studio, seconds: float, folder: Path) -> dict[str, Any]:
    cold = _render(studio, SHORT[0], folder / "cold.mp4")
    new_words = _render(studio, SHORT[1], folder / "new.mp4")
    text = _text_of(studio, seconds)
    long = _render(studio, text, folder / "long.mp4")
    identical = _render(studio, text, folder / "again.mp4")
    stages = _stages(studio, text, folder)
    return {
        "cold": cold[0],
        "new_words": new_words[0],
        "render": long[0],
        "long_first": long[0],
        "frames": next(time.seconds for time in long[1].times if time.stage == "frames"),
        "clip_seconds": long[1].duration,
        "identical": identical[0],
        "native": native_module() is not None,
        **stages,
    }


def _memory(studio: Studio, seconds: float, folder: Path) -> dict[str, Any]:
    import resource

    _render(studio, _text_of(studio, seconds), folder / "clip.mp4")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"peak_mib": peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)}


def _request(text: str) -> RenderRequest:
    return RenderRequest(AvatarRef(str(bench_photo())), Words(text), output=Output(25.0, SIZE))


def _render(studio: Studio, text: str, out: Path) -> tuple[float, Any]:
    start = time.perf_counter()
    clip = studio.pipeline.render(_request(text), out, Watch())
    return time.perf_counter() - start, clip


def _text_of(studio: Studio, seconds: float) -> str:
    """Sentences that take about ``seconds`` to say."""
    recipe = get_recipe("instant")
    block = " ".join(SENTENCES)
    speech = studio.pipeline.speak(Words(block), recipe, {}, Watch()).speech
    count = max(round(seconds / speech.duration * len(SENTENCES)), 1)
    return " ".join(SENTENCES[index % len(SENTENCES)] for index in range(count))


def _stages(studio: Studio, text: str, folder: Path) -> dict[str, float]:
    """Time to the first frame, and encoding the same frames alone, read back from a raw file."""
    request, recipe = _request(text), get_recipe("instant")
    speech = studio.pipeline.speak(request.words, recipe, {}, Watch()).speech
    start = time.perf_counter()
    prepared, _ = studio.pipeline.prepare(request.avatar, recipe, SIZE)
    motion, _ = studio.pipeline.move(speech, request, recipe)
    stream = studio.pipeline.stream(request, prepared, motion, recipe)
    first = next(stream.frames)
    first_frame = time.perf_counter() - start
    frames = _spill(first, stream, folder / "frames.raw")
    return {"first_frame": first_frame, "encode_alone": _encode_alone(frames, stream, speech, folder)}


def _spill(first: Image, stream: FrameStream, path: Path) -> Image:
    shape = (stream.spec.count, *first.shape)
    frames = np.memmap(path, np.uint8, "w+", shape=shape)
    frames[0] = first
    for index, frame in enumerate(stream.frames, 1):
        frames[index] = frame
    return frames


def _encode_alone(frames: Image, stream: FrameStream, speech: Speech, folder: Path) -> float:
    def replay() -> Iterator[Image]:
        yield from (np.asarray(frame) for frame in frames)

    start = time.perf_counter()
    encode_clip(replace(stream, frames=replay()), speech, folder / "alone.mp4", Watch())
    return time.perf_counter() - start


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]))))
