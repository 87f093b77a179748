"""Clips are read at a constant rate, upright, from any frame on; what is no clip gets one sentence."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from engines.clips import ClipLimits, inspect_clip, kept_rate, read_clip
from engines.errors import StudioError
from tests.clip_makers import write_clip


def numbered(count: int, width: int = 64, height: int = 48) -> list[np.ndarray]:
    """Frames that get brighter, 4 grey levels each."""
    return [np.full((height, width, 3), 20 + 4 * number, np.uint8) for number in range(count)]


def shades(path: Path, start: int = 0) -> list[tuple[int, int]]:
    """Number of every frame, and which of ``numbered`` it shows."""
    info = inspect_clip(path)
    return [(number, round((float(rgb.mean()) - 20) / 4)) for number, rgb in read_clip(path, info, start)]


def test_every_frame_comes_once_and_from_any_start(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", numbered(50))
    assert shades(clip) == [(number, number) for number in range(50)]
    assert shades(clip, start=33) == [(number, number) for number in range(33, 50)]


def test_variable_frame_rate_becomes_constant(tmp_path):
    times = [0.0, 0.04, 0.08, *np.arange(0.32, 0.73, 0.04), *np.arange(1.2, 2.5, 0.04)]
    clip = write_clip(tmp_path / "clip.mp4", numbered(len(times)), times)
    info = inspect_clip(clip)
    seen = dict(shades(clip))
    assert len(seen) == pytest.approx(2.5 * info.fps, abs=2)
    for number, shade in seen.items():
        moment = number / info.fps
        shown = max(index for index, time in enumerate(times) if time <= moment + 0.5 / info.fps + 1e-6)
        assert abs(shade - shown) <= 1


def test_fast_clips_lose_whole_frames():
    assert [kept_rate(rate) for rate in (24, 25, 29.97, 30, 50, 60, 120, 5)] == [
        24,
        25,
        29.97,
        30,
        25,
        30,
        30,
        10,
    ]


def test_colours_and_size_survive(tmp_path):
    frame = np.zeros((1080, 2400, 3), np.uint8)
    frame[:, :1200] = (200, 60, 40)
    frame[:, 1200:] = (30, 120, 210)
    clip = write_clip(tmp_path / "clip.mp4", [frame] * 26)
    info = inspect_clip(clip)
    assert (info.width, info.height) == (1920, 864)
    _, rgb = next(read_clip(clip, info))
    assert np.abs(rgb[400, 300].astype(int) - (200, 60, 40)).max() < 6
    assert np.abs(rgb[400, 1700].astype(int) - (30, 120, 210)).max() < 6


def test_a_phone_held_upright_gives_an_upright_picture(tmp_path):
    frame = np.full((48, 96, 3), 40, np.uint8)
    frame[:, :24] = 220
    plain = write_clip(tmp_path / "plain.mp4", [frame] * 26)
    turned = tmp_path / "turned.mp4"
    with av.open(str(plain)) as source, av.open(str(turned), "w") as out:
        track = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = track
                out.mux_one(packet)
    data = turned.read_bytes()
    unit, quarter = _matrix(1, 0, 0, 1), _matrix(0, 1, -1, 0)
    place = data.index(unit, data.index(b"tkhd"))
    turned.write_bytes(data[:place] + quarter + data[place + len(quarter) :])
    info = inspect_clip(turned)
    assert (info.width, info.height) == (48, 96)
    _, rgb = next(read_clip(turned, info))
    assert rgb[:20].mean() > 180
    assert rgb[40:].mean() < 80


def _matrix(a: int, b: int, c: int, d: int) -> bytes:
    """The start of a track header's display matrix (ISO 14496-12)."""
    numbers = (a << 16, b << 16, 0, c << 16, d << 16, 0)
    return b"".join((number & 0xFFFFFFFF).to_bytes(4, "big") for number in numbers)


def test_a_clip_that_was_cut_short_is_read_as_far_as_it_goes(tmp_path):
    clip = write_clip(tmp_path / "clip.mkv", numbered(50))
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size * 2 // 3])
    seen = shades(clip)
    assert 5 < len(seen) < 50


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (ClipLimits(max_seconds=1.0), "2 s long; the limit is 1 s"),
        (ClipLimits(max_pixels=1000), "megapixels"),
        (ClipLimits(max_bytes=100), "MB"),
        (ClipLimits(min_seconds=3.0), "at least 3 s"),
    ],
)
def test_too_much_and_too_little_is_said_before_decoding(tmp_path, limits, words):
    clip = write_clip(tmp_path / "clip.mp4", numbered(50))
    with pytest.raises(StudioError, match=words):
        inspect_clip(clip, limits)


def test_what_is_no_clip(tmp_path, photo_file):
    text = tmp_path / "text.mp4"
    text.write_text("ffconcat version 1.0\nfile /etc/hostname\n")
    sound = tmp_path / "sound.m4a"
    with av.open(str(sound), "w", format="mp4") as out:
        track = out.add_stream("aac", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        out.mux(track.encode(frame))
        out.mux(track.encode(None))
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\0\0\0\x18ftypisom" + bytes(5000))
    for path, words in (
        (text, "not a video"),
        (photo_file, "not a video"),
        (sound, "only sound"),
        (broken, "damaged"),
        (tmp_path / "none.mp4", "no file"),
    ):
        with pytest.raises(StudioError, match=words):
            inspect_clip(path)
