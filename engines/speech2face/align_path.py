"""The likeliest way of a recording through the states of a text (Viterbi, 1967), skipping words that it lacks.

Only the states within a beam of the likeliest one are kept at each moment, so that time and memory grow with
the length of the recording and not with its square.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.progress import Watch
from engines.speech2face.align_chain import Chain, Costs, Ints
from engines.speech2face.tables import viseme_table
from engines.types import Float32

NEVER = -1e9
BEAM = 200.0
"""Ways that are this much less likely (natural logarithm) than the best are given up."""
OTHER = 2.0
"""Cost of each frame of speech between two words that the text does not have: more than the misfit of most
right words, so that a voice that is hard to hear is not taken for other words."""
NEXT, PAST_PAUSE = 1, 2
LOOK_UP = 500
"""Frames between two looks whether anybody still wants the result."""


@dataclass(frozen=True)
class Path:
    """The way of T frames: ``states`` (T,), and its ``score``, a logarithm of probability."""

    states: Ints
    score: float


@dataclass(frozen=True)
class _Step:
    """One frame: how far back each state from ``low`` on was reached from, and which pauses were reached at the
    same frame from an earlier pause by leaving out the words between them."""

    low: int
    moves: NDArray[np.int8]
    jumps: dict[int, int]


class Trellis:
    """The scores of the states within the beam, frame by frame."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._silent = viseme_table().index("sil")
        self._low = 0
        self._score: Costs = np.zeros(0)
        self._steps: list[_Step] = []

    def take(self, heard: Float32, closing: float) -> None:
        """One frame: ``heard`` (15,) logarithms of probabilities; ``closing``: how much quieter it gets."""
        if self._steps:
            score, moves = self._advance(closing)
        else:
            score, moves = np.zeros(min(2, len(self._chain))), np.zeros(2, np.int8)
        score = score + self._fit(heard, slice(self._low, self._low + len(score)))
        best = float(score.max())
        score, moves, jumps = self._leave_out(score, moves)
        self._steps.append(_Step(self._low, moves, jumps))
        keep = np.flatnonzero(score > best - BEAM)
        self._low, self._score = self._low + int(keep[0]), score[keep[0] : keep[-1] + 1]

    def _fit(self, heard: Float32, states: slice) -> Costs:
        pause = max(float(heard[self._silent]), float(heard.max()) - OTHER)
        fit = np.where(self._chain.part[states] < 0, pause, heard[self._chain.viseme[states]])
        return np.asarray(fit, np.float64)

    def _advance(self, closing: float) -> tuple[Costs, NDArray[np.int8]]:
        """Scores one frame later, before what is heard counts."""
        chain, high = self._chain, min(self._low + len(self._score) + 2, len(self._chain))
        states = slice(self._low, high)
        count = high - self._low
        before = np.full(count + 2, NEVER)
        before[2 : 2 + len(self._score)] = self._score
        best = np.where(chain.loops[states], before[2:], NEVER)
        turn = closing * chain.closing[states]
        moves = np.zeros(count, np.int8)
        skipping = np.where(chain.begins[states], before[:-2], NEVER)
        for move, reached in ((NEXT, before[1:-1] + turn), (PAST_PAUSE, skipping + turn)):
            better = reached > best
            best = np.where(better, reached, best)
            moves[better] = move
        return best, moves

    def _leave_out(
        self, score: Costs, moves: NDArray[np.int8]
    ) -> tuple[Costs, NDArray[np.int8], dict[int, int]]:
        """Let each pause be reached from an earlier one, at the cost of the words between them."""
        chain = self._chain
        first = int(np.searchsorted(chain.pauses, self._low))
        if first == len(chain.pauses) or chain.pauses[first] >= self._low + len(score):
            return score, moves, {}
        end = int(np.searchsorted(chain.cost, chain.cost[first] + BEAM))
        end = max(end, int(np.searchsorted(chain.pauses, self._low + len(score))))
        pauses, cost = chain.pauses[first:end], chain.cost[first:end]
        room = max(int(pauses[-1]) + 1 - self._low - len(score), 0)
        score = np.append(score, np.full(room, NEVER))
        moves = np.append(moves, np.zeros(room, np.int8))
        raised = score[pauses - self._low] + cost
        best = np.maximum.accumulate(raised)
        source = np.maximum.accumulate(np.where(raised == best, np.arange(len(raised)), 0))
        score[pauses - self._low] = best - cost
        jumped = np.flatnonzero(best > raised)
        return score, moves, {int(pauses[at]): int(pauses[source[at]]) for at in jumped}

    def finish(self) -> Path:
        """The best way to the end, words missing there left out."""
        chain, states = self._chain, np.arange(self._low, self._low + len(self._score))
        after = np.append(chain.part, -1)[states + 1] < 0
        ends = (chain.part[states] < 0) | (after & chain.loops[states])
        missing = chain.cost[-1] - chain.cost[np.searchsorted(chain.pauses, states)]
        total = np.where(ends, self._score - missing, NEVER)
        best = int(total.argmax())
        return Path(self._trace(int(states[best])), float(total[best]))

    def _trace(self, state: int) -> Ints:
        states = np.empty(len(self._steps), np.intp)
        for time in range(len(self._steps) - 1, -1, -1):
            step = self._steps[time]
            state = step.jumps.get(state, state)
            states[time] = state
            state -= int(step.moves[state - step.low])
        return states


def find_path(chain: Chain, heard: Float32, closing: Float32, watch: Watch) -> Path:
    """The likeliest way. ``heard``: (T, 15) logarithms of probabilities; ``closing``: (T,) in the same unit,
    how much the sound drops between each frame and the one before. Raises Cancelled within a second."""
    trellis = Trellis(chain)
    for index, (row, drop) in enumerate(zip(heard, closing.tolist(), strict=True)):
        if index % LOOK_UP == 0:
            watch.check()
        trellis.take(row, drop)
    return trellis.finish()
