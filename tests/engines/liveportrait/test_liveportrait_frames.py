"""A photo moved by LivePortrait: what moves, what stays, and a whole clip."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from itertools import islice, pairwise

import av
import cv2
import numpy as np
import pytest

from engines.liveportrait import LivePortraitOptions
from engines.liveportrait.animator import LivePortraitAnimator
from engines.liveportrait.crop import FEATHER, SIZE, paste_mask
from engines.liveportrait.frames import Stage, frames
from engines.liveportrait.implicit import Implicit
from engines.liveportrait.paste import Paster
from engines.liveportrait.posing import implicit_of
from engines.liveportrait.preparing import MATRIX, PHOTO, VOLUME, cut, prepare
from engines.liveportrait.source import Source
from engines.photos import prepare_photo
from engines.progress import Watch
from engines.requests import engine_versions
from engines.types import AvatarRef, Motion, Output, RenderRequest, Words
from tests.engines.liveportrait.conftest import CLOSING, SCALE, SHIFT, YAW

OPTIONS = LivePortraitOptions()


def nobody(_sentence):
    raise AssertionError(_sentence)


@pytest.fixture
def stage(stand_in, prepared):
    return Stage(stand_in, prepared, OPTIONS, nobody)


def still(count, **changes):
    motion = Motion(25.0, np.zeros((count, 52), np.float32), np.zeros((count, 6), np.float32))
    return replace(motion, **changes)


def unmoved(prepared, count=2):
    """Motion equal to the photo's own."""
    source = Source.from_arrays(prepared)
    times = (count, 1)
    return Implicit(
        25.0,
        np.tile(source.expression, (count, 1, 1)),
        np.tile(source.scale, count),
        np.tile(source.rotation, times),
        np.tile(source.translation, times),
    )


def shown_as(crop):
    """What the stand-in makes of a crop: as coarse as its features, and with less contrast."""
    coarse = cv2.resize(crop, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return 255 / (1 + np.exp(2 - 4 * cv2.resize(coarse, (256, 256), interpolation=cv2.INTER_NEAREST)))


def test_what_is_read_in_the_photo_is_kept_with_it(prepared):
    source = Source.from_arrays(prepared)
    assert source.rotation[1] == pytest.approx(YAW, abs=0.01)
    assert source.scale[0] == pytest.approx(SCALE)
    np.testing.assert_allclose(source.translation, SHIFT, atol=1e-6)
    assert prepared[VOLUME].dtype == np.float32
    assert 0.2 < source.eyes.min() < source.eyes.max() < 0.6
    assert source.lips[0] > 0.03  # she smiles and shows her teeth
    assert source.closing[19, 1] == pytest.approx(-CLOSING)


def test_the_crop_is_upright_and_holds_head_and_shoulders(portrait, prepared):
    turned = prepared[MATRIX]
    points = portrait.landmarks[:, :2] @ turned[:, :2].T + turned[:, 2]
    eyes, mouth = points[[33, 263]].mean(0), points[[61, 291]].mean(0)
    assert abs(eyes[0] - mouth[0]) < 8
    assert 150 < eyes[1] < mouth[1] < 350
    assert 0.3 < np.ptp(points[:, 0]) / SIZE < 0.5
    larger = replace(portrait, source=cv2.resize(portrait.rgb, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC))
    off = np.abs(cut(larger, turned).astype(float) - cut(portrait, turned)).mean()
    assert off < 4  # the same place, out of a picture four times as large


def test_unmoved_it_is_the_photo_again(portrait, prepared, stage):
    crops = list(stage.crops(unmoved(prepared)))
    assert len(crops) == 2
    np.testing.assert_array_equal(*crops)
    expected = shown_as(cut(portrait, prepared[MATRIX]))
    inside = slice(32, -32)
    assert np.abs(crops[0][inside, inside] - expected[inside, inside]).mean() < 12


def test_at_rest_nothing_moves(prepared, stage):
    implicit = implicit_of(still(3), Source.from_arrays(prepared), OPTIONS)
    shown = list(frames(stage, implicit).frames)
    assert all((frame == shown[0]).all() for frame in shown)
    assert all(frame is not other for frame, other in pairwise(shown))


def test_only_the_square_about_the_face_is_touched(portrait, prepared, stage):
    head = np.tile(np.array([8, 3, 2, 0.1, 0.05, 0.2], np.float32), (2, 1))
    frame = next(frames(stage, implicit_of(still(2, head=head), Source.from_arrays(prepared), OPTIONS)).frames)
    height, width = portrait.rgb.shape[:2]
    way = prepared[MATRIX]
    mask = cv2.warpAffine(paste_mask(OPTIONS.feather), way, (width, height), flags=cv2.WARP_INVERSE_MAP)
    changed = (frame != portrait.rgb).any(2)
    assert changed.any()
    outside = cv2.dilate(mask, np.ones((3, 3), np.uint8)) == 0
    assert not changed[outside].any()
    # Towards the edge less and less is changed, so that there is none to see.
    rim = (mask > 0) & (mask < 40)
    middle = mask == 255
    off = np.abs(frame.astype(float) - portrait.rgb).mean(2)
    assert off[rim].mean() < 0.3 * off[middle].mean()


@pytest.mark.parametrize("feather", [8, 64])
def test_a_crop_that_is_the_photo_leaves_it_as_it_is(portrait, prepared, feather):
    way = prepared[MATRIX]
    pasted = Paster(portrait.rgb, way, feather).paste(cut(portrait, way))
    assert np.abs(pasted.astype(float) - portrait.rgb).mean() < 1.0


def test_the_mask_is_the_official_one_unless_it_is_softer():
    assert paste_mask()[FEATHER, FEATHER] == 255
    soft = paste_mask(64)
    assert soft[0].max() == 0
    assert soft[64, 64] == 255
    assert (np.diff(soft[:, 256].astype(int))[:255] >= 0).all()


def middle(frame, prepared):
    """Where what is bright in the face's square is: a place that moves along with the face."""
    way = prepared[MATRIX]
    return cv2.warpAffine(frame, way, (SIZE, SIZE)).astype(float).mean(2)[48:-48, 48:-48]


def shift_between(first, second):
    """(x, y) px of the crop by which ``second`` is shifted."""
    window = cv2.createHanningWindow(first.shape[::-1], cv2.CV_64F)
    return np.array(cv2.phaseCorrelate(first, second, window)[0])


def test_the_face_goes_where_the_head_goes_and_its_box_with_it(prepared, stage):
    head = np.zeros((2, 6), np.float32)
    head[1, 3:5] = 0.3, 0.2
    implicit = implicit_of(still(2, head=head), Source.from_arrays(prepared), OPTIONS)
    stream = frames(stage, implicit)
    first, second = (middle(frame, prepared) for frame in stream.frames)
    iod = Source.from_arrays(prepared).iod[0] * SIZE / 2
    np.testing.assert_allclose(shift_between(first, second), [0.3 * iod, -0.2 * iod], atol=12)
    grown = np.hypot(*prepared[MATRIX][0, :2])
    centres = (stream.faces[:, :2] + stream.faces[:, 2:]) / 2
    moved = prepared[MATRIX][:, :2] @ (centres[1] - centres[0])
    np.testing.assert_allclose(moved, [0.3 * iod, -0.2 * iod], atol=1.5)
    assert np.ptp(stream.faces[0, ::2]) * grown > 2 * iod * 0.6


def test_the_box_at_rest_is_the_faces(portrait, prepared, stage):
    box = frames(stage, unmoved(prepared)).faces[0]
    low, high = portrait.landmarks[:, :2].min(0), portrait.landmarks[:, :2].max(0)
    np.testing.assert_allclose(box, [*low, *high], atol=0.06 * float((high - low).max()))


def test_memory_does_not_grow_with_the_clip(prepared, stage):
    source = Source.from_arrays(prepared)

    def most(count, taken):
        stream = frames(stage, implicit_of(still(count), source, OPTIONS))
        tracemalloc.start()
        for _ in islice(stream.frames, taken):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most(2, 2)
    short = most(100, 2)
    one = prepared[PHOTO].nbytes
    assert most(15_000, 2) - short < one
    assert most(15_000, 5) - short < one


def test_a_face_that_is_too_small_is_refused(portrait, stand_in):
    from engines.errors import StudioError

    small = replace(portrait, landmarks=portrait.landmarks * 0.2)
    with pytest.raises(StudioError, match="too small"):
        prepare(small, stand_in)


def test_a_clip_of_a_photo_and_words(with_portrait_models, studio, photo_file, tmp_path):
    request = RenderRequest(
        AvatarRef(str(photo_file)), Words("Oh, a boat."), recipe="liveportrait", output=Output(7.5, 256)
    )
    assert engine_versions(request)["liveportrait"] == "1"
    clip = studio.pipeline.render(request, tmp_path / "clip.mp4", Watch())
    with av.open(str(clip.path)) as film:
        shown = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        seconds = film.streams.audio[0].duration * film.streams.audio[0].time_base
    assert clip.frames == len(shown)
    assert abs(float(seconds) - len(shown) / 7.5) < 0.05
    assert shown[0].shape == (256, 256, 3)
    moving = np.abs(np.diff(np.array(shown, np.int16), axis=0)).mean((1, 2, 3))
    assert moving.max() > 0.2


def test_the_engine_lets_go_of_its_networks(with_portrait_models, portrait):
    animator = LivePortraitAnimator()
    prepared = animator.prepare(prepare_photo(portrait.rgb, AvatarRef("x.png"), 256).portrait)
    frame = next(animator.animate(prepared, still(1), OPTIONS).frames)
    assert frame.shape == prepared[PHOTO].shape
    animator.close()
    assert animator._painter is None
