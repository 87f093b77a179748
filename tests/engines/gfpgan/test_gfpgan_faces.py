"""The face becomes another, steadily and without an edge, and nothing else of a frame changes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from engines.batches import Batches
from engines.errors import Cancelled
from engines.face_boxes import find_box
from engines.faces import find_faces
from engines.gfpgan import restoring
from engines.gfpgan.finisher import TOO_LARGE, Enhancing
from engines.gfpgan.network.restorer import Gfpgan
from engines.gfpgan.paste import cut_face, face_mask, put_back
from engines.gfpgan.places import place_of, with_places
from engines.gfpgan.restoring import Restorer
from engines.progress import Watch
from engines.types import FrameSpec, FrameStream
from tests.engines.gfpgan.conftest import Painter


@pytest.fixture(scope="session")
def box(photo):
    return find_box(photo)


@pytest.fixture(scope="session")
def place(photo):
    return place_of(find_faces(photo)[0])


def stream_of(frames, boxes=None, first=0):
    spec = FrameSpec(frames[0].shape[1], frames[0].shape[0], 25.0, len(frames))
    faces = None if boxes is None else np.array(boxes, np.float32)
    return FrameStream(spec, iter(frames), faces=faces, first=first)


def enhance(painter, stream, strength=1.0, size=2, watch=None):
    batches = Batches("GFPGAN", size, stream.late.append)
    return Enhancing(painter, batches, strength).on(stream, watch or Watch())


def test_the_network_gets_the_face_upright_and_as_large_as_it_was_trained(photo):
    """However it lies in the frame."""
    for angle, scale in ((0, 1.0), (20, 1.4), (-15, 0.8)):
        turn = cv2.getRotationMatrix2D((220, 120), angle, scale)
        frame = cv2.warpAffine(photo, turn, photo.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        ((_, place),) = with_places([frame], find_box(frame)[None])
        (face,) = find_faces(cut_face(frame, place))[:1]
        eyes = face.landmarks[[33, 133], :2].mean(0), face.landmarks[[362, 263], :2].mean(0)
        assert np.abs(np.array(eyes) - [(193, 240), (319, 240)]).max() < 12
        assert abs(face.roll) < 3


def test_only_the_face_changes_and_there_is_no_edge(photo, place):
    face = cut_face(photo, place)
    change = np.abs(put_back(photo, place, 255 - face, 1.0).astype(int) - photo).max(2)
    assert change.max() > 60
    outline = find_faces(photo)[0].landmarks[:, :2]
    left, top, right, bottom = *outline.min(0), *outline.max(0)
    outside = np.ones(change.shape, bool)
    reach = 0.35 * (right - left)
    outside[int(top - reach) : int(bottom + reach), int(left - reach) : int(right + reach)] = False
    assert change[outside].max() == 0
    mask = face_mask()
    assert max(mask[0].max(), mask[-1].max(), mask[:, 0].max(), mask[:, -1].max()) == 0
    assert np.abs(np.diff(mask, axis=0)).max() < 0.05
    matrix = cv2.invertAffineTransform(place.matrix)
    lips_and_eyes = outline[[33, 263, 61, 291, 0, 17, 159, 145, 386, 374, 105, 334]]
    where = (lips_and_eyes @ matrix[:, :2].T + matrix[:, 2]).astype(int)
    assert mask[where[:, 1], where[:, 0]].min() > 0.99, "all that speaks and looks is put back whole"


def test_colours_stay_those_of_the_frame(photo, place):
    """A network that makes everything darker changes nothing but what is finer than light and shade."""
    face = cut_face(photo, place).astype(np.int16)
    out = put_back(photo, place, np.clip(face - 25, 0, 255).astype(np.uint8), 1.0)
    assert np.abs(out.astype(int) - photo).mean(where=out != photo) < 6
    assert abs(float(out.mean()) - float(photo.mean())) < 0.2


def test_what_comes_back_unchanged_goes_where_it_was(photo):
    smooth = cv2.GaussianBlur(photo, (0, 0), 6)
    ((_, place),) = with_places([photo], find_box(photo)[None])
    back = put_back(smooth, place, cut_face(smooth, place), 1.0)
    assert np.abs(back.astype(int) - smooth).max() <= 3


def test_the_networks_detail_is_seen_as_much_as_asked_for(painter, photo, box):
    large = cv2.resize(photo, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    outs = [next(enhance(painter, stream_of([large], [3 * box]), share)) for share in (0.5, 1.0)]
    half, whole = (np.abs(out.astype(int) - large).mean() for out in outs)
    assert whole > 0.1
    assert half == pytest.approx(whole / 2, rel=0.1)


def test_a_place_is_steady_and_does_not_run_ahead(photo, box):
    """A head that moves on, seen through noise."""
    random = np.random.default_rng(3)
    moved, boxes = [], []
    for index in range(12):
        step = np.float32([[1, 0, 3 * index], [0, 1, 1.5 * index]])
        frame = cv2.warpAffine(photo, step, photo.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        noisy = frame + random.normal(0, 12, frame.shape)
        moved.append(np.clip(noisy, 0, 255).astype(np.uint8))
        boxes.append(box + np.float32([3, 1.5, 3, 1.5]) * index)
    middles = np.array([place.middle for _, place in with_places(moved, np.array(boxes))][:8])
    steps = np.diff(middles)
    assert np.abs(steps - (3 + 1.5j)).max() < 0.6
    alone = np.array([place_of(find_faces(frame)[0]).middle for frame in moved[:8]])
    assert np.abs(middles - alone).mean() < 1.5


def test_frames_without_a_usable_face_stay_as_they_are(painter, photo, box):
    blank = np.full_like(photo, 90)
    frames = [photo, photo, photo, blank, photo]
    boxes = [box, np.full(4, np.nan), (5, 5, 20, 20), box, box]
    out = list(enhance(painter, stream_of(frames, boxes)))
    assert [a is b for a, b in zip(out, frames, strict=True)] == [False, True, True, True, False]


def test_faces_that_nobody_knows_are_found(painter, photo):
    (out,) = enhance(painter, stream_of([photo]))
    assert not np.array_equal(out, photo)


def test_frames_are_the_same_wherever_a_clip_goes_on(painter, photo, box):
    random = np.random.default_rng(4)
    frames = [np.clip(photo + random.normal(0, 5, photo.shape), 0, 255).astype(np.uint8) for _ in range(7)]
    whole = list(enhance(painter, stream_of(frames, [box] * 7)))
    later = enhance(painter, stream_of(frames[3:], [box] * 4, first=3))
    assert all(np.array_equal(a, b) for a, b in zip(later, whole[3:], strict=True))


def test_frames_come_batch_by_batch_and_stop_when_cancelled(painter, photo, box):
    taken = []
    stream = stream_of([photo], [box] * 100)
    counted = (taken.append(1) or photo for _ in range(100))
    watch = Watch()
    frames = enhance(painter, FrameStream(stream.spec, counted, faces=stream.faces), watch=watch)
    next(frames)
    assert len(taken) < 10
    watch.cancel()
    with pytest.raises(Cancelled):
        list(frames)


def test_transparent_frames_keep_their_alpha(painter, photo, box):
    alpha = np.dstack([photo, np.full(photo.shape[:2], 77, np.uint8)])
    (out,) = enhance(painter, stream_of([alpha], [box]))
    assert (out[..., 3] == 77).all()
    assert not np.array_equal(out, alpha)


def test_memory_that_runs_out_makes_smaller_batches_and_is_told(painter, photo, box, monkeypatch):
    plain, sizes = painter.restore, []

    def restore(faces):
        sizes.append(len(faces))
        if len(faces) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return plain(faces)

    monkeypatch.setattr(painter, "restore", restore)
    stream = stream_of([photo] * 6, [box] * 6)
    assert len(list(enhance(painter, stream, size=4))) == 6
    assert sizes == [4, 2, 2, 2]
    assert [note for note in stream.late if "GFPGAN took fewer frames" in note] == stream.late


def test_a_face_larger_than_the_network_draws_is_said(painter, photo, box):
    huge = cv2.resize(photo, None, fx=6, fy=6)
    stream = stream_of([huge, huge], [6 * box] * 2)
    list(enhance(painter, stream))
    assert stream.late == [TOO_LARGE]


def test_shorter_numbers_are_used_only_where_nobody_sees_it(painter, monkeypatch):
    monkeypatch.setattr(restoring, "short_precision", lambda _: torch.bfloat16)
    network = Painter().requires_grad_(False)
    assert Restorer(network, "cpu").precision == torch.bfloat16
    monkeypatch.setattr(restoring, "MOST_OFF", 0.0)
    assert Restorer(network, "cpu").precision == torch.float32


def test_the_official_network_gives_the_same_picture_as_the_quick_one(state, painter, photo, place):
    network = Gfpgan()
    network.load_state_dict(state)
    face = cut_face(photo, place)
    (made,), (quick,) = Restorer(network.eval(), "cpu").restore([face]), painter.restore([face])
    assert np.abs(made.astype(int) - quick).mean() < 12
