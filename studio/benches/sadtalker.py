"""``bench sadtalker``: what a new photo, new words and a frame cost, in one run of the official networks.

The weights are random, for how long a network takes does not depend on them: this says nothing of how it looks.
What is measured is the time of one processor core, which other programs disturb less than the clock's.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from engines.cache import Cache, make_key, pack_arrays, unpack_arrays
from engines.errors import StudioError
from engines.photos import make_portrait, read_photo
from engines.progress import Watch
from engines.sadtalker import SadTalkerOptions
from engines.sadtalker.files import DRAWING, readiness
from engines.stages import Given
from engines.tiers import Tier
from engines.types import Arrays, Expression, Image, Motion, Speech
from studio.benches.table import Row
from studio.samples import sample_avatars

if TYPE_CHECKING:
    from engines.sadtalker.networks import Networks

SECONDS, RATE = 4.0, 16_000
FRAMES = 100
"""Of a clip of that length at 25 a second."""


def run() -> tuple[Row, ...]:
    """A new photo, the same photo with other words, the same once more; then a frame and its way back."""
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("torch", "safetensors")):
        raise StudioError(DRAWING.no_libraries)
    problem = readiness(SadTalkerOptions()).problem
    print(f"The weights are random: this says how long it takes, not how it looks. {problem}".strip())
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # threads that wait for each other count as busy
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _rows(Bench(_networks(), Cache(Path(folder), 1 << 30)))
    finally:
        torch.set_num_threads(threads)


def _networks() -> Networks:
    from engines.sadtalker.checkpoint import Parts
    from engines.sadtalker.network.rendering import MappingNetwork
    from engines.sadtalker.networks import Networks

    return Networks(Parts(), MappingNetwork(73), "cpu")


@dataclass(frozen=True)
class Bench:
    """A photo and networks, and the cache in which what they make is kept as for a render."""

    networks: Networks
    cache: Cache

    def ready(self, photo: Image, speech: Speech) -> Arrays:
        """All that a clip needs before its first frame."""
        from engines.sadtalker.photo import photo_arrays
        from engines.sadtalker.rehearsal import rehearsed
        from engines.sadtalker.stand import Stand

        prepared = self.keep("photo", ("prepared",), lambda: photo_arrays(make_portrait(photo, 0, None)))
        motion = Motion(25.0, np.zeros((FRAMES, 52), np.float32), np.zeros((FRAMES, 6), np.float32))
        given = Given(speech, motion, Expression(), SadTalkerOptions())
        stand = Stand(lambda: self.networks, "cpu", self.keep, Watch())
        return {**prepared, **rehearsed(prepared, given, stand)}

    def keep(self, tier: Tier, parts: tuple[Any, ...], make: Callable[[], Arrays]) -> Arrays:
        """As the pipeline keeps things."""
        data, _ = self.cache.get_or_make(tier, make_key(*parts), "bench", lambda: pack_arrays(make()))
        return unpack_arrays(data)

    def frame(self, ready: Arrays) -> Image:
        """The first frame, as it is drawn."""
        photo = self.networks.place(ready["volume"], ready["source"])
        return self.networks.draw(photo, [ready["driving"][0]])[0]


def _rows(bench: Bench) -> tuple[Row, ...]:
    photo = read_photo(sample_avatars()[0].source)
    first, other = _speech(1), _speech(2)
    ready, cold = _timed(lambda: bench.ready(photo, first))
    _, words = _timed(lambda: bench.ready(photo, other))
    _, same = _timed(lambda: bench.ready(photo, other))
    drawn, _ = _timed(lambda: bench.frame(ready))  # the first one also settles the precision
    _, frame = _timed(lambda: bench.frame(ready))
    whole = [before + FRAMES * frame for before in (cold, words, same)]
    precision = str(bench.networks.precision).removeprefix("torch.")
    return (
        Row("before the first frame: new photo, new words", cold, "s"),
        Row("before the first frame: same photo, new words", words, "s"),
        Row("before the first frame: same photo, same words", same, "s"),
        Row(f"a frame of 256 px ({precision})", frame, "s"),
        Row(f"a clip of {SECONDS:g} s, new photo (reckoned: {FRAMES} such frames)", whole[0], "s"),
        Row("such a clip, new photo over same photo", whole[0] / whole[1], "x"),
        *_pasting(ready, drawn),
    )


def _pasting(ready: Arrays, drawn: Image) -> tuple[Row, ...]:
    """The drawn face put back into the photo: ours against OpenCV's seamless cloning."""
    from engines.sadtalker.paste import Paste
    from engines.sadtalker.photo import framing_of

    rgb: Image = ready["rgb"]
    left, top, right, bottom = framing_of(ready, SadTalkerOptions()).seen
    paste = Paste(rgb, (left, top, right, bottom))
    large = cv2.resize(drawn, (right - left, bottom - top), interpolation=cv2.INTER_CUBIC)
    mask, middle = np.full(large.shape[:2], 255, np.uint8), ((left + right) // 2, (top + bottom) // 2)
    paste.put(drawn)
    _, ours = _timed(lambda: paste.put(drawn))
    _, theirs = _timed(lambda: cv2.seamlessClone(large, rgb, mask, middle, cv2.NORMAL_CLONE))
    return (
        Row(f"put back into {rgb.shape[1]}x{rgb.shape[0]} px", 1000 * ours, "ms"),
        Row("seamlessClone over that", theirs / ours, "x", "at least 5"),
    )


def _speech(seed: int) -> Speech:
    """Noise that comes and goes like syllables."""
    random = np.random.default_rng(seed)
    times = np.arange(int(SECONDS * RATE)) / RATE
    swell = np.clip(np.sin(2 * np.pi * 3 * times), 0, None)
    return Speech((0.1 * swell * random.standard_normal(len(times))).astype(np.float32), RATE)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What ``work`` gives, and its processor seconds."""
    start = time.process_time()
    made = work()
    return made, time.process_time() - start
