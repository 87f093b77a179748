"""The signs of life: there when they should be, still when switched off, never the same twice unless asked."""

from dataclasses import replace

import numpy as np
import pytest

from engines.errors import StudioError
from engines.speech2face.idle import idle
from engines.types import BLENDSHAPE_INDEX, EmotionKey, Expression

ALL = Expression()


def blink_count(curve, threshold=0.6):
    return int((np.diff((curve > threshold).astype(int)) == 1).sum())


@pytest.mark.parametrize("seed", range(6))
def test_blinks_are_as_frequent_as_peoples_and_both_eyes_close(stage, minute, seed):
    motion = stage.drive(minute, Expression(seed=seed))
    left, right = stage.shape(motion, "eyeBlinkLeft"), stage.shape(motion, "eyeBlinkRight")
    assert 8 <= blink_count(left) / minute.duration * 60 <= 32
    np.testing.assert_allclose(left, right, atol=0.12)
    assert np.abs(left - right).max() > 0.01


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


def test_head_and_breathing_are_strengths_of_their_own(stage, minute):
    assert np.abs(stage.drive(minute, Expression(head=0.0, breathing=0.0)).head).max() == 0.0
    breathing = stage.drive(minute, Expression(head=0.0)).head
    assert np.abs(breathing[:, :4]).max() == 0.0
    assert 0.003 < np.ptp(breathing[:, 4]) < 0.05
    assert np.ptp(stage.drive(minute, Expression(breathing=0.0)).head[:, 4]) > 0.003


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


def test_blinks_differ_in_pace_and_one_lid_is_a_little_behind(stage, minute, still):
    motion = stage.drive(minute, replace(still, blink=1.0), fps=200)
    left, right = stage.shape(motion, "eyeBlinkLeft"), stage.shape(motion, "eyeBlinkRight")
    edges = np.flatnonzero(np.diff((left > 0.5).astype(int)))
    lengths = (edges[1::2] - edges[::2]) / 200
    assert lengths.std() > 0.01
    falls = [np.flatnonzero(np.diff((lid > 0.5).astype(int)) == 1) / 200 for lid in (left, right)]
    apart = np.abs(falls[0] - falls[1])
    assert apart.max() <= 0.011
    assert 0.005 < np.abs(left - right).max() < 0.2


def test_eyes_that_rest_still_flicker(stage, silence, still):
    motion = stage.drive(silence, replace(still, gaze=1.0), fps=50)
    yaw = 25.0 * (stage.shape(motion, "eyeLookOutLeft") - stage.shape(motion, "eyeLookInLeft"))
    jumps = np.flatnonzero(np.abs(np.diff(yaw)) > 0.08)
    begins = 1 + int((np.diff(jumps) > 5).sum())
    assert 0.8 <= begins / 30 <= 3.0


def test_the_head_sinks_where_a_phrase_ends(stage, minute, still):
    pitch = np.mean(
        [stage.drive(minute, replace(still, head=1.0, seed=seed), fps=50).head[:, 1] for seed in range(8)],
        axis=0,
    )
    ends = [p.start for p in minute.phones if not p.ipa and p.end - p.start > 0.3 and 1 < p.start < 59]
    sunk = np.mean([pitch[int((end + 0.05) * 50)] - pitch[int((end + 0.8) * 50) % len(pitch)] for end in ends])
    assert sunk < -0.3


def test_speakers_breathe_in_their_pauses(stage, say, still):
    speech = say((("ˈɑ", 0.3), ("n", 0.1), ("ˈi", 0.3), ("n", 0.1)) * 4 + (("", 0.7),), repeat=12)
    lift = stage.drive(speech, replace(still, breathing=1.0), fps=50).head[:, 4]
    rising = np.diff(lift) > 1e-5
    pause = np.interp(np.arange(len(rising)) / 50 % 3.9, (0, 3.2, 3.3, 3.85, 3.9), (0, 0, 1, 1, 0)) > 0.5
    assert rising[pause].mean() > 0.6
    assert rising[pause].mean() > 2.0 * rising[~pause].mean()


@pytest.mark.parametrize("seconds", [2.0, 6.4, 20.0])
@pytest.mark.parametrize("feeling", [{}, {"joy": 0.8}, {"outofbreath": 1.0}])
def test_an_idle_loop_has_no_seam(seconds, feeling):
    motion = idle(Expression((EmotionKey(0.0, feeling),) if feeling else (), seed=5), seconds, 25.0)
    assert len(motion) == round(seconds * 25)
    lids = [BLENDSHAPE_INDEX["eyeBlinkLeft"], BLENDSHAPE_INDEX["eyeBlinkRight"]]
    for curves in (motion.head, np.delete(motion.blendshapes, lids, axis=1)):
        around = np.concatenate([curves, curves])
        steps, turns = np.abs(np.diff(around, axis=0)), np.abs(np.diff(around, 2, axis=0))
        seam, count = len(curves), len(curves)
        assert np.all(steps[seam - 1] <= np.maximum(1.5 * steps[: count - 1].max(axis=0), 1e-6))
        assert np.all(
            turns[seam - 2 : seam].max(axis=0) <= np.maximum(1.5 * turns[: count - 2].max(axis=0), 1e-6)
        )
    assert motion.blendshapes[[0, -1]][:, lids].max() < 0.4, "no blink is cut"


def test_an_idle_loop_lives(stage):
    motion = idle(Expression((EmotionKey(0.0, {"joy": 0.6}),)), 30.0, 25.0)
    assert 4 <= blink_count(stage.shape(motion, "eyeBlinkLeft")) <= 15
    assert np.ptp(motion.head[:, 4]) > 0.004
    assert motion.head[:, :3].std(axis=0).min() > 0.15
    smile = stage.shape(motion, "mouthSmile")
    assert 0.03 < np.ptp(smile) / smile.mean() < 0.6
    first, second = (motion.head[:375, 0], motion.head[375:, 0])
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.9


def test_an_idle_loop_needs_a_sensible_length():
    with pytest.raises(StudioError, match="seconds"):
        idle(Expression(), 0.2, 25.0)
