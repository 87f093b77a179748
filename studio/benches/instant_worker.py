"""One measurement of ``bench instant`` in a process of its own: WHAT SECONDS FOLDER SIZE, answers in JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

if __name__ == "__main__" and sys.argv[1] == "plain_frames":
    sys.modules["visema_native"] = None  # type: ignore[assignment]  # importing it fails, as where it is not built

from engines.encode import encode_clip
from engines.native import native_module
from engines.pipeline import Take
from engines.progress import Watch
from engines.registry import get_recipe
from engines.staged import StagedRender
from engines.types import (
    AvatarRef,
    Expression,
    FrameStream,
    Image,
    Output,
    RenderRequest,
    Speech,
    Words,
)
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
RECIPE = "instant"
FPS = 25.0
ROUNDS = 3


class Bench:
    """One studio in an empty folder, and pictures of one size (px)."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size = folder, size
        self.studio = Studio(load_settings(data=folder))
        self.pipeline = self.studio.pipeline
        self.recipe = get_recipe(RECIPE)

    def request(self, text: str, seed: int = 0) -> RenderRequest:
        """A seed that was not used before makes a motion that is not in the cache."""
        avatar, output = AvatarRef(str(bench_photo())), Output(FPS, self.size)
        return RenderRequest(avatar, Words(text), Expression(seed=seed), output=output)

    def render(self, text: str, seed: int = 0) -> tuple[float, Any]:
        """Seconds, and the clip."""
        start = time.perf_counter()
        clip = self.pipeline.render(self.request(text, seed), self.folder / "clip.mp4", Watch())
        return time.perf_counter() - start, clip

    def render_in_pieces(self, text: str, seed: int) -> float:
        """Seconds that a render takes the way jobs do it."""
        start, out = time.perf_counter(), self.folder / "pieces.mp4"
        staged = StagedRender(self.pipeline, self.request(text, seed), self.folder / "pieces", Watch())
        outline = staged.begin(out)
        spent = [staged.segment(outline, index) for index in range(outline.segments)]
        staged.join(outline, spent, out)
        staged.close()
        return time.perf_counter() - start

    def text(self, seconds: float) -> str:
        """Sentences that take about ``seconds`` to say."""
        duration = self.speak(" ".join(SENTENCES)).duration
        number = max(round(seconds / duration * len(SENTENCES)), 1)
        return " ".join(SENTENCES[index % len(SENTENCES)] for index in range(number))

    def speak(self, text: str) -> Speech:
        """The text, spoken."""
        return self.pipeline.speak(Words(text), self.recipe, {}, Watch()).speech

    def stream(self, speech: Speech, text: str, seed: int = 0) -> FrameStream:
        """Its frames."""
        request = self.request(text, seed)
        prepared, _ = self.pipeline.prepare(request.avatar, self.recipe, self.size)
        motion, _ = self.pipeline.move(speech, request, self.recipe)
        return self.pipeline.stream(request, Take(prepared, speech, motion), Watch())

    def encode(self, stream: FrameStream, speech: Speech) -> float:
        """Seconds that encoding takes."""
        start = time.perf_counter()
        encode_clip(stream, speech, self.folder / "alone.mp4", Watch())
        return time.perf_counter() - start


def speed(bench: Bench, seconds: float) -> dict[str, Any]:
    """Cold, warm and cached."""
    cold = bench.render(SHORT[0])
    new_words = bench.render(SHORT[1])
    text = bench.text(seconds)
    long, again = bench.render(text), bench.render(text)
    return {
        "cold": cold[0],
        "new_words": new_words[0],
        "long_first": long[0],
        "identical": again[0],
        "native": native_module() is not None,
    }


def render(bench: Bench, seconds: float) -> dict[str, Any]:
    """A whole render, and encoding its frames alone from a raw file: turn by turn, the best of each."""
    text = bench.text(seconds)
    speech = bench.speak(text)
    stream = bench.stream(speech, text)
    frames = _spill(stream, bench.folder / "frames.raw")
    tries = [
        (
            bench.render(text, seed),
            bench.encode(replace(stream, frames=_replay(frames)), speech),
            bench.render_in_pieces(text, ROUNDS + seed),
        )
        for seed in range(1, ROUNDS + 1)
    ]
    return {
        "render": min(whole[0] for whole, _, _ in tries),
        "encode_alone": min(alone for _, alone, _ in tries),
        "render_in_pieces": min(pieces for _, _, pieces in tries),
        "clip_seconds": tries[0][0][1].duration,
    }


def frames(bench: Bench, seconds: float) -> dict[str, Any]:
    """Milliseconds that making a frame takes, the first one aside."""
    text = bench.text(seconds)
    speech = bench.speak(text)
    best = float("inf")
    for _ in range(ROUNDS):
        stream = bench.stream(speech, text)
        next(stream.frames)
        start = time.perf_counter()
        made = sum(1 for _ in stream.frames)
        best = min(best, (time.perf_counter() - start) / made)
    return {"frame_ms": best * 1000}


def start(bench: Bench, seconds: float) -> dict[str, Any]:
    """Preparing an avatar; then the first second of a clip of ``seconds``, in a file of its own."""
    begin = time.perf_counter()
    bench.pipeline.prepare(bench.request("").avatar, bench.recipe, bench.size)
    prepared = time.perf_counter()
    bench.render(SHORT[0])
    text = bench.text(seconds)
    # Other words each time: nothing of them is in the cache.
    best = min(_first_second(bench, f"{text} {number}") for number in range(ROUNDS))
    return {"prepare": prepared - begin, "second": best}


def memory(bench: Bench, seconds: float) -> dict[str, Any]:
    """Peak memory of a render."""
    import resource

    bench.render(bench.text(seconds))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"peak_mib": peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)}


WHAT: dict[str, Callable[[Bench, float], dict[str, Any]]] = {
    "speed": speed,
    "render": render,
    "frames": frames,
    "plain_frames": frames,
    "start": start,
    "memory": memory,
}


def main(what: str, seconds: float, folder: Path, size: int) -> dict[str, Any]:
    """Measure and return numbers: times in seconds, memory in MiB."""
    bench = Bench(folder, size)
    try:
        return WHAT[what](bench, seconds)
    finally:
        bench.studio.close()


def _first_second(bench: Bench, text: str) -> float:
    begin = time.perf_counter()
    speech = bench.speak(text)
    stream = bench.stream(speech, text)
    second = round(FPS)
    spec = replace(stream.spec, count=second)
    bench.encode(FrameStream(spec, islice(stream.frames, second)), speech)
    return time.perf_counter() - begin


def _spill(stream: FrameStream, path: Path) -> Image:
    shape = (stream.spec.count, stream.spec.height, stream.spec.width, 3)
    frames = np.memmap(path, np.uint8, "w+", shape=shape)
    for index, frame in enumerate(stream.frames):
        frames[index] = frame
    return frames


def _replay(frames: Image) -> Iterator[Image]:
    yield from (np.asarray(frame) for frame in frames)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))))
