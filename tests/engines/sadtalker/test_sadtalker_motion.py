"""Lids, mouth, expression and head move apart from each other, as the options and the strengths say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.errors import StudioError
from engines.progress import Watch
from engines.registry import get_engine
from engines.sadtalker import SadTalkerOptions
from engines.sadtalker.checkpoint import Parts
from engines.sadtalker.driving import at_rate
from engines.sadtalker.keys import values_at
from engines.sadtalker.network.rendering import MappingNetwork
from engines.sadtalker.networks import Networks
from engines.sadtalker.performance import Performance
from engines.sadtalker.reference import closing
from engines.sadtalker.stand import Stand
from engines.stages import Given
from engines.types import BLENDSHAPES, Expression, Motion, Speech
from tests.engines.sadtalker.conftest import narrowed, seeded
from tests.engines.wav2lip.conftest import bursts

OWN = np.linspace(-1, 1, 73).astype(np.float32)
FACE, HEAD, PLACE = slice(0, 64), slice(64, 70), slice(70, 73)


@pytest.fixture(scope="module")
def performed():
    """(T, 73) of three seconds of speech, with options and strengths."""
    with pytest.MonkeyPatch.context() as patch:
        narrowed(patch)
        networks = Networks(seeded(Parts), seeded(MappingNetwork, 73), "cpu")
    kept = {}

    def keep(_tier, parts, make):
        if parts not in kept:
            kept[parts] = make()
        return kept[parts]

    speech = Speech(bursts(3.0), 16_000)
    lids = np.zeros((75, len(BLENDSHAPES)), np.float32)
    lids[40:43, [0, 7]] = 1.0
    motion = Motion(25.0, lids, np.zeros((75, 6), np.float32))

    def make(felt=None, **options):
        given = Given(speech, motion, felt or Expression(), SadTalkerOptions(**options))
        return Performance(given, Stand(lambda: networks, "cpu", keep, Watch())).coefficients(OWN)

    return make


def changed(one, other):
    """Which frames and which of the face's, the head's and the place's numbers differ."""
    apart = np.abs(one - other) > 1e-5
    return set(np.flatnonzero(apart.any(1))), [bool(apart[:, part].any()) for part in (FACE, HEAD, PLACE)]


def test_blinks_touch_the_face_alone_and_only_while_they_last(performed):
    none = performed(blinks="none")
    frames, parts = changed(performed(), none)
    assert parts == [True, False, False]
    assert 5 <= len(frames) <= 25
    assert changed(performed(blinks="studio"), none) == ({40, 41, 42}, [True, False, False])
    assert changed(performed(blink_keys="0@1 1@1.04 0@1.08"), none)[0] == {26}
    assert changed(performed(Expression(blink=0.0)), none)[0] == set()
    half = performed(Expression(blink=0.5), blinks="none", blink_keys="1")
    whole = performed(blink_keys="1")
    np.testing.assert_allclose(half[:, FACE] - none[:, FACE], (whole - none)[:, FACE] / 2, atol=1e-5)


def test_the_head_is_moved_by_style_and_strength_and_nothing_else_is(performed):
    still, usual = performed(still=True), performed()
    assert np.allclose(still[:, HEAD], OWN[HEAD])
    assert changed(still, usual)[1] == [False, True, False]
    assert changed(performed(pose_style=9), usual)[1] == [False, True, False]
    assert changed(performed(Expression(head=0.0)), still) == (set(), [False, False, False])
    half = performed(Expression(head=0.5))
    np.testing.assert_allclose(half[:, HEAD] - OWN[HEAD], (usual[:, HEAD] - OWN[HEAD]) / 2, atol=1e-5)
    assert np.abs(np.diff(usual[:, HEAD], axis=0)).max() < 0.5, "chunks of 32 frames do not jump"


def test_the_mouth_speaks_by_its_strength_and_the_whole_face_by_the_scale(performed):
    usual, silent = performed(blinks="none"), performed(Expression(mouth=0.0), blinks="none")
    assert np.ptp(silent[:, FACE], axis=0).max() < 1e-4, "a mouth of no strength stays as in silence"
    assert np.ptp(usual[:, FACE], axis=0).max() > 0.01
    twice = performed(Expression(mouth=2.0), blinks="none")
    np.testing.assert_allclose(twice[:, FACE] - silent[:, FACE], 2 * (usual - silent)[:, FACE], atol=1e-4)
    np.testing.assert_allclose(
        performed(expression_scale=2.0, blinks="none")[:, FACE], 2 * usual[:, FACE], atol=1e-5
    )
    blinking = performed(Expression(mouth=0.0), blink_keys="0@1 1@1.04 0@1.08")
    assert changed(blinking, silent)[0] == {26}, "the lids do not need the mouth"


def test_idle_the_sound_moves_nothing(performed):
    idle = performed(idle=True, blinks="none", still=True)
    assert np.ptp(idle[:, FACE], axis=0).max() < 1e-4
    assert changed(idle, performed(blinks="none", still=True))[1] == [True, False, False]


def test_keys_are_spread_or_timed_and_what_is_wrong_is_said():
    times = np.array([0.0, 1.0, 2.0, 4.0])
    assert values_at("", times, 4.0) is None
    assert values_at("7", times, 4.0).tolist() == [7, 7, 7, 7]
    assert values_at("0, 20, -20", times, 4.0).tolist() == [0, 10, 20, -20]
    assert values_at("0@1 10@2 10@3", times, 4.0).tolist() == [0, 0, 10, 10]
    engine = get_engine("sadtalker")
    for wrong in ("a lot", "0@1 5", "0@2 1@1", "61", "nan", "1@-1", "1@inf"):
        with pytest.raises(StudioError, match="SadTalker option 'yaw'"):
            engine.parse_options({"yaw": wrong})
    with pytest.raises(StudioError, match="blink_keys"):
        engine.parse_options({"blink_keys": "1.5"})


def test_keypoints_come_at_the_clips_own_rate():
    keypoints = np.zeros((10, 15, 3), np.float32)
    keypoints[:, 0, 0] = np.arange(10)
    assert at_rate(keypoints, 2, 3, 25.0)[:, 0, 0].tolist() == [2, 3, 4]
    assert at_rate(keypoints, 0, 5, 50.0)[:, 0, 0].tolist() == [0, 0.5, 1, 1.5, 2]
    assert at_rate(keypoints, 8, 4, 25.0)[:, 0, 0].tolist() == [8, 9, 9, 9]


def test_only_deep_closing_counts_as_a_blink():
    openings = np.full(50, 0.3)
    openings[20:23] = (0.15, 0.08, 0.15)
    lids = closing(openings)
    assert lids[21] == 1.0
    assert 0.5 < lids[20] < 1.0
    assert not lids[:20].any()
    assert not closing(0.3 + 0.02 * np.sin(np.arange(50))).any()


def test_options_that_do_not_exist_are_refused():
    with pytest.raises(StudioError, match="pose_style"):
        get_engine("sadtalker").parse_options({"pose_style": 46})
    assert replace(SadTalkerOptions(), mode="crop").mode == "crop"
