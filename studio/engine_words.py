"""Sizes, downloads and GPUs in words, the same on the page and at the command line."""

from __future__ import annotations

from studio.engine_downloads import Transfer
from studio.gpu import Gpu


def transfer_words(transfer: Transfer) -> str:
    """How far a download is: "12 of 436 MB, about 40 s left"."""
    if transfer.state == "waiting":
        return "waiting for its turn"
    if transfer.state == "stopping":
        return "stopping"
    said = f"{megabytes(transfer.done)} of {megabytes(transfer.total)}"
    left = transfer.seconds_left
    return f"{said}, about {_duration(left)} left" if left is not None else said


def megabytes(count: int) -> str:
    """A number of bytes the way people say it: "0.2 MB", "436 MB", "1.2 GB"."""
    if count >= 10**9:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.1f} MB" if count < 10**7 else f"{count / 1e6:.0f} MB"


def gpu_words(gpu: Gpu) -> str:
    """A GPU and what its driver says of it."""
    said = [gpu.name]
    if gpu.memory_used is not None and gpu.memory_total:
        said.append(f"{megabytes(gpu.memory_used)} of {megabytes(gpu.memory_total)} in use")
    said += [f"{gpu.busy} % busy"] if gpu.busy is not None else []
    said += [f"{gpu.celsius} °C"] if gpu.celsius is not None else []
    return ", ".join(said)


def _duration(seconds: float) -> str:
    whole = max(round(seconds), 1)
    return f"{whole} s" if whole < 90 else f"{whole // 60} min {whole % 60:02d} s"
