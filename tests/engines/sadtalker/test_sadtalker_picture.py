"""What the modes cut out of a photo, and how the drawn face goes back into it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engines.errors import StudioError
from engines.photos import make_portrait
from engines.sadtalker import SadTalkerOptions
from engines.sadtalker.animator import SadTalkerAnimator
from engines.sadtalker.framing import points_in
from engines.sadtalker.paste import Paste
from engines.sadtalker.photo import framing_of, photo_arrays, seen_picture
from engines.types import BLENDSHAPES, Motion


@pytest.fixture(scope="module")
def prepared(photo):
    """The astronaut at 400 px, from a photo of 512."""
    return photo_arrays(make_portrait(photo, 0, 400))


def framed(prepared, **options):
    chosen = SadTalkerOptions(**options)
    return framing_of(prepared, chosen), chosen


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def test_every_mode_shows_the_face_whole_and_its_own_surroundings(prepared):
    frames = {mode: framed(prepared, mode=mode)[0] for mode in ("full", "extfull", "crop", "extcrop", "resize")}
    for framing in frames.values():
        left, top, right, bottom = framing.seen
        assert (prepared["face"][:2] > (left, top)).all()
        assert (prepared["face"][2:] < (right, bottom)).all()
    assert frames["full"].seen == frames["crop"].seen
    assert frames["extfull"].seen == frames["extcrop"].seen
    assert area(frames["crop"].seen) < area(frames["extcrop"].seen) < area(frames["resize"].seen)
    assert frames["resize"].seen == (0, 0, 400, 400)
    assert frames["full"].shown == frames["extfull"].shown == (400, 400)
    assert max(frames["crop"].shown) == 256
    assert [mode for mode in frames if frames[mode].pasted] == ["full", "extfull"]


def test_the_networks_see_the_face_as_sharp_as_the_photo_was(prepared, photo):
    framing, _ = framed(prepared, mode="crop")
    seen = seen_picture(prepared, framing, 256)
    left, top, right, bottom = np.round(np.array(framing.seen) * 512 / 400).astype(int)
    whole = cv2.resize(photo[top:bottom, left:right], (256, 256), interpolation=cv2.INTER_CUBIC)
    small = prepared["rgb"][slice(*framing.seen[1::2]), slice(*framing.seen[::2])]
    blurred = cv2.resize(small, (256, 256), interpolation=cv2.INTER_CUBIC)
    assert np.abs(seen.astype(int) - whole).mean() < 0.5 * np.abs(blurred.astype(int) - whole).mean()


def test_a_face_that_is_lost_in_the_whole_photo_is_refused(prepared):
    with pytest.raises(StudioError, match="choose the mode full or crop"):
        points_in(prepared["points"] / 2, (0, 0, 400, 400), 128)


def shifted(seen):
    """What a network might draw: the face moved, all of it darker and warmer."""
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    middle = np.clip(1.2 - np.hypot(x, y), 0, 1)[..., None]
    moved = middle * np.roll(seen, 4, axis=1) + (1 - middle) * seen
    return np.clip(moved * (0.9, 0.85, 0.8), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("mode", ["full", "extfull"])
def test_put_back_nothing_else_changes_and_no_edge_is_left(prepared, mode):
    framing, _ = framed(prepared, mode=mode)
    drawn = shifted(seen_picture(prepared, framing, 256))
    rgb = prepared["rgb"]
    done = Paste(rgb, framing.seen).put(drawn).astype(int)
    left, top, right, bottom = framing.seen
    outside = np.ones(rgb.shape[:2], bool)
    outside[top:bottom, left:right] = False
    assert np.array_equal(done[outside], rgb[outside])
    plain = rgb.astype(int)
    plain[top:bottom, left:right] = cv2.resize(drawn, (right - left, bottom - top))

    def edge(picture):
        """How much stronger the steps across the box's left side are than they were."""
        steps = np.abs(picture[top:bottom, left] - picture[top:bottom, left - 1])
        return (steps - np.abs(rgb[top:bottom, left].astype(int) - rgb[top:bottom, left - 1])).mean()

    assert edge(plain) > 5
    assert edge(done) < 0.5
    ours, drawns, photos = np.array([done, plain, rgb])[:, top:bottom, left:right].mean((1, 2))
    assert np.abs(ours - photos).max() < 0.3 * np.abs(drawns - photos).max(), "the light is the photo's"


def test_at_the_photos_own_edge_the_drawn_face_is_whole(prepared):
    rgb = np.ascontiguousarray(prepared["rgb"][:200, :200])
    drawn = np.full((64, 64, 3), 90, np.uint8)
    drawn[:, ::2] = 110
    done = Paste(rgb, (0, 50, 200, 150)).put(drawn).astype(int)
    stripes = np.ptp(done[100, :12].mean(1))
    assert stripes > 10, "no fading towards the side that is the photo's own"


def test_a_still_needs_no_networks_and_is_the_photo(prepared):
    motion = Motion(25.0, np.zeros((2, len(BLENDSHAPES)), np.float32), np.zeros((2, 6), np.float32))
    animator = SadTalkerAnimator()
    stream = animator.animate(prepared, motion, SadTalkerOptions())
    assert all(np.array_equal(frame, prepared["rgb"]) for frame in stream.frames)
    cropped = next(iter(animator.animate(prepared, motion, SadTalkerOptions(mode="crop")).frames))
    assert cropped.shape[:2] == framed(prepared, mode="crop")[0].shown[::-1]


def test_the_face_is_said_to_be_where_the_head_goes(prepared):
    motion = Motion(25.0, np.zeros((3, len(BLENDSHAPES)), np.float32), np.zeros((3, 6), np.float32))
    source = np.random.default_rng(1).uniform(-0.4, 0.4, (15, 3)).astype(np.float32)
    driving = np.repeat(source[None], 3, 0)
    driving[1, :, 0] += 0.1
    given = {**prepared, "source": source, "driving": driving, "notes": np.zeros(0, np.uint8)}
    for mode in ("full", "crop"):
        framing, options = framed(prepared, mode=mode)
        boxes = SadTalkerAnimator().animate(given, motion, options).faces
        width = framing.shown[0] if mode == "crop" else framing.seen[2] - framing.seen[0]
        assert boxes[1, 0] - boxes[0, 0] == pytest.approx(0.05 * width, abs=0.5)
        assert np.array_equal(boxes[2], boxes[0])
        assert boxes[0, 2] < framing.shown[0]
    assert SadTalkerAnimator().animate(given, motion, SadTalkerOptions()).faces[0] == pytest.approx(
        prepared["face"]
    )
