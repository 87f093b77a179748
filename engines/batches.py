"""How many frames go through a network at a time: what the memory allows, and fewer when it runs out.

Imports no torch: an engine may declare itself with this, and it works for any library.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from engines.errors import StudioError

Item = TypeVar("Item")
Result = TypeVar("Result")

SHARE = 0.8
"""Of the GPU's free memory that a batch may take: the rest is for what libraries keep aside."""
EXHAUSTED = ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED")
"""In the words of RuntimeErrors that torch, cuDNN and cuBLAS raise for want of memory."""


def fitting(device: str, bytes_each: int, most: int) -> int:
    """How many frames of ``bytes_each`` working memory fit on ``device`` ("cuda", "cuda:1", "cpu", "mps").

    From 1 to ``most``. Processors get 1: more at a time cost memory there and save nothing on large networks.
    """
    if not device.startswith("cuda"):
        return 1
    return max(min(int(SHARE * _free_bytes(device) / max(bytes_each, 1)), most), 1)


class Batches:
    """Puts inputs through a network ``size`` at a time, and half as many for good whenever memory runs out.

    ``title`` names the engine to people; ``tell`` gets one sentence for them, the first time that happens.
    """

    def __init__(self, title: str, size: int, tell: Callable[[str], Any]) -> None:
        self.size = max(size, 1)
        self._title, self._tell, self._told = title, tell, False

    def each(
        self, items: Sequence[Item], work: Callable[[Sequence[Item]], Sequence[Result]]
    ) -> Iterator[Result]:
        """What ``work`` makes of every one of ``items``, in their order, one result each.

        ``work`` may be called again for items that it ran out of memory for. Raises StudioError if there is not
        enough for a single one.
        """
        at = 0
        while at < len(items):
            made = self._tried(items[at : at + self.size], work)
            if made is None:
                self._halve()
                continue
            yield from made
            at += len(made)

    def _tried(
        self, batch: Sequence[Item], work: Callable[[Sequence[Item]], Sequence[Result]]
    ) -> Sequence[Result] | None:
        """None if memory ran out. The error ends here: its traceback holds on to what filled the memory."""
        try:
            return work(batch)
        except Exception as error:
            if not is_exhausted(error):
                raise
            self.size = min(self.size, len(batch))
            return None

    def _halve(self) -> None:
        _let_go()
        if self.size == 1:
            raise StudioError(
                f"There is not enough memory for {self._title}, not even for one frame at a time: close other "
                "programs that use the GPU, or choose a smaller video."
            )
        self.size //= 2
        if not self._told:
            self._told = True
            self._tell(f"Memory ran out, so {self._title} took fewer frames at a time and needed longer.")


def is_exhausted(error: BaseException) -> bool:
    """Whether ``error`` says that there is no memory left, on the GPU or beside it."""
    if isinstance(error, MemoryError):
        return True
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in EXHAUSTED)


def _let_go() -> None:
    """Give back what was kept for the batch that did not fit."""
    gc.collect()
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def _free_bytes(device: str) -> int:
    """What nobody uses of the GPU's memory, with what torch itself keeps for later."""
    import torch

    free, _ = torch.cuda.mem_get_info(device)
    return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
