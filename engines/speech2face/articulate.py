"""Speech and feeling share one mouth: both are added up, then the lips make the contacts that sounds need."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from engines.speech2face import Speech2FaceOptions
from engines.speech2face.feelings import CORNER_COLUMNS, LIP_COLUMNS, MOUTH_COLUMNS, Feeling
from engines.speech2face.mouth import CLOSE, JAW, Mouth
from engines.speech2face.tables import shape_columns
from engines.types import BLENDSHAPE_INDEX, Float32

FULL_CONTACT = 0.25
"""Mouth strength from which lips touch fully: small articulation still closes on P, B and M."""
SEALED_JAW = 0.05
"""How far the jaw stays down behind sealed lips."""
TOUCH_JAW = 0.07
"""How far the jaw is down when the lower lip touches the upper teeth."""
SEAL = {"mouthPress": 0.30, "mouthRollLower": 0.28, "mouthRollUpper": 0.28}
TOUCH = {"mouthRollLower": 0.35, "mouthUpperUp": 0.22, "mouthShrugLower": 0.35}
PARTING = ("mouthLowerDown", "mouthUpperUp", "tongueOut")
"""Shapes that part the lips."""
SMILES = [column for name in ("mouthSmile", "mouthStretch", "mouthDimple") for column in shape_columns(name)]
LIPS_IN_SPEECH = 0.3
"""Share of a feeling's jaw and lip shapes that stays while the mouth speaks."""


def rounding(shapes: Float32) -> Float32:
    """(T,) how rounded the lips are, in [0, 1]."""
    pucker, funnel = BLENDSHAPE_INDEX["mouthPucker"], BLENDSHAPE_INDEX["mouthFunnel"]
    return np.asarray(np.clip(shapes[:, pucker] + 0.5 * shapes[:, funnel], 0.0, 1.0), np.float32)


def _spoken(mouth: Mouth, strength: Float32, options: Speech2FaceOptions, fps: float) -> Float32:
    """(T, 52) shapes of speech at the wanted size, smoothed."""
    shapes = mouth.shapes * strength[:, None]
    shapes[:, MOUTH_COLUMNS] *= options.lips
    shapes[:, JAW] = mouth.shapes[:, JAW] * strength * options.jaw
    sigma = options.smoothing / 1000.0 * fps
    if sigma > 0.1:
        shapes = gaussian_filter1d(shapes, sigma, axis=0, mode="nearest")
    return np.asarray(shapes, np.float32)


def _felt(feeling: Feeling, spoken: Float32, speaking: Float32, keep: float) -> Float32:
    """(T, 52) shapes of feeling; while speaking the lips mostly obey speech and the corners mostly feeling."""
    shapes = feeling.shapes.copy()
    shapes[:, LIP_COLUMNS] *= 1.0 - speaking[:, None] * (1.0 - LIPS_IN_SPEECH * keep)
    shapes[:, CORNER_COLUMNS] *= 1.0 - speaking[:, None] * (1.0 - keep)
    shapes[:, SMILES] *= 1.0 - 0.6 * rounding(spoken)[:, None]
    return shapes


def _scale(shapes: Float32, names: tuple[str, ...], factor: Float32) -> None:
    for name in names:
        shapes[:, shape_columns(name)] *= factor[:, None]


def _at_least(shapes: Float32, weights: dict[str, float], firm: Float32) -> None:
    for name, weight in weights.items():
        columns = list(shape_columns(name))
        shapes[:, columns] = np.maximum(shapes[:, columns], weight * firm[:, None])


def _lower_jaw(shapes: Float32, limit: float, firm: Float32) -> None:
    jaw = shapes[:, JAW]
    shapes[:, JAW] = jaw + firm * (np.minimum(jaw, limit) - jaw)


def touch(shapes: Float32, firm: Float32) -> None:
    """In place: the lower lip to the upper teeth, as far as ``firm`` (T,) says."""
    _lower_jaw(shapes, TOUCH_JAW, firm)
    _scale(shapes, (*PARTING, "mouthFunnel"), 1.0 - firm)
    _at_least(shapes, TOUCH, firm)


def seal(shapes: Float32, firm: Float32) -> None:
    """In place: the lips shut, as far as ``firm`` (T,) says; at 1 their opening is exactly 0."""
    _lower_jaw(shapes, SEALED_JAW, firm)
    _scale(shapes, PARTING, 1.0 - firm)
    _scale(shapes, ("mouthFunnel", "mouthShrugUpper"), 1.0 - 0.5 * firm)
    _at_least(shapes, SEAL, firm)
    shapes[:, CLOSE] = firm * shapes[:, JAW]


def articulate(
    mouth: Mouth, feeling: Feeling, strength: float, options: Speech2FaceOptions, fps: float
) -> tuple[Float32, Float32]:
    """Shapes (T, 52) and tongue (T, 16) of a mouth that speaks with feeling.

    ``strength`` 0 leaves only the feeling, 1 is natural, 2 is twice as large.
    """
    spoken = _spoken(mouth, strength * feeling.articulation, options, fps)
    shapes = spoken + _felt(feeling, spoken, mouth.activity * min(strength, 1.0), options.feeling)
    firm = min(strength / FULL_CONTACT, 1.0)
    sealed = mouth.closure * firm
    touch(shapes, mouth.contact * firm * (1.0 - sealed))
    np.clip(shapes, 0.0, 1.0, out=shapes)
    seal(shapes, sealed)
    tongue = np.clip(mouth.tongue * min(strength, 1.0), 0.0, 1.0)
    return shapes, tongue.astype(np.float32)
