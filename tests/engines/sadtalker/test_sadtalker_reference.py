"""Lids and head as in a video, and nothing else of it."""

from __future__ import annotations

import numpy as np
import pytest

from engines.digests import file_digest
from engines.errors import StudioError
from engines.progress import Watch
from engines.registry import get_recipe
from engines.sadtalker import SadTalkerOptions
from engines.sadtalker.checkpoint import Parts
from engines.sadtalker.network.rendering import MappingNetwork
from engines.sadtalker.networks import Networks
from engines.sadtalker.performance import Performance
from engines.sadtalker.reference import looped, video_lids, video_pose
from engines.sadtalker.stand import Stand
from engines.stages import Given
from engines.types import BLENDSHAPE_INDEX, AvatarRef, Expression, Motion, Speech
from studio.samples import SAMPLES
from tests.clip_makers import write_clip
from tests.engines.sadtalker.conftest import seeded
from tests.engines.wav2lip.conftest import bursts

FRAMES, SHUT = 26, slice(10, 14)


@pytest.fixture
def blinking(studio, tmp_path):
    """A second of a sample face that opens its mouth and shuts its eyes for four frames."""
    shapes = np.zeros((FRAMES, len(BLENDSHAPE_INDEX)), np.float32)
    shapes[:, BLENDSHAPE_INDEX["jawOpen"]] = np.linspace(0, 0.6, FRAMES)
    for name in ("eyeBlinkLeft", "eyeBlinkRight"):
        shapes[SHUT, BLENDSHAPE_INDEX[name]] = 1.0
    avatar = AvatarRef(str(SAMPLES / "rafael.jpg"))
    frames = studio.pipeline.posed(avatar, shapes, 320, get_recipe("instant"))
    return write_clip(tmp_path / "blinking.mp4", frames)


@pytest.fixture
def stand(with_models):
    networks = Networks(seeded(Parts), seeded(MappingNetwork, 73), "cpu")
    kept = {}

    def keep(_tier, parts, make):
        if parts not in kept:
            kept[parts] = make()
        return kept[parts]

    return Stand(lambda: networks, "cpu", keep, Watch())


def performed(stand, **options):
    speech = Speech(bursts(2.0), 16_000)
    motion = Motion(25.0, np.zeros((50, 52), np.float32), np.zeros((50, 6), np.float32))
    given = Given(speech, motion, Expression(), SadTalkerOptions(**options))
    own = np.linspace(-1, 1, 73).astype(np.float32)
    return Performance(given, stand).coefficients(own)


def test_the_lids_of_a_video_are_taken_and_nothing_else_of_its_face(blinking, stand):
    lids = video_lids(stand, blinking)
    assert len(lids) == pytest.approx(FRAMES, abs=1)
    assert lids[11:13].min() > 0.5
    assert max(lids[:9].max(), lids[16:].max()) < 0.3
    usual = performed(stand, blinks="none")
    moved = np.abs(performed(stand, blink_video=str(blinking)) - usual) > 1e-3
    assert not moved[:, 64:].any()
    assert set(np.flatnonzero(moved.any(1)) % len(lids)) <= set(np.flatnonzero(lids > 0))
    assert moved[11].any()
    assert moved[11 + len(lids)].any(), "a clip that is longer repeats it"


def test_the_head_of_a_video_is_taken_from_where_it_begins(blinking, stand):
    shown = performed(stand, pose_video=str(blinking))
    pose = stand.keep("features", ("video pose", file_digest(blinking)), dict)["pose"]
    assert len(pose) == pytest.approx(FRAMES, abs=1)
    assert np.abs(pose).max() > 0
    own = np.linspace(-1, 1, 73)[64:70]
    np.testing.assert_allclose(shown[:, 64:70] - own, looped(pose, 50), atol=1e-5)
    assert np.array_equal(shown[:, :64], performed(stand, still=True)[:, :64])


def test_a_video_that_shows_nobody_is_refused(stand, tmp_path):
    clip = write_clip(tmp_path / "empty.mp4", (np.full((240, 320, 3), 90, np.uint8) for _ in range(30)))
    with pytest.raises(StudioError, match=r"no face at the start of empty\.mp4"):
        video_pose(stand, clip)
    (tmp_path / "words.mp4").write_text("no video")
    with pytest.raises(StudioError):
        video_lids(stand, tmp_path / "words.mp4")
