"""The file that comes out plays: right codec, right length, right picture, nothing half-written."""

import errno

import av
import numpy as np
import pytest

from engines import files
from engines.encode import encode_clip
from engines.errors import Cancelled, StudioError
from engines.progress import Watch
from engines.types import FrameSpec, FrameStream, Speech


def moving_square(count, fps, size=64):
    def frames():
        for index in range(count):
            image = np.full((size, size, 3), (200, 40, 40), np.uint8)
            image[:, (index * 2) % (size - 8) : (index * 2) % (size - 8) + 8] = (20, 60, 220)
            yield image

    return FrameStream(FrameSpec(size, size, fps, count), frames())


def tone(seconds, rate):
    return Speech(
        (0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32), rate
    )


@pytest.mark.parametrize(("fps", "rate"), [(25.0, 22050), (29.97, 16000), (60.0, 48000)])
def test_sound_and_picture_have_one_length(tmp_path, fps, rate):
    path = tmp_path / "clip.mp4"
    encode_clip(moving_square(50, fps), tone(50 / fps, rate), path, Watch())
    with av.open(str(path)) as clip:
        video, sound = clip.streams.video[0], clip.streams.audio[0]
        assert (video.codec.name, video.pix_fmt, sound.codec.name) == ("h264", "yuv420p", "aac")
        assert video.frames == 50
        assert float(video.average_rate) == pytest.approx(fps, abs=0.01)
        lengths = [float(stream.duration * stream.time_base) for stream in (video, sound)]
        assert abs(lengths[0] - lengths[1]) <= 1 / fps
        times = [float(frame.pts * video.time_base) for frame in clip.decode(video)]
    assert np.allclose(np.diff(times), 1 / fps, atol=0.002)


def test_colours_and_loudness_survive(tmp_path):
    path = tmp_path / "clip.mp4"
    encode_clip(moving_square(25, 25.0), tone(1.0, 24000), path, Watch())
    with av.open(str(path)) as clip:
        image = next(clip.decode(video=0)).to_ndarray(format="rgb24")
    with av.open(str(path)) as clip:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in clip.decode(audio=0)])
    assert np.abs(image[30, 40].astype(int) - (200, 40, 40)).max() < 8
    assert np.sqrt((samples[4000:40000] ** 2).mean()) == pytest.approx(0.5 / np.sqrt(2), abs=0.02)


def test_the_index_comes_first_so_that_it_streams(tmp_path):
    path = tmp_path / "clip.mp4"
    encode_clip(moving_square(10, 25.0), tone(0.4, 22050), path, Watch())
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_after_a_cancel_there_is_no_file(tmp_path):
    watch = Watch()

    def stop_halfway(stream):
        for index, frame in enumerate(stream.frames):
            if index == 5:
                watch.cancel()
            yield frame

    stream = moving_square(50, 25.0)
    with pytest.raises(Cancelled):
        encode_clip(FrameStream(stream.spec, stop_halfway(stream)), tone(2, 22050), tmp_path / "c.mp4", watch)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StudioError, match="nowhere"):
        encode_clip(moving_square(5, 25.0), tone(0.2, 22050), tmp_path / "nowhere" / "c.mp4", Watch())


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    def full(_path, _target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.Path, "replace", full)
    with pytest.raises(StudioError, match="disk is full"):
        encode_clip(moving_square(5, 25.0), tone(0.2, 22050), tmp_path / "c.mp4", Watch())
    assert list(tmp_path.iterdir()) == []


def fading_square(count, size=64):
    """A blue square on nothing: RGBA."""
    for index in range(count):
        image = np.zeros((size, size, 4), np.uint8)
        image[16:48, 8 + index : 40 + index] = (20, 60, 220, 255)
        yield image


def decoded_alpha(path):
    decoder = av.CodecContext.create("libvpx-vp9", "r")
    with av.open(str(path)) as clip:
        packets = list(clip.demux(video=0))
        return [frame.to_ndarray(format="rgba") for packet in packets for frame in decoder.decode(packet)]


def test_a_transparent_clip_is_vp9_with_alpha_and_opus(tmp_path):
    path = tmp_path / "clip.webm"
    stream = FrameStream(FrameSpec(64, 64, 25.0, 15, alpha=True), fading_square(15))
    encode_clip(stream, tone(0.6, 22050), path, Watch())
    with av.open(str(path)) as clip:
        video, sound = clip.streams.video[0], clip.streams.audio[0]
        assert (video.codec.name, sound.codec.name) == ("vp9", "opus")
        assert video.metadata["alpha_mode"] == "1"
        assert float(clip.duration) / av.time_base == pytest.approx(0.6, abs=0.05)
    frames = decoded_alpha(path)
    assert len(frames) == 15
    assert frames[10][4, 4, 3] == 0
    assert frames[10][32, 30, 3] == 255
    assert np.abs(frames[10][32, 30, :3].astype(int) - (20, 60, 220)).max() < 12


def test_webm_without_transparency_works_too(tmp_path):
    path = tmp_path / "clip.webm"
    encode_clip(moving_square(10, 25.0), tone(0.4, 22050), path, Watch())
    with av.open(str(path)) as clip:
        image = next(clip.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(image[30, 40].astype(int) - (200, 40, 40)).max() < 10


@pytest.mark.parametrize(("name", "said"), [("c.mp4", "cannot be transparent.*c.webm"), ("c.avi", "c.mp4")])
def test_a_file_that_cannot_hold_the_frames_is_refused(tmp_path, name, said):
    stream = FrameStream(FrameSpec(64, 64, 25.0, 5, alpha=True), fading_square(5))
    with pytest.raises(StudioError, match=said):
        encode_clip(stream, tone(0.2, 22050), tmp_path / name, Watch())
    assert list(tmp_path.iterdir()) == []
