"""``bench liveportrait``: our way of drawing a frame against the networks as they are, in one process.

The weights are random, for how fast a network is does not depend on them. What is measured is the time of one
processor core, which other programs disturb less than the clock's. A frame takes many seconds, so each is
drawn once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engines.errors import StudioError
from engines.liveportrait.files import NO_LIBRARIES, readiness
from engines.model_files import LIBRARIES
from engines.registry import get_engine
from studio.benches.table import Row

if TYPE_CHECKING:
    from engines.liveportrait.models import Networks

AIM = "at least 1.3"
LOOP_FRAMES, CLIP_FRAMES = 50, 250
"""Of a loop of four seconds, and of ten seconds of video at 25 frames a second."""


def run() -> tuple[Row, ...]:
    """What one frame takes, and what a loop saves."""
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in LIBRARIES):
        raise StudioError(NO_LIBRARIES)
    problem = readiness(get_engine("liveportrait").parse_options({})).problem
    print(f"The weights are random: this says how fast it is, not how it looks. {problem}".strip())
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # threads that wait for each other count as busy
    try:
        return _rows()
    finally:
        torch.set_num_threads(threads)


def _rows() -> tuple[Row, ...]:
    import torch

    from engines.liveportrait.painter import Painter

    networks = _random_networks()
    random = np.random.default_rng(1)
    volume = random.standard_normal((32, 16, 64, 64)).astype(np.float32)
    source = random.uniform(-0.3, 0.3, (21, 3)).astype(np.float32)
    driving = source + np.float32(0.02)
    features = torch.randn(1, 256, 64, 64)

    def plain() -> None:
        with torch.inference_mode():
            given = (
                torch.from_numpy(volume[None]),
                torch.from_numpy(driving[None]),
                torch.from_numpy(source[None]),
            )
            networks.generator(networks.warping(*given)["out"])

    def decoder() -> None:
        with torch.inference_mode():
            networks.generator(features)

    whole, drawing = _seconds(plain), _seconds(decoder)
    painter = Painter(networks, "cpu")
    look = painter.look(volume, source)
    ours, quick = _seconds(lambda: painter.draw(look, [driving])), _seconds(decoder)
    return (
        Row("a frame, plain PyTorch", whole, "s"),
        Row("a frame, ours", ours, "s"),
        Row("plain over ours", whole / ours, "x", AIM),
        Row("of it drawing, plain over ours", drawing / quick, "x"),
        Row("10 s of video, every frame drawn", CLIP_FRAMES * ours / 60, "min"),
        Row("a loop for all later words", LOOP_FRAMES * ours / 60, "min"),
    )


def _random_networks() -> Networks:
    """All networks with weights that leave numbers in the range that processors are quick with."""
    import torch

    from engines.liveportrait.models import LAYOUTS, Networks

    torch.manual_seed(1)
    made = {name: layout.kind().eval().requires_grad_(False) for name, layout in LAYOUTS.items()}
    for network in made.values():
        for value in network.parameters():
            if value.dim() > 1:
                torch.nn.init.normal_(value, std=value[0].numel() ** -0.5)
    return Networks(**made)


def _seconds(work: Callable[[], object]) -> float:
    """Processor seconds of one run."""
    start = time.process_time()
    work()
    return time.process_time() - start
