"""``bench wav2lip``: our pass against a plain one of the same network, turn by turn in one process.

The weights are random, for how fast a network is does not depend on them. What is measured is the time of one
processor core, which other programs disturb less than the clock's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engines.errors import StudioError
from engines.model_files import LIBRARIES
from engines.registry import engine_readiness, get_engine
from engines.wav2lip.files import FILES
from studio.benches.table import Row

if TYPE_CHECKING:
    from engines.wav2lip.network import Generator

AIMS = {96: "at least 3", 256: "at least 6"}
ROUNDS = 3


def run() -> tuple[Row, ...]:
    """Both sizes; the face of a prepared avatar is known to the network already."""
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in LIBRARIES):
        raise StudioError(FILES.no_libraries)
    problem = engine_readiness(get_engine("wav2lip"), {}).problem
    print(f"The weights are random: this says how fast it is, not how it looks. {problem}".strip())
    import torch

    from engines.convolution import convolution_module
    from engines.wav2lip.network import Generator96, Generator256

    compiled = Row("compiled convolutions are used", float(convolution_module() is not None), "of 1", "1")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # threads that wait for each other count as busy
    try:
        return (compiled, *_rows(Generator96()), *_rows(Generator256()))
    finally:
        torch.set_num_threads(threads)


def _rows(generator: Generator) -> tuple[Row, ...]:
    """A plain pass and ours, of one size."""
    import torch

    from engines.wav2lip.mouths import Mouths, masked_and_whole

    side = generator.side
    mouths = Mouths(generator.eval().requires_grad_(False), "cpu")
    random = np.random.default_rng(1)
    mels = random.uniform(-4, 4, (mouths.batch, 1, 80, 16)).astype(np.float32)
    faces = random.integers(0, 256, (mouths.batch, side, side, 3), dtype=np.uint8)
    pairs = torch.from_numpy(np.concatenate([masked_and_whole(face) for face in faces]))

    def plain() -> None:
        with torch.inference_mode():
            generator(torch.from_numpy(mels), pairs)

    def ours() -> None:
        mouths.make(mels, [mouths.encode(face) for face in faces])

    ours()
    whole, quick = _best(plain, ours)
    each = 1000 / mouths.batch
    name = str(mouths.precision).removeprefix("torch.")
    return (
        Row(f"{side} px, plain PyTorch", whole * each, "ms"),
        Row(f"{side} px, ours ({name})", quick * each, "ms"),
        Row(f"{side} px, plain over ours", whole / quick, "x", AIMS[side]),
    )


def _best(*works: Callable[[], None]) -> list[float]:
    """The least processor seconds that each takes."""
    best = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for index, work in enumerate(works):
            start = time.process_time()
            work()
            best[index] = min(best[index], time.process_time() - start)
    return best
