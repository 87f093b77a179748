"""How sounds that are only probable share the mouth: co-articulation without segments.

``engines.speech2face.coarticulation`` blends segments whose times are known. Here every moment is a little of
every sound: each pulls the face with its probability, spread over time by the same fall-off, weighted by the
same dominance. Against the lips of real speakers this beats both smoothing the probabilities and finding the
likeliest segments first.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import convolve1d

from engines.speech2face.coarticulation import SHARPNESS
from engines.speech2face.recogniser import Posteriors
from engines.speech2face.tables import VisemeTable
from engines.types import Float32

REACH = 0.5
"""Seconds beyond which the fall-off is nothing."""
HALF_CORE = 0.01
"""Seconds to either side in which a sound has its full say: half of one step of the recogniser."""
PAUSE = 0.1
"""Factor on the dominance of silence: in the closures and breaths within speech the mouth stays where the
sounds around them want it; a real pause shuts it all the same, for want of others."""


def _kernel(viseme: int, table: VisemeTable, hz: float) -> Float32:
    """(K,) influence of a sound on the moments around it, K odd."""
    steps = round(REACH * hz)
    # Seconds from the sound, moved forward by its lead, to the moment that it shapes.
    offset = np.arange(-steps, steps + 1) / hz + table.lead[viseme]
    tau = np.where(offset < 0, table.onset[viseme], table.decay[viseme])
    distance = np.maximum(np.abs(offset) - HALF_CORE, 0.0) / tau
    return np.asarray(np.exp(-(distance**SHARPNESS)), np.float32)


def _shared(reach: Float32, dominance: Float32, silence: int) -> Float32:
    insistent = dominance.copy()
    insistent[silence] *= PAUSE
    weights = reach * insistent
    return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9), np.float32)


def shares(posteriors: Posteriors, table: VisemeTable) -> tuple[Float32, Float32]:
    """Shares (T, 15) of the visemes in the lips and in the jaw, rows summing to 1: the mean of what follows
    from the sounds heard and of what the recogniser itself hears of their co-articulation."""
    reach = np.empty_like(posteriors.visemes)
    for viseme in range(reach.shape[1]):
        kernel = _kernel(viseme, table, posteriors.hz)
        reach[:, viseme] = convolve1d(posteriors.visemes[:, viseme], kernel, mode="nearest")
    silence = table.index("sil")
    lips = _shared(reach, table.lips, silence) + _shared(posteriors.lips, np.ones_like(table.lips), silence)
    jaw = _shared(reach, table.jaw, silence) + _shared(posteriors.jaw, np.ones_like(table.jaw), silence)
    return np.asarray(lips / 2, np.float32), np.asarray(jaw / 2, np.float32)
