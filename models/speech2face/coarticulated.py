"""From viseme labels to what the lips and the jaw do meanwhile: the driver's own co-articulation as a target.

The driver blends the targets of neighbouring sounds by their dominance
(``engines.speech2face.coarticulation``). The network learns these blending weights from sound: anticipation,
timing and all. They do not depend on the targets, so that the table of mouth shapes may be tuned without
training again.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from engines.speech2face.coarticulation import Pull, blend
from engines.speech2face.mouth import CLOSE
from engines.speech2face.recogniser import HZ, VISEMES
from engines.speech2face.tables import VisemeTable, viseme_table
from engines.types import BLENDSHAPES, Float32

_COUNT = len(VISEMES)
_COLUMNS = list(range(CLOSE + 1, len(BLENDSHAPES)))[:_COUNT]


@cache
def _telltale() -> VisemeTable:
    """A table whose targets tell the visemes apart: what ``blend`` gives is then their shares."""
    table = viseme_table()
    targets = np.zeros_like(table.targets)
    targets[range(_COUNT), _COLUMNS] = 1.0
    return replace(table, targets=targets, tongue=np.eye(_COUNT, table.tongue.shape[1], dtype=np.float32))


def _pull(labels: NDArray[np.int8]) -> Pull:
    """Equal neighbours of (T,) viseme indices at 50 Hz as segments."""
    edges = np.flatnonzero(np.diff(labels)) + 1
    starts, ends = np.append(0, edges), np.append(edges, len(labels))
    first, last = (((at - 0.5) / HZ).astype(np.float32) for at in (starts, ends))
    return Pull(first, last, labels[starts].astype(np.intp), np.ones(len(starts), np.float32))


def coarticulated(labels: NDArray[np.int8]) -> Float32:
    """(T, 30): shares of the 15 visemes in the lips, then in the jaw, at each moment of (T,) labels."""
    times = (np.arange(len(labels)) / HZ).astype(np.float32)
    shapes, tongue = blend(times, _pull(labels), _telltale())
    both = np.stack([shapes[:, _COLUMNS], tongue[:, :_COUNT]], axis=1)
    shared = both / both.sum(axis=2, keepdims=True)
    return np.asarray(shared.reshape(len(labels), 2 * _COUNT), np.float32)
