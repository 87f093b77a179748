"""Feelings that can be read on the face, also while it speaks."""

from dataclasses import replace

import numpy as np
import pytest

from engines.errors import StudioError
from engines.types import BLENDSHAPE_INDEX, EMOTIONS, EmotionKey, Expression

SIGNS = {
    "amazement": ("browInnerUp", "browOuterUpLeft", "eyeWideLeft", "jawOpen"),
    "anger": ("browDownLeft", "mouthPressLeft", "noseSneerLeft"),
    "cheekiness": ("mouthSmileLeft", "browOuterUpRight"),
    "disgust": ("noseSneerLeft", "mouthUpperUpLeft", "browDownLeft", "mouthFrownLeft"),
    "fear": ("browInnerUp", "eyeWideLeft", "mouthStretchLeft"),
    "grief": ("browInnerUp", "mouthFrownLeft", "eyeSquintLeft"),
    "joy": ("mouthSmileLeft", "cheekSquintLeft"),
    "outofbreath": ("jawOpen",),
    "pain": ("eyeSquintLeft", "browDownLeft", "mouthStretchLeft"),
    "sadness": ("browInnerUp", "mouthFrownLeft"),
}


def feeling(**weights):
    return Expression(emotions=(EmotionKey(0.0, weights),))


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_each_emotion_shows_its_signs_at_rest(stage, emotion):
    pose = stage.pose(**{emotion: 0.8})
    for name in SIGNS[emotion]:
        assert pose[BLENDSHAPE_INDEX[name]] > 0.15, name
    assert pose.shape == (52,)
    assert 0.0 <= pose.min() <= pose.max() <= 1.0


def test_no_two_emotions_look_alike(stage):
    poses = np.stack([stage.pose(**{emotion: 1.0}) for emotion in EMOTIONS])
    apart = np.linalg.norm(poses[:, None] - poses[None], axis=2) + 9 * np.eye(len(EMOTIONS))
    assert apart.min() > 0.5


def test_only_cheekiness_is_one_sided(stage):
    for emotion in EMOTIONS:
        pose = stage.pose(**{emotion: 1.0})
        left = [
            i
            for name, i in BLENDSHAPE_INDEX.items()
            if name.endswith("Left") and not name.startswith("eyeLook")
        ]
        lopsided = max(abs(pose[i] - pose[right_of(i)]) for i in left if right_of(i))
        assert (lopsided > 0.4) == (emotion == "cheekiness"), emotion


def right_of(left):
    name = list(BLENDSHAPE_INDEX)[left]
    return BLENDSHAPE_INDEX.get(f"{name.removesuffix('Left')}Right")


def test_neutral_is_neutral(stage):
    assert stage.pose().max() == 0.0


def test_more_is_more(stage):
    faint, strong = stage.pose(anger=0.3), stage.pose(anger=0.9)
    assert np.all(strong >= faint)
    assert strong.sum() > 2.0 * faint.sum()


def test_mixtures_stay_within_a_face(stage):
    pose = stage.pose(**dict.fromkeys(EMOTIONS, 1.0))
    assert pose.max() <= 1.0
    both = stage.pose(joy=0.8, amazement=0.8)
    assert both[BLENDSHAPE_INDEX["mouthSmileLeft"]] > 0.3
    assert both[BLENDSHAPE_INDEX["eyeWideLeft"]] > 0.3


@pytest.mark.parametrize(
    ("emotion", "corner"), [("joy", "mouthSmile"), ("sadness", "mouthFrown"), ("grief", "mouthFrown")]
)
def test_corners_of_the_mouth_show_it_while_speaking(stage, sentence, emotion, corner):
    plain = stage.shape(stage.drive(sentence), corner)
    felt = stage.shape(stage.drive(sentence, feeling(**{emotion: 0.8})), corner)
    speaking = stage.window(stage.drive(sentence), 0.2, 1.1)
    assert (felt - plain)[speaking].mean() > 0.2


def test_a_smile_gives_way_to_oo(stage, say):
    motion = stage.drive(say((("ˈiː", 0.3), ("t", 0.06), ("ˈuː", 0.3), ("", 0.3))), feeling(joy=1.0))
    smile = stage.shape(motion, "mouthSmile")
    assert smile[int(0.5 * 25)] < 0.75 * smile[int(0.15 * 25)]


@pytest.mark.parametrize("emotion", ["amazement", "outofbreath"])
def test_open_mouthed_feelings_do_not_hold_the_jaw_open_in_speech(stage, sentence, emotion):
    at_rest = stage.pose(**{emotion: 1.0})[BLENDSHAPE_INDEX["jawOpen"]]
    motion = stage.drive(sentence, feeling(**{emotion: 1.0}))
    sibilant = next(p for p in sentence.phones if p.ipa == "z")
    assert stage.opening(motion)[stage.window(motion, sibilant.start, sibilant.end)].min() < 0.35 * at_rest


def test_keys_change_the_feeling_within_half_a_second(stage, silence):
    keys = (EmotionKey(1.0, {"joy": 1.0}), EmotionKey(3.0, {"anger": 1.0}))
    motion = stage.drive(silence, Expression(emotions=keys, blink=0, gaze=0, brows=0))
    smile, frown = stage.shape(motion, "mouthSmile"), stage.shape(motion, "browDown")
    assert smile[:25].max() == 0.0
    assert smile[38:74].min() > 0.7
    assert smile[88:].max() < 0.01
    assert frown[88:].min() > 0.8
    assert np.abs(np.diff(smile)).max() < 0.25


def test_keys_may_come_in_any_order(stage, silence):
    keys = (EmotionKey(1.0, {"joy": 1.0}), EmotionKey(3.0, {"anger": 1.0}))
    forth, back = (stage.drive(silence, Expression(emotions=order)) for order in (keys, keys[::-1]))
    np.testing.assert_array_equal(forth.blendshapes, back.blendshapes)


def test_the_first_frame_is_the_pose(stage, silence):
    motion = stage.drive(silence, feeling(disgust=0.8))
    np.testing.assert_allclose(motion.blendshapes[0], stage.pose(disgust=0.8), atol=0.2)


def test_feelings_change_posture_and_pace(stage, minute):
    sad, calm = (stage.drive(minute, feeling(**weights)) for weights in ({"sadness": 1.0}, {}))
    assert sad.head[:, 1].mean() < calm.head[:, 1].mean() - 2.0
    scared = stage.shape(stage.drive(minute, feeling(fear=1.0)), "eyeBlink")
    amazed = stage.shape(stage.drive(minute, feeling(amazement=1.0)), "eyeBlink")
    assert crossings(scared) > 1.5 * crossings(amazed)


def crossings(curve):
    return (np.diff((curve > 0.6).astype(int)) == 1).sum()


def test_out_of_breath_breathes_fast_and_deep(stage, silence):
    panting, calm = (
        stage.drive(silence, feeling(**weights)).head[:, 4] for weights in ({"outofbreath": 1.0}, {})
    )
    assert np.abs(np.diff(panting)).mean() > 4.0 * np.abs(np.diff(calm)).mean()


def test_an_unknown_emotion_is_refused_by_name(stage):
    with pytest.raises(StudioError, match="happiness"):
        stage.pose(happiness=1.0)


@pytest.mark.parametrize(
    ("emotion", "sign"), [("joy", "cheekSquint"), ("sadness", "browInnerUp"), ("anger", "browDown")]
)
def test_a_feeling_breathes_with_the_voice_and_never_pops(stage, minute, still, emotion, sign):
    motion = stage.drive(minute, replace(still, emotions=(EmotionKey(0.0, {emotion: 0.7}),)))
    shown = stage.shape(motion, sign)[25:-25]
    assert 0.04 < shown.std() / shown.mean() < 0.25
    assert 0.2 < np.ptp(shown) / shown.mean() < 0.75
    assert np.abs(np.diff(shown)).max() < 0.06


def test_stress_raises_a_feeling_and_a_pause_lets_it_go(stage, minute, still):
    motion = stage.drive(minute, replace(still, emotions=(EmotionKey(0.0, {"anger": 0.6}),)))
    frown = stage.shape(motion, "browDown")
    at = [int((p.start + p.end) / 2 * 25) for p in minute.phones if "ˈ" in p.ipa and p.start > 1]
    rest = [int((p.end - 0.05) * 25) for p in minute.phones if not p.ipa and 1 < p.end < 60]
    assert frown[at].mean() > 1.05 * frown[rest].mean()


def test_the_corners_of_a_smile_live_by_themselves(stage, silence, still):
    motion = stage.drive(silence, replace(still, emotions=(EmotionKey(0.0, {"joy": 0.8}),)))
    left, right = stage.shape(motion, "mouthSmileLeft"), stage.shape(motion, "mouthSmileRight")
    assert 0.02 < np.abs(left - right).max() < 0.25
    assert np.ptp(left) > 0.05
    assert np.abs(np.diff(stage.opening(motion), 2)).mean() < 0.002


@pytest.mark.parametrize("emotion", ["joy", "anger", "fear", "outofbreath"])
def test_lips_close_on_p_b_m_whatever_is_felt(stage, minute, emotion):
    keys = (EmotionKey(0.0, {"joy": 0.8}), EmotionKey(20.0, {emotion: 1.0}), EmotionKey(40.0, {"sadness": 1.0}))
    motion = stage.drive(minute, Expression(emotions=keys))
    for phone in (p for p in minute.phones if p.ipa and p.ipa[0] in "pbm"):
        shown = stage.window(motion, phone.start - 0.05, phone.end + 0.03)
        assert stage.opening(motion)[shown].min() < 0.01, phone
