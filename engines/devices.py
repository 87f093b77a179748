"""Where networks compute fastest on this machine, and in which precision."""

from __future__ import annotations

import torch


def best_device() -> str:
    """The kind of device for a large network: "cuda", "mps" or "cpu"."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def short_precision(device: str) -> torch.dtype:
    """The precision that is fastest on ``device``. Whoever uses it checks that nobody sees a difference."""
    if device.startswith("cuda"):
        return torch.float16
    has_bf16 = getattr(torch.cpu, "_is_avx512_bf16_supported", bool)()
    return torch.bfloat16 if device == "cpu" and has_bf16 else torch.float32
