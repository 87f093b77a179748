"""Lips follow the sound, and nothing else of a frame changes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from engines import convolution
from engines.errors import Cancelled
from engines.face_boxes import find_box, with_boxes
from engines.faces import find_faces
from engines.progress import Watch
from engines.types import FrameSpec, FrameStream, Speech
from engines.wav2lip import mouths as module
from engines.wav2lip.fast import FastGenerator, Span, Window
from engines.wav2lip.finisher import Lips
from engines.wav2lip.folded import Folded, Joint
from engines.wav2lip.mouths import Kept, Mouths
from engines.wav2lip.network import Conv, Generator96, Generator256, Generator384, Transposed
from engines.wav2lip.paste import cut_face, extent_of, mask_of, put_back, with_chin
from engines.wav2lip.sound import hear
from engines.winograd import WinogradConv
from tests.engines.wav2lip.conftest import bursts, narrow, opening

RATE = 16_000


@pytest.fixture(scope="session")
def box(photo):
    return find_box(photo)


def stream_of(photo, box, count, fps=25.0, first=0):
    spec = FrameSpec(photo.shape[1], photo.shape[0], fps, count)
    return FrameStream(spec, iter([photo] * count), faces=np.repeat(box[None], count, 0), first=first)


def lips_of(mouths, samples, fps=25.0):
    return Lips(mouths, hear(Speech(samples, RATE), fps), chin=0.1)


def darkness(frames, box):
    """How dark the middle of the chin is in every frame."""
    left, top, right, bottom = box
    x, y = (left + right) / 2, top + 0.95 * (bottom - top)
    return np.array([255 - frame[int(y) - 6 : int(y) + 6, int(x) - 8 : int(x) + 8].mean() for frame in frames])


@pytest.mark.parametrize("fps", [25.0, 29.97, 30.0, 50.0])
def test_the_mouth_moves_with_the_sound_to_the_frame(mouths, photo, box, fps):
    samples = bursts(1.3)
    count = round(1.3 * fps)
    seen = darkness(lips_of(mouths, samples, fps).on(stream_of(photo, box, count, fps), Watch()), box)
    edges = np.round(np.arange(count + 1) * RATE / fps).astype(int)
    power = np.array([np.mean(samples[a:b] ** 2) for a, b in pairwise(edges)])
    heard = np.log10(power + 1e-5)

    def likeness(lag):
        late = slice(max(lag, 0), count + min(lag, 0))
        early = slice(max(-lag, 0), count - max(lag, 0))
        return np.corrcoef(seen[late], heard[early])[0, 1]

    best = max(range(-8, 9), key=likeness)
    assert abs(best) <= 1
    assert likeness(best) > 0.8


def test_silence_and_noise_without_words_keep_the_mouth_closed(mouths, photo, box):
    random = np.random.default_rng(2)
    noise = (0.002 * random.standard_normal(3 * RATE)).astype(np.float32)
    spoken = noise.copy()
    spoken[RATE : 2 * RATE] += bursts(1.0)
    silence = lips_of(mouths, np.zeros(RATE, np.float32), 10.0)
    still = darkness(silence.on(stream_of(photo, box, 3, 10.0), Watch()), box)
    seen = darkness(lips_of(mouths, spoken, 10.0).on(stream_of(photo, box, 30, 10.0), Watch()), box)
    assert np.ptp(still) == 0
    assert np.abs(seen[:7] - still[0]).max() == 0
    assert np.abs(seen[-6:] - still[0]).max() == 0
    assert seen[10:20].max() > still[0] + 60


def test_frames_are_the_same_wherever_a_clip_goes_on(mouths, photo, box):
    samples = bursts(0.8)
    whole = list(lips_of(mouths, samples).on(stream_of(photo, box, 20), Watch()))
    for first in (5, 16):
        later = lips_of(mouths, samples).on(stream_of(photo, box, 20 - first, first=first), Watch())
        assert all(np.array_equal(a, b) for a, b in zip(later, whole[first:], strict=True))


def test_frames_come_batch_by_batch_and_stop_when_cancelled(mouths, photo, box):
    taken = []
    stream = stream_of(photo, box, 10_000)
    counted = (taken.append(1) or frame for frame in stream.frames)
    watch = Watch()
    frames = lips_of(mouths, bursts(0.5)).on(FrameStream(stream.spec, counted, faces=stream.faces), watch)
    for _ in range(10):
        next(frames)
    assert len(taken) <= 2 * mouths.batch
    watch.cancel()
    with pytest.raises(Cancelled):
        list(frames)


def test_a_frame_without_a_usable_face_stays_as_it_is(mouths, photo, box):
    stream = stream_of(photo, box, 6)
    stream.faces[2] = np.nan
    stream.faces[3] = (5, 5, 20, 20)
    stream.faces[4] = box + 2000
    out = list(lips_of(mouths, bursts(0.5)).on(stream, Watch()))
    assert len(out) == 6
    assert all(out[index] is photo for index in (2, 3, 4))
    assert all(not np.array_equal(out[index], photo) for index in (0, 1, 5))


def test_faces_that_nobody_knows_are_found(mouths, photo, box):
    blank = np.zeros_like(photo)
    frames = [photo, photo, blank, photo]
    found = [found for _, found in with_boxes(iter(frames), None)]
    assert np.isnan(found[2]).all()
    assert np.abs(np.delete(found, 2, 0) - box).max() < 1
    later = [found for _, found in with_boxes(iter(frames[1:]), None)]
    np.testing.assert_array_equal(later, found[1:])


def test_only_the_mouth_changes_and_there_is_no_edge(photo, box):
    """A mouth that is darker all over than the face it goes into: its light is matched, its border is not
    seen."""
    wide = with_chin(box, 0.1)
    face = cut_face(photo, wide, 96)
    extent = extent_of(96)
    mouth = 0.8 * extent.cut(face).astype(np.float32) - 10
    change = np.abs(put_back(photo, wide, mouth, face).astype(int) - photo).max(2)
    left, top, right, bottom = (round(float(value)) for value in wide)
    outside = np.ones(change.shape, bool)
    outside[top + (bottom - top) // 2 : bottom + 1, left : right + 1] = False
    assert change[outside].max() == 0
    assert change.max() > 10
    border = change[top + int(0.5 * (bottom - top)) : bottom, left:right]
    assert max(border[0].max(), border[-1].max(), border[:, :5].max(), border[:, -5:].max()) <= 3
    lips = find_faces(photo)[0].landmarks[[61, 291, 0, 17], :2]
    where = (lips - [left, top]) / [right - left, bottom - top]
    mask = mask_of(extent)
    rows = np.clip((where[:, 1] * 96 - extent.top).astype(int), 0, len(mask) - 1)
    assert mask[rows, (where[:, 0] * 96 - extent.left).astype(int)].min() > 0.9, "all of the lips is replaced"


def test_a_face_at_any_place_and_size_goes_back_where_it_was(photo):
    """What was cut out, unchanged, leaves no more than the blur of its own resolution."""
    smooth = np.zeros((900, 900, 3), np.uint8)
    smooth[...] = np.linspace(40, 200, 900)[:, None, None] * np.array([1.0, 0.9, 0.8])
    smooth[..., 0] += np.linspace(0, 50, 900).astype(np.uint8)
    for box in ((100.3, 80.7, 180.1, 190.2), (-40.0, 200.0, 300.5, 640.25), (200.0, 100.0, 880.0, 899.0)):
        box = np.array(box, np.float32)
        face = cut_face(smooth, box, 96)
        back = put_back(smooth, box, extent_of(96).cut(face).astype(np.float32), face)
        assert np.abs(back.astype(int) - smooth).max() <= 3


def test_transparent_frames_keep_their_alpha(mouths, photo, box):
    alpha = np.dstack([photo, np.full(photo.shape[:2], 77, np.uint8)])
    (out,) = lips_of(mouths, bursts(0.5)).on(stream_of(alpha, box, 1), Watch())
    assert out.shape == alpha.shape
    assert (out[..., 3] == 77).all()


def narrow_384():
    return narrow(Generator384)


@pytest.mark.parametrize("kind", [Generator96, Generator256, narrow_384])
def test_the_part_that_is_pasted_is_that_of_the_whole_network(kind):
    torch.manual_seed(4)
    generator = kind().eval().requires_grad_(False)
    generator.output_block[1].weight *= 30
    extent = extent_of(generator.side)
    window = Window(Span(extent.top, extent.side), Span(extent.left, extent.right))
    random = torch.Generator().manual_seed(3)
    mel = torch.rand((1, 1, 80, 16), generator=random) * 8 - 4
    face = torch.rand((1, 6, generator.side, generator.side), generator=random)
    fast = FastGenerator(generator, window)
    with torch.inference_mode():
        whole = window.cut(generator(mel, face))
        part = fast.decode(mel, fast.encode(face))
        fast.quicken()
        quick = fast.decode_each(mel, [fast.encode(face)])
    assert part.shape == quick.shape == whole.shape
    assert float(whole.std()) > 0.02
    assert float((part - whole).abs().max()) < 2e-5
    assert float((quick - whole).abs().max()) < 2e-4


def test_a_picture_that_comes_again_is_not_looked_at_again(mouths, photo):
    face = cut_face(photo, np.array([180, 80, 280, 200], np.float32), 96)
    first, again = mouths.encode(face), mouths.encode(face.copy())
    assert first is again


def test_what_is_kept_stays_within_its_room_and_a_long_loop_keeps_its_beginning():
    kept = Kept(limit=4 * 40)
    pictures = {bytes([index]): (torch.zeros(10),) for index in range(6)}
    hits = 0
    for _ in range(3):
        for key, features in pictures.items():
            if kept.get(key) is None:
                kept.put(key, features)
            else:
                hits += 1
    assert hits == 8
    for key in map(bytes, ([index] for index in range(100, 130))):
        if kept.get(key) is None:
            kept.put(key, (torch.zeros(10),))
    assert kept.get(bytes([0])) is None, "what nobody asks for any more makes room"


def test_shorter_numbers_are_used_only_where_nobody_sees_it(monkeypatch):
    monkeypatch.setattr(module, "short_precision", lambda _: torch.bfloat16)
    generator = narrow()
    generator.load_state_dict(opening(generator))
    assert Mouths(generator.eval(), "cpu").precision == torch.bfloat16
    monkeypatch.setattr(module, "MOST_OFF", 0.0)
    assert Mouths(generator.eval(), "cpu").precision == torch.float32


@pytest.mark.parametrize("shape", [(2, 128, 6, 6), (3, 128, 30, 46), (1, 130, 9, 5)])
def test_winograds_way_gives_the_same(shape):
    torch.manual_seed(5)
    conv = torch.nn.Conv2d(shape[1], 144, 3, padding=1).requires_grad_(False)
    x = torch.randn(shape).contiguous(memory_format=torch.channels_last)
    plain, found = conv(x), WinogradConv(conv)(x)
    assert found.shape == plain.shape
    assert float((found - plain).abs().max()) < 1e-4


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize(
    ("make", "size"),
    [
        (lambda: Conv((144, 128), 3, 1, 1), (7, 10)),
        (lambda: Transposed((144, 40), 3, 2), (7, 10)),
        (lambda: Transposed((144, 40), 4, 1), (1, 1)),
        (lambda: Transposed((144, 40), 3, 1), (4, 4)),
    ],
    ids=["same", "doubling", "whole", "larger"],
)
def test_a_layer_that_was_quickened_gives_what_it_gave(make, size, apart, compiled, monkeypatch):
    if compiled:
        pytest.importorskip("visema_conv", reason="the compiled convolutions are not built")
    else:
        monkeypatch.setattr(convolution, "convolution_module", lambda: None)
    torch.manual_seed(6)
    layer = make().eval().requires_grad_(False)
    x = torch.randn(2, 144, *size).contiguous(memory_format=torch.channels_last)
    joint = Joint(Folded(layer), 16, apart)
    for part in (joint, joint.layer):
        part.quicken(convolution.Workers())
    found = joint(x[:, :128], joint.known(x[:, 128:]))
    assert float((found - layer(x)).abs().max()) < 1e-4


@pytest.mark.parametrize("compiled", [True, False])
def test_a_residual_layer_that_was_quickened_gives_what_it_gave(compiled, monkeypatch):
    if compiled:
        pytest.importorskip("visema_conv", reason="the compiled convolutions are not built")
    else:
        monkeypatch.setattr(convolution, "convolution_module", lambda: None)
    torch.manual_seed(6)
    layer = Conv((128, 128), 3, 1, 1, residual=True).eval().requires_grad_(False)
    x = torch.randn(2, 128, 7, 10).contiguous(memory_format=torch.channels_last)
    quick = Folded(layer)
    quick.quicken(convolution.Workers())
    assert float((quick(x) - layer(x)).abs().max()) < 1e-4
