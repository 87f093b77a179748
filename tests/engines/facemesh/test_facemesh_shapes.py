"""Each named shape does to the face what its name says, by the promised amounts."""

from __future__ import annotations

import numpy as np
import pytest

from engines.facemesh.anatomy import (
    CHIN,
    LEFT_EYE_LOWER,
    LEFT_EYE_UPPER,
    LOWER_INNER_LIP,
    LOWER_OUTER_LIP,
    RIGHT_EYE_LOWER,
    RIGHT_EYE_UPPER,
    UPPER_INNER_LIP,
    UPPER_OUTER_LIP,
)
from engines.facemesh.deform import Deformer
from engines.facemesh.rest import RestFace
from engines.facemesh.shapes import Shapes
from engines.types import BLENDSHAPE_INDEX, BLENDSHAPES
from tests.engines.facemesh.conftest import weights_row

RIGHT_CORNER, LEFT_CORNER = 61, 291
WITHOUT_SKIN = {f"eyeLook{way}{side}" for way in ("In", "Out") for side in ("Left", "Right")}
WHOLE_MOUTH = {"jawLeft", "mouthLeft"}
PAIRS = [
    n.removesuffix("Left") for n in BLENDSHAPES if n.endswith("Left") and n not in WITHOUT_SKIN | WHOLE_MOUTH
]


@pytest.fixture(scope="module")
def move(portrait, frame, shapes):
    """weights -> (468, 3) local points without head motion, and the opening."""
    deformer = Deformer(portrait.landmarks, frame, shapes)

    def moved(keep_smile: float = 0.4, **weights: float) -> np.ndarray:
        return frame.to_local(deformer.deform(weights_row(weights), np.zeros(6), keep_smile).face)

    return moved


def gap(points: np.ndarray) -> np.ndarray:
    return points[list(LOWER_INNER_LIP), 1] - points[list(UPPER_INNER_LIP), 1]


def width(points: np.ndarray) -> float:
    return float(points[LEFT_CORNER, 0] - points[RIGHT_CORNER, 0])


def lid_gap(points: np.ndarray, upper: tuple[int, ...], lower: tuple[int, ...]) -> float:
    return float(np.abs(points[list(lower)] - points[list(upper)])[:, 1].max())


def test_every_shape_moves_skin_unless_it_belongs_to_eyeballs(shapes: Shapes):
    still = {name for name, field in zip(BLENDSHAPES, shapes.moves, strict=True) if np.abs(field).max() < 0.005}
    assert still == WITHOUT_SKIN


def test_no_shape_moves_a_point_further_than_a_third_of_the_face(shapes: Shapes):
    assert np.isfinite(shapes.moves).all()
    assert np.abs(shapes.moves).max() < 0.35


@pytest.mark.parametrize("name", PAIRS)
def test_sides_stay_on_their_side(name: str, shapes: Shapes, rest: RestFace):
    left = np.abs(shapes.moves[BLENDSHAPE_INDEX[f"{name}Left"]]).max(1)
    right = np.abs(shapes.moves[BLENDSHAPE_INDEX[f"{name}Right"]]).max(1)
    assert left[rest.points[:, 0] < -0.14].max() == 0
    assert right[rest.points[:, 0] > 0.14].max() == 0
    assert left.max() == pytest.approx(right.max(), rel=0.35)


def test_an_open_mouth_is_closed_at_rest(rest: RestFace, move):
    assert rest.gap.max() > 0.08
    assert gap(move()).max() < 0.005


@pytest.mark.parametrize("weight", [0.2, 0.6, 1.0])
def test_jaw_open_opens_the_inner_lips_by_the_promised_amount(weight: float, move):
    assert gap(move(jawOpen=weight)).max() == pytest.approx(0.35 * weight, rel=0.03)


def test_the_lower_lip_takes_most_of_the_opening_and_the_chin_follows(move):
    before, after = move(), move(jawOpen=1.0)
    upper = before[13, 1] - after[13, 1]
    lower = after[14, 1] - before[14, 1]
    assert upper / (upper + lower) == pytest.approx(0.21, abs=0.03)
    assert 0.12 < after[CHIN, 1] - before[CHIN, 1] < 0.2


def test_mouth_close_seals_the_lips_over_an_open_jaw(move):
    sealed = move(jawOpen=0.8, mouthClose=0.8)
    assert gap(sealed).max() < 0.005
    assert sealed[CHIN, 1] - move()[CHIN, 1] > 0.1


@pytest.mark.parametrize(
    "shape", ["mouthPress", "mouthRollLower", "mouthShrugLower", "mouthClose", "mouthFrown"]
)
def test_lips_never_cross(shape: str, move):
    assert gap(move(**{shape: 1.0})).min() > -2e-3


def test_opening_keeps_the_outline_of_a_mouth(move):
    opened = gap(move(jawOpen=0.7))
    assert opened[5] == opened.max()
    assert opened[0] < 0.01
    assert opened[-1] < 0.01
    assert np.all(np.diff(opened[:6]) > 0)


def test_pucker_narrows_and_stretch_widens(move):
    neutral = width(move())
    assert width(move(mouthPucker=1.0)) < 0.85 * neutral
    assert width(move(mouthFunnel=1.0)) < 0.95 * neutral
    assert width(move(mouthStretch=1.0)) > 1.15 * neutral


def test_pucker_and_funnel_thicken_the_lips_and_rolling_hides_them(move):
    def red(points: np.ndarray) -> tuple[float, float]:
        upper = points[UPPER_INNER_LIP[5], 1] - points[UPPER_OUTER_LIP[5], 1]
        return float(upper), float(points[LOWER_OUTER_LIP[5], 1] - points[LOWER_INNER_LIP[5], 1])

    upper, lower = red(move())
    for shape in ("mouthPucker", "mouthFunnel"):
        assert red(move(**{shape: 1.0})) > (1.1 * upper, 1.1 * lower)
    assert red(move(mouthRollUpper=1.0))[0] < 0.6 * upper
    assert red(move(mouthRollLower=1.0))[1] < 0.6 * lower


def test_corners_rise_in_a_smile_and_sink_in_a_frown(move):
    corners = [RIGHT_CORNER, LEFT_CORNER]
    neutral = move(keep_smile=0.0)[corners, 1].mean()
    assert move(keep_smile=0.0, mouthSmile=1.0)[corners, 1].mean() < neutral - 0.06
    assert move(keep_smile=0.0, mouthFrown=1.0)[corners, 1].mean() > neutral + 0.06


def test_a_smile_on_one_side_only(move):
    one, none = move(mouthSmileLeft=1.0), move()
    assert one[LEFT_CORNER, 1] < none[LEFT_CORNER, 1] - 0.06
    assert abs(one[RIGHT_CORNER, 1] - none[RIGHT_CORNER, 1]) < 0.01


def test_the_photos_smile_goes_as_far_as_asked_and_wholly_when_sad_or_rounded(move):
    kept, half, gone = (width(move(keep_smile=keep)) for keep in (1.0, 0.4, 0.0))
    assert kept > half > gone
    sad, sad_anyway = move(keep_smile=1.0, mouthFrown=1.0), move(keep_smile=0.0, mouthFrown=1.0)
    np.testing.assert_allclose(sad, sad_anyway, atol=1e-6)


@pytest.mark.parametrize(
    ("side", "upper", "lower"),
    [("Right", RIGHT_EYE_UPPER, RIGHT_EYE_LOWER), ("Left", LEFT_EYE_UPPER, LEFT_EYE_LOWER)],
)
def test_blink_shuts_one_eye_with_the_upper_lid(side: str, upper, lower, move):
    open_eye, shut = move(), move(**{f"eyeBlink{side}": 1.0})
    assert lid_gap(shut, upper, lower) < 0.02 * lid_gap(open_eye, upper, lower)
    fall = (shut - open_eye)[list(upper), 1].max()
    rise = (open_eye - shut)[list(lower), 1].max()
    assert fall > 6 * rise


def test_a_shut_eye_stays_shut_whatever_else_the_lids_do(move):
    for shape in ("eyeWide", "eyeSquint", "eyeLookDown", "eyeLookUp"):
        shut = move(eyeBlink=1.0, **{shape: 1.0})
        assert lid_gap(shut, LEFT_EYE_UPPER, LEFT_EYE_LOWER) < 0.002


def test_wide_and_squint_change_the_eye_opening(move):
    neutral = lid_gap(move(), LEFT_EYE_UPPER, LEFT_EYE_LOWER)
    assert lid_gap(move(eyeWide=1.0), LEFT_EYE_UPPER, LEFT_EYE_LOWER) > 1.15 * neutral
    assert lid_gap(move(eyeSquint=1.0), LEFT_EYE_UPPER, LEFT_EYE_LOWER) < 0.75 * neutral


def test_brows_go_up_and_down_and_leave_the_hairline(move):
    neutral = move()
    inner, outer, hairline = [107, 336], [70, 300], [67, 109, 10, 338, 297]
    assert (neutral - move(browInnerUp=1.0))[inner, 1].min() > 0.05
    assert (neutral - move(browOuterUp=1.0))[outer, 1].min() > 0.04
    down = move(browDown=1.0)
    assert (down - neutral)[inner, 1].min() > 0.04
    assert down[336, 0] - down[107, 0] < neutral[336, 0] - neutral[107, 0] - 0.03
    assert np.abs(down - neutral)[hairline].max() < 0.01
