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
