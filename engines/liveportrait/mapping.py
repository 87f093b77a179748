"""What curves and head pose of a Motion do to LivePortrait's implicit keypoints: one table, with its sources.

The keypoints were learned and have no names. What is known of them comes from
 [LP] the sliders of the official editor (github.com/KwaiVGI/LivePortrait, src/gradio_pipeline.py, MIT),
 [D]  the official motion templates: how far keypoints go in the 1151 frames of twelve people,
 [G]  Ditto (github.com/antgroup/ditto-talkinghead, Apache-2.0): slider steps of gaze for a degree of the eyes,
 [o]  our own judgement, where nobody says.
Which keypoint belongs to which eye is told by what the wink slider does to the head, and by which eye goes
further when both look to one side: 11 and 13 are the picture's left eye (the person's right), 15 and 16 the
other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engines.types import BLENDSHAPE_INDEX, Float32

Part = Literal["blink", "gaze", "mouth", "feeling"]
X, Y, Z = 0, 1, 2
Moves = tuple[tuple[int, int, float], ...]
"""Keypoint, axis, and how far it goes for one step of the slider."""

JAW_STEPS = 75.0
"""Steps of the lips' slider for jawOpen 1: an opening of 0.35 iod is 0.62 of a mouth's width, and 19 y goes
0.12 for an opening as large as the width [D]."""
GAZE_STEPS = (6.5, 7.0)
"""Steps across and up or down for eyeLook 1, which is 25 degrees: 0.26 and 0.28 steps a degree [G]."""
USUAL_EYE = 0.39
"""Height over width of an open eye for which a blink is as in the table [D]; a smaller one has less to
close."""
EYE_RANGE = (0.4, 1.3)

_SMILE: Moves = (
    (20, Y, -0.01), (14, Y, -0.02), (17, Y, 0.0065), (17, Z, 0.003), (3, Y, -0.0035), (7, Y, -0.0035),
)  # fmt: skip
_CHEEKS: Moves = ((13, Y, -0.00275), (16, Y, -0.00275))


@dataclass(frozen=True)
class Control:
    """A slider: the sum of ``curves`` times their steps, within ``low`` to ``high``, moves keypoints by
    ``moves``.

    ``part``: which strength it belongs to. ``eye``: 0 or 1 where it closes the eye on the picture's left or
    right.
    """

    part: Part
    curves: Mapping[str, float]
    moves: Moves
    high: float
    low: float = 0.0
    eye: int | None = None


def _blink(side: str, eye: int, moves: Moves) -> Control:
    """What lids do to follow the gaze is in the rows of gaze already, so it is taken off here."""
    curves = {f"eyeBlink{side}": 1.0, f"eyeLookDown{side}": -0.45}
    return Control("blink", curves, moves, 1.0, eye=eye)


def _eye(side: str, upper: int, lower: int) -> tuple[Control, ...]:
    """Wide and narrowed eyes. Wide: the editor's blink slider at its end, +5 [LP]; narrowed: [o]."""
    return (
        Control(
            "feeling",
            {f"eyeWide{side}": 5.0, f"eyeLookUp{side}": -1.5},
            ((upper, Y, -0.001), (lower, Y, 0.0003)),
            5.0,
        ),
        Control("feeling", {f"eyeSquint{side}": 3.5}, ((upper, Y, 0.001), (lower, Y, -0.001)), 3.5),
    )


def _both(name: str, steps: float) -> dict[str, float]:
    """Curves of both sides, half the steps each."""
    return {f"{name}Left": steps / 2, f"{name}Right": steps / 2}


_ACROSS, _UPDOWN = GAZE_STEPS
_PICTURE_RIGHT = {"eyeLookOutLeft": _ACROSS / 2, "eyeLookInRight": _ACROSS / 2}
_PICTURE_LEFT = {"eyeLookInLeft": _ACROSS / 2, "eyeLookOutRight": _ACROSS / 2}
_LOOK: Moves = ((11, Y, 0.0005), (15, Y, 0.0005), (13, Y, 0.00015), (16, Y, 0.00015))

TABLE: tuple[Control, ...] = (
    # Lids: the way of a full blink in three people [D].
    _blink("Right", 0, ((11, Y, 0.011), (13, Y, -0.005))),
    _blink("Left", 1, ((15, Y, 0.0125), (16, Y, -0.003))),
    *_eye("Right", 11, 13),
    *_eye("Left", 15, 16),
    # Gaze [LP]: the eye that turns outwards goes further; looking down, the lids follow half of the way.
    Control("gaze", _PICTURE_RIGHT, ((11, X, 0.0007), (15, X, 0.001)), 30.0),
    Control("gaze", _PICTURE_LEFT, ((11, X, -0.001), (15, X, -0.0007)), 30.0),
    Control("gaze", _both("eyeLookDown", _UPDOWN), _LOOK, 30.0),
    Control("gaze", _both("eyeLookUp", _UPDOWN), tuple((k, a, -by) for k, a, by in _LOOK), 30.0),
    # Brows [LP]: up, and down and together.
    Control(
        "feeling",
        {"browInnerUp": 7.5, "browOuterUpLeft": 3.75, "browOuterUpRight": 3.75},
        ((1, Y, 0.001), (2, Y, -0.001)),
        15.0,
    ),
    Control(
        "feeling",
        _both("browDown", 10.0),
        ((1, X, 0.001), (2, X, -0.001), (1, Y, -0.0003), (2, Y, 0.0003)),
        10.0,
    ),
    # Smile [LP], and the same slider's other way, as far as it goes there, for corners that droop.
    Control("feeling", {**_both("mouthSmile", 1.0), **_both("mouthDimple", 0.3)}, _SMILE + _CHEEKS, 1.3),
    Control("feeling", _both("mouthFrown", 0.3), tuple((k, a, -by) for k, a, by in _SMILE), 0.3),
    # Lips open and close [LP]; by JAW_STEPS for the jaw, and as far as they bare the teeth [o].
    Control(
        "mouth",
        {
            "jawOpen": JAW_STEPS,
            "mouthClose": -JAW_STEPS,
            **_both("mouthLowerDown", 14.0),
            **_both("mouthUpperUp", 10.0),
            **_both("mouthPress", -8.0),
            "mouthRollLower": -5.0,
            "mouthRollUpper": -5.0,
        },
        ((19, Y, 0.001), (19, Z, 0.0001), (17, Y, -0.0001)),
        100.0,
        low=-15.0,
    ),
    # Rounded [LP: pursing], and drawn wide over the teeth [LP: grin].
    Control(
        "mouth",
        {"mouthPucker": 15.0, "mouthFunnel": 12.0},
        ((14, Y, 0.001), (3, Y, -0.0005), (7, Y, -0.0005), (17, Z, -0.0005)),
        15.0,
    ),
    Control(
        "mouth",
        {**_both("mouthStretch", 12.0), **_both("mouthUpperUp", 5.0)},
        ((20, Z, -0.001), (20, Y, -0.001), (14, Y, -0.001)),
        15.0,
    ),
    # To the side [LP: pouting, a third of its way].
    Control(
        "mouth",
        {"mouthLeft": 0.03, "mouthRight": -0.03, "jawLeft": 0.02, "jawRight": -0.02},
        ((19, X, 1.0),),
        0.09,
        low=-0.09,
    ),
)

UNKNOWN = (
    "jawForward", "mouthShrugLower", "mouthShrugUpper", "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
    "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""Curves of which nobody has said what they are among the keypoints; they do nothing here."""


def offsets(shapes: Float32, strengths: Mapping[Part, float], eyes: Float32) -> Float32:
    """(T, 21, 3): what (T, 52) ``shapes`` add to the expression of a photo.

    ``eyes``: (2,), how open they are in it, height over width.
    """
    out = np.zeros((len(shapes), 21, 3), np.float32)
    for control in TABLE:
        steps = _steps(control, shapes) * strengths[control.part]
        if control.eye is not None:
            steps = steps * np.clip(eyes[control.eye] / USUAL_EYE, *EYE_RANGE)
        for keypoint, axis, each in control.moves:
            out[:, keypoint, axis] += steps * each
    return out


def _steps(control: Control, shapes: Float32) -> Float32:
    """(T,): where the slider stands."""
    columns = [BLENDSHAPE_INDEX[name] for name in control.curves]
    weights = np.array(list(control.curves.values()), np.float32)
    return np.asarray(np.clip(shapes[:, columns] @ weights, control.low, control.high), np.float32)
