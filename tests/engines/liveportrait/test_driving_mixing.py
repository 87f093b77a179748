"""A driving clip, the photo's own face and our speech come together as LivePortrait's formulas say."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from engines.liveportrait.implicit import Implicit
from engines.liveportrait.keypoints import placed, rotation
from engines.liveportrait.mixing import Drive, fitting, keypoints_of, mixed
from engines.liveportrait.regions import EYES, LIPS, Region
from engines.liveportrait.timing import cut, resampled, smoothed
from tests.engines.liveportrait.motions import made_up

OWN, CLIP = made_up(20, 25.0, 1), made_up(20, 25.0, 2)
STILL = resampled(made_up(1, 25.0, 3), 25.0, 1)
BROWS = (1, 2)


def keypoints(motion: Implicit, canonical: np.ndarray) -> np.ndarray:
    """(T, 21, 3) where the face is."""
    turns = rotation(*motion.rotation.T)
    return placed(canonical, turns, motion.expression, motion.scale, motion.translation)


def test_relative_motion_is_the_official_formula() -> None:
    canonical = np.random.default_rng(5).normal(0, 0.3, (1, 21, 3))
    found = keypoints(mixed(OWN, STILL, CLIP, Drive("all")), canonical)
    turns = rotation(*CLIP.rotation.T)
    own_turn = rotation(*STILL.rotation.T)[0]
    for k in range(len(CLIP)):
        turn = turns[k] @ turns[0].T @ own_turn
        expression = STILL.expression[0] + (CLIP.expression[k] - CLIP.expression[0])
        scale = STILL.scale[0] * CLIP.scale[k] / CLIP.scale[0]
        shift = (STILL.translation[0] + CLIP.translation[k] - CLIP.translation[0]) * (1, 1, 0)
        wanted = scale * (canonical[0] @ turn + expression) + shift
        assert np.abs(found[k] - wanted).max() < 1e-5
    assert np.abs(found[0] - keypoints(STILL, canonical)[0]).max() < 1e-5, "it begins as the photo is"


def test_absolute_motion_takes_over_what_the_clip_shows() -> None:
    found = mixed(OWN, STILL, CLIP, Drive("all", "absolute"))
    assert np.allclose(found.rotation, CLIP.rotation, atol=1e-4)
    assert np.allclose(found.translation[:, :2], CLIP.translation[:, :2], atol=1e-5)
    assert np.allclose(found.scale, STILL.scale[0])
    taken = np.isclose(found.expression, CLIP.expression, atol=1e-6).all(0)
    kept = np.isclose(found.expression, STILL.expression, atol=1e-6).all(0)
    whole = [1, 2, 6, *range(11, 21)]
    assert taken[whole].all()
    assert [tuple(axis) for axis in np.argwhere(taken) if axis[0] not in whole] == [
        (3, 1), (4, 1), (5, 2), (8, 2), (9, 1), (9, 2),
    ]  # fmt: skip
    assert (taken ^ kept).all()


@pytest.mark.parametrize("region", get_args(Region))
def test_only_the_region_follows_the_clip(region: Region) -> None:
    found = mixed(OWN, STILL, CLIP, Drive(region))
    own = np.isclose(found.expression, OWN.expression).all((0, 2))
    assert (own == ~keypoints_of(region)).all()
    assert own[list(LIPS)].all() == (region in ("all_but_lips", "head", "eyes")), (
        "else the mouth keeps speaking"
    )
    assert own[list(EYES)].all() == (region in ("head", "lips"))
    assert own[list(BROWS)].all() == (region in ("head", "eyes", "lips"))
    moves_head = region in ("all_but_lips", "all", "head")
    assert np.allclose(found.rotation, OWN.rotation) != moves_head
    assert np.allclose(found.translation, OWN.translation) != moves_head
    assert np.allclose(found.scale, OWN.scale) != (region in ("all_but_lips", "all"))
    assert np.allclose(found.lips, OWN.lips) == own[list(LIPS)].all()
    assert np.allclose(found.eyes, OWN.eyes) == own[list(EYES)].all()


def test_a_clip_that_goes_on_in_its_middle_goes_on_as_it_was() -> None:
    clip = fitting(made_up(9, 30.0, 2), 25.0, 20, 0.3)
    whole = mixed(OWN, STILL, clip, Drive("all"))
    rest = mixed(cut(OWN, 7, 20), STILL, clip, Drive("all"), first=7)
    assert len(rest) == 13
    assert np.array_equal(rest.expression, whole.expression[7:])
    assert np.array_equal(rest.rotation, whole.rotation[7:])


def test_a_person_who_walks_away_stays_in_the_square() -> None:
    step = np.linspace(0, 1, 20, dtype=np.float32)
    walk = replace(
        CLIP,
        translation=np.outer(3 * step, [1, 0.5, 0]).astype(np.float32),
        scale=(1 + 2 * step).astype(np.float32),
    )
    found = mixed(OWN, STILL, walk, Drive("all"))
    went = found.translation[:, 0] - STILL.translation[0, 0]
    assert 0.25 < went[-1] < 0.31
    assert (np.diff(went) >= 0).all()
    assert 1.3 < found.scale[-1] / STILL.scale[0] < 1.36
    assert went[1] == pytest.approx(walk.translation[1, 0], abs=0.01), "near by, it goes as far as in the clip"


def test_strength_scales_what_changes() -> None:
    none, half, full = (mixed(OWN, STILL, CLIP, Drive("all", strength=s)) for s in (0.0, 0.5, 1.0))
    assert np.allclose(none.expression, STILL.expression)
    assert np.allclose(none.rotation, STILL.rotation, atol=1e-4)
    assert np.allclose(
        half.expression - STILL.expression, 0.5 * (full.expression - STILL.expression), atol=1e-6
    )
    turned = np.ptp(half.rotation, axis=0) / np.ptp(full.rotation, axis=0)
    assert np.abs(turned - 0.5).max() < 0.1


def test_another_rate_is_the_same_motion_in_time() -> None:
    slow, fast = made_up(31, 30.0), resampled(made_up(31, 30.0), 25.0)
    assert len(fast) == 26
    assert fast.fps == 25.0
    assert np.allclose(fast.expression[::5], slow.expression[::6], atol=1e-6), "at times that both have"
    truth = made_up(2501, 2500.0).expression[::100]
    assert np.abs(fast.expression - truth).max() < 0.02 * np.abs(truth).max()
    assert resampled(slow, 30.0).expression.tobytes() == slow.expression.tobytes()


def test_a_short_clip_goes_back_and_forth_without_a_jump_or_a_wait() -> None:
    short = made_up(13, 24.0)
    long = resampled(short, 25.0, 100)
    assert len(long) == 100
    steps = np.abs(np.diff(long.expression.reshape(100, -1), axis=0)).max(1)
    own = np.abs(np.diff(short.expression.reshape(13, -1), axis=0)).max(1)
    assert steps.max() < 1.05 * own.max()
    assert steps.min() > 0.2 * own.min(), "no frame is shown twice"
    assert len(resampled(resampled(short, 25.0, 1), 25.0, 9)) == 9


def test_smoothing_calms_without_lag() -> None:
    clean = made_up(100)
    noise = np.random.default_rng(4).normal(0, 1.5, (100, 3)).astype(np.float32)
    shaken = replace(clean, rotation=clean.rotation + noise)
    calm = smoothed(shaken, 1.0)
    middle = slice(10, -10)
    left = (calm.rotation - clean.rotation)[middle]
    assert left.std() < 0.6 * noise[middle].std()
    lags = [
        np.corrcoef(calm.rotation[10 + lag : 90 + lag, 0], clean.rotation[middle, 0])[0, 1]
        for lag in (-3, 0, 3)
    ]
    assert np.argmax(lags) == 1
    assert smoothed(shaken, 0.0) is shaken


def test_smoothing_keeps_blinks() -> None:
    clip = resampled(made_up(1, 30.0), 30.0, 60)
    blink = np.zeros(60, np.float32)
    blink[28:38] = [0.4, 0.8, 1, 1, 1, 0.9, 0.7, 0.5, 0.3, 0.1]  # closing 3, closed 3, opening 6 frames
    clip.expression[:, 11, 1] += 0.012 * blink
    calm = smoothed(clip, 1.0)
    assert np.ptp(calm.expression[:, 11, 1]) > 0.95 * 0.012
