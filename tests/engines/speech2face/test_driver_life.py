"""The signs of life: there when they should be, still when switched off, never the same twice unless asked."""

from dataclasses import replace

import numpy as np
import pytest

from engines.types import Expression

ALL = Expression()


def blink_count(curve, threshold=0.6):
    return int((np.diff((curve > threshold).astype(int)) == 1).sum())


@pytest.mark.parametrize("seed", range(6))
def test_blinks_are_as_frequent_as_peoples_and_both_eyes_close(stage, minute, seed):
    motion = stage.drive(minute, Expression(seed=seed))
    left, right = stage.shape(motion, "eyeBlinkLeft"), stage.shape(motion, "eyeBlinkRight")
    assert 8 <= blink_count(left) / minute.duration * 60 <= 32
    np.testing.assert_allclose(left, right, atol=0.05)


def test_a_blink_shuts_fully_and_takes_a_third_of_a_second(stage, minute):
    motion = stage.drive(minute, Expression(gaze=0.0), fps=100)
    shut = stage.shape(motion, "eyeBlinkLeft")
    edges = np.flatnonzero(np.diff((shut > 0.02).astype(int)))
    lengths = (edges[1::2] - edges[::2]) / 100
    assert shut.max() == pytest.approx(1.0)
    assert 0.12 < np.median(lengths) < 0.35


@pytest.mark.parametrize("fps", [10, 25])
def test_no_blink_falls_between_frames(stage, silence, fps):
    shut = stage.shape(stage.drive(silence, Expression(seed=3), fps=fps), "eyeBlinkLeft")
    smooth = stage.shape(stage.drive(silence, Expression(seed=3), fps=200), "eyeBlinkLeft")
    assert blink_count(shut) == blink_count(smooth)


def test_same_seed_same_motion_other_seed_other_motion(stage, sentence):
    one, same, other = (stage.drive(sentence, Expression(seed=seed)) for seed in (7, 7, 8))
    np.testing.assert_array_equal(one.blendshapes, same.blendshapes)
    np.testing.assert_array_equal(one.head, same.head)
    assert np.abs(one.head - other.head).max() > 0.5
    np.testing.assert_array_equal(stage.opening(one), stage.opening(other))


def test_everything_off_is_a_statue(stage, silence, still):
    motion = stage.drive(silence, still)
    assert motion.blendshapes.max() == 0.0
    assert np.abs(motion.head).max() == 0.0


@pytest.mark.parametrize(
    ("strength", "shapes"),
    [("blink", ("eyeBlink",)), ("brows", ("browInnerUp", "browOuterUp", "browDown")),
     ("gaze", ("eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeLookDown"))],
)  # fmt: skip
def test_a_strength_switches_its_own_sign_of_life_alone(stage, minute, still, strength, shapes):
    on = stage.drive(minute, replace(still, **{strength: 1.0}))
    for shape in shapes:
        assert stage.shape(on, shape).max() > 0.02
    off = stage.drive(minute, replace(ALL, **{strength: 0.0}))
    base = stage.drive(minute, ALL)
    if strength != "blink":
        for shape in shapes:
            assert stage.shape(off, shape).max() == 0.0
    np.testing.assert_array_equal(off.head, base.head)
    np.testing.assert_array_equal(stage.mouth(off), stage.mouth(base))


def test_fewer_blinks_are_some_of_the_same_blinks(stage, minute, still):
    all_of_them = stage.shape(stage.drive(minute, replace(still, blink=1.0)), "eyeBlink")
    some = stage.shape(stage.drive(minute, replace(still, blink=0.5)), "eyeBlink")
    assert 0 < blink_count(some) < blink_count(all_of_them)
    assert np.all(some <= all_of_them + 1e-6)


def test_head_strength_zero_is_exactly_still(stage, minute):
    assert np.abs(stage.drive(minute, Expression(head=0.0)).head).max() == 0.0


@pytest.mark.parametrize("seed", range(4))
def test_the_head_moves_like_a_calm_speakers(stage, minute, seed):
    motion = stage.drive(minute, Expression(seed=seed))
    angles = motion.head[:, :3]
    spread = angles.std(axis=0)
    assert np.all(spread > 0.8)
    assert np.all(spread < 4.0)
    speed = np.abs(np.diff(angles, axis=0)).max(axis=1) * motion.fps
    assert np.percentile(speed, 90) <= 40.0
    assert np.abs(angles).max() < 12.0
    assert np.abs(motion.head[:, 3:]).max() < 0.08


def test_the_head_moves_more_in_speech_than_in_silence(stage, minute, silence):
    talking = stage.drive(minute, ALL).head[:750, :3].std(axis=0)
    idle = stage.drive(silence, ALL).head[:, :3].std(axis=0)
    assert talking.sum() > 2.0 * idle.sum()
    assert idle.sum() > 0.3


def test_stressed_syllables_nod_the_head(stage, minute, still):
    motion = stage.drive(minute, replace(still, head=1.0), fps=50)
    stressed = [(p.start + p.end) / 2 for p in minute.phones if "ˈ" in p.ipa]
    speed = np.gradient(motion.head[:, 1])
    before = [speed[int((t - 0.08) * 50)] for t in stressed]
    assert np.mean(before) < -0.02


def test_eyes_stay_on_the_viewer_while_the_head_turns(stage, minute, still):
    motion = stage.drive(minute, replace(still, head=1.0, gaze=1.0))
    to_the_right = stage.shape(motion, "eyeLookOutLeft") - stage.shape(motion, "eyeLookInLeft")
    assert np.corrcoef(to_the_right, motion.head[:, 0])[0, 1] < -0.3


def test_lids_follow_the_gaze_down(stage, minute, still):
    motion = stage.drive(minute, replace(still, gaze=1.0))
    down = stage.shape(motion, "eyeLookDown")
    assert stage.shape(motion, "eyeBlink")[down > 0.05].min() > 0.0


def test_breathing_lifts_the_head_slowly(stage, silence, still):
    motion = stage.drive(silence, replace(still, head=1.0, breathing=1.0))
    without = stage.drive(silence, replace(still, head=1.0, breathing=0.0))
    lift = (motion.head - without.head)[:, 4]
    breaths = (np.diff(np.sign(lift)) > 0).sum() / 30 * 60
    assert 9 <= breaths <= 22
    assert 0.002 < np.abs(lift).max() < 0.03


@pytest.mark.parametrize("seed", range(3))
def test_a_clip_begins_and_ends_gently(stage, say, seed):
    speech = say((("", 0.5), ("ˈɑ", 0.3), ("n", 0.1), ("ˈi", 0.3), ("", 0.6)), repeat=3)
    motion = stage.drive(speech, Expression(seed=seed))
    for frame in (motion.blendshapes[0], motion.blendshapes[-1]):
        assert frame.max() < 0.05
    assert np.abs(motion.head[[0, -1], :3]).max() < 0.6


@pytest.mark.parametrize("strength", ["blink", "gaze", "brows", "head"])
def test_the_same_life_at_every_frame_rate(stage, minute, still, strength):
    expression = replace(still, **{strength: 1.0})
    slow, fast = stage.drive(minute, expression, fps=25), stage.drive(minute, expression, fps=50)
    count = min(len(slow), len(fast.head[::2]))
    np.testing.assert_allclose(slow.head[:count], fast.head[::2][:count], atol=0.4)
    same = np.abs(slow.blendshapes[:count] - fast.blendshapes[::2][:count]).max(axis=1) < 0.25
    assert same.mean() > 0.97


def test_long_clips_do_not_freeze_or_repeat(stage, minute):
    head = stage.drive(minute, ALL).head[:, 0]
    half = len(head) // 2
    assert abs(np.corrcoef(head[:half], head[half : 2 * half])[0, 1]) < 0.6
