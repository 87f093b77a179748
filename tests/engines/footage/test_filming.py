"""A clip becomes a film: every frame, its face, and one sentence for every clip that cannot."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.errors import Cancelled, StudioError
from engines.faces import find_faces
from engines.footage.film import FilmReader, is_film, read_film
from engines.footage.filming import FilmOptions, film_clip
from engines.progress import Watch
from tests.clip_makers import read_frames, write_clip

SEVERAL = """
import sys
from pathlib import Path
from engines.footage import pieces
from engines.footage.filming import FilmOptions, film_clip
from engines.progress import Watch
pieces.PIECE = 24
film_clip(Path(sys.argv[1]), Path(sys.argv[2]), FilmOptions(), Watch())
"""


def film(clip: Path, folder: Path, **options):
    return film_clip(clip, folder, FilmOptions(**options), Watch())


def test_the_film_has_every_frame_and_the_face_in_it(filmed, talking_clip):
    frames = read_frames(talking_clip)
    film = read_film(filmed.film.video)
    assert film.count == len(frames)
    assert film.fps == 25
    assert filmed.notes == ()
    reader = FilmReader(film, film.width, film.height)
    for number in (0, len(frames) // 2, len(frames) - 1):
        difference = reader.frame(number).astype(float) - frames[number]
        assert 10 * np.log10(255**2 / (difference**2).mean()) > 38
        face = find_faces(frames[number])[0].landmarks
        assert np.abs(film.landmarks(number)[:, :2] - face[:, :2]).mean() < 1.5
    reader.close()


def test_boxes_hold_the_face_with_its_pads(filmed, talking_clip, tmp_path):
    padded = film(talking_clip, tmp_path / "padded", pads=(5, 30, 10, 20)).film
    plain = filmed.film
    assert np.abs(np.median(padded.boxes - plain.boxes, axis=0) - (-10, -5, 20, 20)).max() <= 1
    faces = plain.units[..., :2] / 16
    assert (plain.boxes[:, 0] - 6 < faces[..., 0].min(1)).all()
    assert (plain.boxes[:, 3] + 1 > faces[..., 1].max(1)).all()


def test_landmarks_do_not_shimmer(talking_clip, tmp_path):
    still, noise = read_frames(talking_clip)[0].astype(float), np.random.default_rng(3)
    frames = [np.clip(still + noise.normal(0, 6, still.shape), 0, 255).astype(np.uint8) for _ in range(40)]
    paths = film(write_clip(tmp_path / "clip.mp4", frames), tmp_path / "film").film.units[..., :2] / 16
    jerk = paths[2:] - 2 * paths[1:-1] + paths[:-2]
    assert np.sqrt((jerk**2).mean()) < 0.15


def test_backwards_is_forwards_reversed(filmed):
    film = filmed.film
    reader = FilmReader(film, film.width, film.height)
    forwards = [reader.frame(number) for number in range(30)]
    backwards = [reader.frame(number) for number in range(29, -1, -1)][::-1]
    assert all(np.array_equal(one, other) for one, other in zip(forwards, backwards, strict=True))
    reader.close()


def test_a_killed_run_goes_on_and_comes_out_the_same(filmed, talking_clip, tmp_path):
    folder = tmp_path / "work"
    command = [sys.executable, "-c", SEVERAL, str(talking_clip), str(folder)]
    broken = subprocess.Popen(command)
    while not (folder / "00001.npz").is_file():
        assert broken.poll() is None, "it was over before it could be killed"
        time.sleep(0.02)
    broken.send_signal(signal.SIGKILL)
    broken.wait()
    first = (folder / "00000.npz").stat().st_mtime_ns
    subprocess.run(command, check=True)
    assert (folder / "00000.npz").stat().st_mtime_ns == first
    one, other = read_film(folder / "source.mp4"), filmed.film
    assert np.array_equal(one.boxes, other.boxes)
    assert np.array_equal(one.units, other.units)
    readers = [FilmReader(film, film.width, film.height) for film in (one, other)]
    for number in (0, 23, 24, one.count - 1):
        first, second = (reader.frame(number).astype(float) for reader in readers)
        assert ((first - second) ** 2).mean() < 4


def test_cancel_stops_and_leaves_no_film(talking_clip, tmp_path):
    def report(_stage: str, fraction: float) -> None:
        if fraction > 0.3:
            watch.cancel()

    watch = Watch(report)
    with pytest.raises(Cancelled):
        film_clip(talking_clip, tmp_path, FilmOptions(), watch)
    assert not is_film(tmp_path / "source.mp4")


def test_a_face_that_is_covered_for_a_moment_is_bridged(talking_clip, tmp_path):
    frames = read_frames(talking_clip)
    for number in range(30, 36):
        frames[number] = np.full_like(frames[number], 128)
    result = film(write_clip(tmp_path / "clip.mp4", frames), tmp_path / "film")
    assert result.film.count == len(frames)
    assert "out of sight in" in " ".join(result.notes)
    plain = film(talking_clip, tmp_path / "plain").film
    away = np.abs(result.film.units[30:36].astype(float) - plain.units[30:36]).mean() / 16
    assert away < 3


def test_one_cut_keeps_the_longer_shot_and_says_so(talking_clip, tmp_path, photo):
    frames = read_frames(talking_clip)
    other = cv2.resize(photo[:300, 110:350], frames[0].shape[1::-1])
    result = film(write_clip(tmp_path / "clip.mp4", [other] * 15 + frames[:50]), tmp_path / "film")
    assert result.film.count == 50
    assert result.start == 15
    assert result.notes[0].startswith("The clip cuts at 0:00.6.")
    assert "from 0:00.6 to 0:02.6" in result.notes[-1]


def test_a_face_that_comes_late_is_waited_for(talking_clip, tmp_path):
    frames = read_frames(talking_clip)
    empty = [np.full_like(frames[0], 90)] * 20
    result = film(write_clip(tmp_path / "clip.mp4", empty + frames[:45]), tmp_path / "film")
    assert result.film.count == pytest.approx(45, abs=5)
    assert any("No face is seen from 0:00.0 to 0:00.8" in note for note in result.notes)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("nobody", "No face was found in the clip"),
        ("gone", "out of sight for too long"),
        ("cuts", "2 cuts"),
        ("short", "at least 1 s"),
        ("small", "pixels wide in the clip"),
    ],
)
def test_clips_that_cannot_become_an_avatar(talking_clip, tmp_path, photo, what, words):
    frames = read_frames(talking_clip)[:45]
    grey = np.full_like(frames[0], 128)
    other = cv2.resize(photo[:300, 110:350], frames[0].shape[1::-1])
    made = {
        "nobody": [grey] * 30,
        "gone": frames[:18] + [grey] * 60,
        "cuts": frames[:15] + [other] * 15 + frames[15:45],
        "short": frames[:20],
        "small": [cv2.resize(frame, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for frame in frames],
    }[what]
    made = [frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2] for frame in made]
    clip = write_clip(tmp_path / "clip.mp4", made)
    with pytest.raises(StudioError, match=words):
        film(clip, tmp_path / "film")
