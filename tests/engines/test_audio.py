"""Recordings of every kind, whole, broken and hostile."""

from __future__ import annotations

import time
import wave
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from engines import audio
from engines.audio import AudioLimits, duration_words, read_recording, read_speech, tame_peaks, write_wav
from engines.errors import StudioError
from engines.progress import Cancelled, Watch
from engines.types import Speech

RATE = 44100
TONE_HZ = 440.0


def tone(seconds: float, level: float = 0.4, rate: int = RATE) -> np.ndarray:
    return (level * np.sin(2 * np.pi * TONE_HZ * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def heard_hz(speech: Speech) -> float:
    spectrum = np.abs(np.fft.rfft(speech.samples * np.hanning(len(speech.samples))))
    return float(np.argmax(spectrum) * speech.sample_rate / len(speech.samples))


def encode(path: Path, codec: str, container: str, video: str | None = None, rate: int = 48000) -> Path:
    """Two seconds of tone, with a picture track if asked for."""
    with av.open(str(path), "w", format=container) as sink:
        sound = sink.add_stream(codec, rate=rate)
        sound.layout = "mono"
        picture = sink.add_stream(video, rate=25) if video else None
        if picture:
            picture.width = picture.height = 64
            picture.pix_fmt = "yuv420p"
        frame = av.AudioFrame.from_ndarray(tone(2.0)[None], format="flt", layout="mono")
        frame.sample_rate = RATE
        sound.codec_context.open()
        size = sound.codec_context.frame_size or 1024
        fit = av.AudioResampler(sound.codec_context.format, "mono", rate, frame_size=size)
        for piece in [*fit.resample(frame), *fit.resample(None)]:
            sink.mux(sound.encode(piece))
        sink.mux(sound.encode())
        if picture:
            for value in range(50):
                image = np.full((64, 64, 3), value * 5, np.uint8)
                sink.mux(picture.encode(av.VideoFrame.from_ndarray(image)))
            sink.mux(picture.encode())
    return path


KINDS = [
    ("libmp3lame", "mp3", None), ("aac", "ipod", None), ("aac", "adts", None), ("libopus", "ogg", None),
    ("alac", "ipod", None), ("flac", "flac", None), ("pcm_s16be", "aiff", None), ("pcm_s24le", "wav", None),
    ("pcm_mulaw", "wav", None), ("aac", "mp4", "libx264"), ("pcm_s16le", "mov", "mpeg4"), ("aac", "3gp", None),
    ("libopus", "webm", "libvpx"), ("aac", "matroska", "mpeg4"), ("libmp3lame", "avi", "mpeg4"),
]  # fmt: skip


@pytest.mark.parametrize(("codec", "container", "video"), KINDS)
def test_every_kind_is_heard_whatever_its_name(
    tmp_path: Path, codec: str, container: str, video: str | None
) -> None:
    recording = read_recording(encode(tmp_path / "upload.bin", codec, container, video))
    speech = recording.speech
    assert speech.duration == pytest.approx(2.0, abs=0.06)
    assert heard_hz(speech) == pytest.approx(TONE_HZ, abs=2.0)
    assert speech.samples.dtype == np.float32
    assert speech.samples.ndim == 1
    assert np.sqrt(np.mean(speech.samples**2)) == pytest.approx(0.4 / np.sqrt(2), abs=0.02)
    assert recording.notes == ()


def test_ogg_vorbis(tmp_path: Path) -> None:
    path = tmp_path / "talk.ogg"
    soundfile.write(path, tone(1.0), RATE, format="OGG", subtype="VORBIS")
    assert heard_hz(read_speech(path)) == pytest.approx(TONE_HZ, abs=2.0)


def test_mp3_behind_a_tag_with_a_cover(tmp_path: Path) -> None:
    plain = encode(tmp_path / "plain.mp3", "libmp3lame", "mp3").read_bytes()
    start = plain.index(b"\xff\xfb")
    size = 200_000
    tag = b"ID3\x04\x00\x00" + bytes([size >> shift & 0x7F for shift in (21, 14, 7, 0)]) + b"\0" * size
    path = tmp_path / "cover.mp3"
    path.write_bytes(tag + plain[start:])
    assert read_speech(path).duration == pytest.approx(2.0, abs=0.1)


def test_telephone_wav_8_bit_8_khz_stereo(tmp_path: Path) -> None:
    path = tmp_path / "phone.wav"
    mono = (128 + 100 * tone(1.0, 1.0, 8000)).astype(np.uint8)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(np.stack([mono, mono], axis=1).tobytes())
    speech = read_speech(path)
    assert speech.sample_rate == 16000
    assert speech.duration == pytest.approx(1.0, abs=0.01)
    assert np.abs(speech.samples[1000:-1000]).max() == pytest.approx(100 / 128, abs=0.03)
    assert heard_hz(speech) == pytest.approx(TONE_HZ, abs=2.0)


@pytest.mark.parametrize(("given", "taken"), [(11025, 16000), (22050, 22050), (48000, 48000), (96000, 48000)])
def test_sample_rates(tmp_path: Path, given: int, taken: int) -> None:
    path = tmp_path / "rate.wav"
    soundfile.write(path, tone(0.5, rate=given), given)
    speech = read_speech(path)
    assert speech.sample_rate == taken
    assert speech.duration == pytest.approx(0.5, abs=0.01)
    assert heard_hz(speech) == pytest.approx(TONE_HZ, abs=4.0)


def test_recordings_are_not_changed_unless_they_clip(tmp_path: Path) -> None:
    path = tmp_path / "loud.wav"
    soundfile.write(path, tone(0.5, 0.01), RATE, "FLOAT")
    assert np.abs(read_speech(path).samples - tone(0.5, 0.01)).max() < 1e-6
    soundfile.write(path, tone(0.5, 3.0), RATE, "FLOAT")
    assert 0.9 < np.abs(read_speech(path).samples).max() <= 1.0
    assert np.array_equal(tame_peaks(tone(0.1)), tone(0.1))


def test_not_a_number_is_silence(tmp_path: Path) -> None:
    samples = tone(0.5)
    samples[100:200] = np.nan
    samples[300] = np.inf
    path = tmp_path / "nan.wav"
    soundfile.write(path, samples, RATE, "FLOAT")
    assert np.isfinite(read_speech(path).samples).all()


def refuses(path: Path, words: str, limits: AudioLimits | None = None) -> None:
    with pytest.raises(StudioError, match=words) as caught:
        read_speech(path, limits)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message


def test_missing_empty_and_folders(tmp_path: Path) -> None:
    refuses(tmp_path / "none.wav", "no file 'none.wav'")
    refuses(tmp_path, "no file")
    (tmp_path / "e.wav").touch()
    refuses(tmp_path / "e.wav", "is empty")


@pytest.mark.parametrize(
    "content",
    [
        b"Just a text, renamed.",
        b"ffconcat version 1.0\nfile secret.wav\n",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.wav\n#EXT-X-ENDLIST\n",
        b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'></MPD>",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"\0" * 5000,
        b"R",
    ],
)
@pytest.mark.parametrize("name", ["upload.wav", "upload.mp4"])
def test_other_files_under_the_name_of_a_recording(tmp_path: Path, name: str, content: bytes) -> None:
    soundfile.write(tmp_path / "secret.wav", tone(1.0), RATE)
    (tmp_path / name).write_bytes(content)
    refuses(tmp_path / name, "not a sound or video file")


def test_a_script_behind_real_magic_opens_nothing(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "secret.wav", tone(1.0), RATE)
    for magic in (
        b"RIFF\0\0\0\0WAVE",
        b"OggS",
        b"fLaC",
        b"\xff\xfb",
        b"ID3\x04\0\0\0\0\0\0",
        b"\0\0\0\x08ftyp",
    ):
        path = tmp_path / "upload.mp4"
        path.write_bytes(magic + b"\nffconcat version 1.0\nfile secret.wav\n" * 50)
        refuses(path, "damaged|only")


def test_a_film_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "mute.mp4"
    with av.open(str(path), "w") as sink:
        picture = sink.add_stream("libx264", rate=25)
        picture.width = picture.height = 64
        picture.pix_fmt = "yuv420p"
        for _ in range(10):
            sink.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
        sink.mux(picture.encode())
    refuses(path, "no sound track")


def test_silent_short_and_long(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    soundfile.write(path, tone(1.0, 0.0005), RATE)
    refuses(path, "is silent")
    soundfile.write(path, tone(0.05), RATE)
    refuses(path, "only 0.05 s")
    soundfile.write(path, tone(3.0), RATE)
    refuses(path, "is 3 s long; the limit is 2 s", AudioLimits(max_seconds=2.0))
    refuses(path, "0.2 MB|0 MB; the limit", AudioLimits(max_bytes=1000))


def test_two_hours_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "lecture.flac"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 7380 * 400), 400 * 20)
    started = time.perf_counter()
    refuses(path, "'lecture.flac' is 6 min 9 s long; the limit is 5 min", AudioLimits(max_seconds=300.0))
    assert time.perf_counter() - started < 1.0
    assert duration_words(7380) == "2 h 3 min"


def test_a_header_that_lies_about_the_length_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "liar.aac"
    encode(path, "aac", "adts")
    path.write_bytes(path.read_bytes() * 40)
    refuses(path, "long; the limit is 30 s", AudioLimits(max_seconds=30.0))


@pytest.mark.parametrize(
    ("codec", "container"), [("libmp3lame", "mp3"), ("pcm_s16le", "wav"), ("flac", "flac"), ("libopus", "webm")]
)
def test_a_truncated_file_gives_what_it_has(tmp_path: Path, codec: str, container: str) -> None:
    path = encode(tmp_path / "cut.bin", codec, container)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    recording = read_recording(path)
    assert 0.8 < recording.speech.duration < 1.5
    assert heard_hz(recording.speech) == pytest.approx(TONE_HZ, abs=4.0)
    if container != "wav":  # its header may not know better
        assert "damaged" in recording.notes[0]


@pytest.mark.parametrize(("codec", "container", "video"), KINDS)
def test_bit_rot_never_crashes(tmp_path: Path, codec: str, container: str, video: str | None) -> None:
    path = encode(tmp_path / "rotten.bin", codec, container, video)
    whole = path.read_bytes()
    random = np.random.default_rng(7)
    for _ in range(6):
        data = bytearray(whole)
        for index in random.integers(0, len(data), 80):
            data[index] = random.integers(0, 256)
        path.write_bytes(data)
        with suppress(StudioError):
            assert np.isfinite(read_speech(path).samples).all()


def test_a_false_sample_rate_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "slow.wav"
    soundfile.write(path, tone(2.0), RATE)
    data = bytearray(path.read_bytes())
    data[24:28] = (1).to_bytes(4, "little")
    path.write_bytes(data)
    refuses(path, "damaged|long")


def test_cancel(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    soundfile.write(path, tone(30.0), RATE)
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        read_speech(path, None, watch)


def test_write_wav_and_back(tmp_path: Path) -> None:
    speech = Speech(tone(0.5, 0.9), 22050)
    path = tmp_path / "out.wav"
    write_wav(path, speech)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22050)
    assert np.abs(read_speech(path).samples - speech.samples).max() < 2e-4
    write_wav(path, Speech(np.full(22050, 3.0, np.float32), 22050))
    assert read_speech(path).samples.min() > 0.9, "beyond full scale is clipped, not wrapped"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.wav"]


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudioError, match="could not be written"):
        write_wav(tmp_path / "no" / "folder" / "out.wav", Speech(tone(0.1), RATE))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(audio.soundfile, "write", full)
    with pytest.raises(StudioError, match="disk space"):
        write_wav(tmp_path / "out.wav", Speech(tone(0.1), RATE))
    assert list(tmp_path.iterdir()) == []
