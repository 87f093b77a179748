"""The render bench with a judge in a process of its own; the studio's own tracker stands in for MediaPipe."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.errors import StudioError
from engines.types import Speech
from studio.benches.render import bench_faces
from studio.benches.render_environment import judge_python
from studio.benches.render_figures import opening_fit
from studio.benches.render_measures import opening
from studio.benches.render_takes import Part, Stage, click_lags, clicking
from studio.benches.render_tracker import WORKER, Judge, looking_box
from studio.services import Studio
from studio.settings import load_settings

STAND_IN = Path(__file__).with_name("render_stand_in.py")
LATE = 0.08


def delayed(part: Part) -> Part:
    """The same with its sound LATE seconds later."""
    silence = np.zeros(int(LATE * part.speech.sample_rate), np.float32)
    speech = Speech(np.concatenate([silence, part.speech.samples]), part.speech.sample_rate)
    return replace(part, name="delayed", speech=speech)


@pytest.fixture(scope="module")
def watched(tmp_path_factory, photo_file):
    """The test signal filmed with a photo, as it is and with late sound: takes, and what the stand-in sees."""
    folder = tmp_path_factory.mktemp("watched")
    with closing(Studio(load_settings(data=folder / "data"))) as studio:
        stage = Stage(studio.pipeline, folder)
        sitter = stage.sitter("astronaut", photo_file)
        box = looking_box(sitter.portrait.landmarks, sitter.portrait.rgb.shape[:2])
        with closing(Judge((sys.executable, str(STAND_IN)))) as judge:
            takes = [stage.film(sitter, part) for part in (clicking(), delayed(clicking()))]
            (folder / "broken.mp4").write_bytes(b"no video")
            with pytest.raises(StudioError, match="could not watch broken"):
                judge.look(folder / "broken.mp4", box)
            return [(take, judge.look(take.clip, box)) for take in takes]


def test_the_judge_sees_every_frame_and_the_mouth_that_was_planned(watched):
    take, seen = watched[0]
    assert len(seen.times) == len(take.part.motion)
    np.testing.assert_allclose(np.diff(seen.times), 0.04, atol=1e-6)
    assert not np.isnan(seen.landmarks).any()
    plain, mirrored = (view.mean(axis=(0, 1)) for view in seen.landmarks)
    np.testing.assert_allclose(plain[:2], mirrored[:2], atol=3)
    found = opening_fit(take.part, seen)
    assert found.r > 0.9
    assert 0.25 < found.slope < 1.4, "the stand-in sees a small mouth less open than it is"


def test_picture_and_sound_are_together_and_a_delay_is_found(watched):
    for (_, seen), late in zip(watched, (0.0, -LATE), strict=True):
        lags = click_lags(seen, seen.curve(opening))
        np.testing.assert_allclose(lags.mean(), late, atol=0.02)
        assert np.ptp(lags) < 0.04


def test_nothing_moves_behind_a_still_head(watched):
    assert watched[0][0].background == 0


def test_a_python_that_cannot_judge_is_named():
    if importlib.util.find_spec("mediapipe"):
        pytest.skip("this Python has MediaPipe")
    with pytest.raises(StudioError, match="--judge"):
        Judge((sys.executable, str(WORKER)))
    with pytest.raises(StudioError, match="cannot be started"):
        Judge(("no-such-python",))


def test_an_environment_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudioError, match="--judge"):
        judge_python(tmp_path / "file" / "judge")


def test_a_folder_without_photos_is_explained(tmp_path):
    with pytest.raises(StudioError, match="--faces"):
        bench_faces(tmp_path)


def test_photos_of_one_name_are_all_measured(tmp_path):
    for name in ("ada.jpg", "ada.png", "mira.jpg", "notes.txt"):
        (tmp_path / name).touch()
    assert {"ada", "ada.png", "mira", "mira.jpg"} <= bench_faces(tmp_path).keys()
    assert "notes" not in bench_faces(tmp_path)


def test_the_command_names_what_is_wrong(tmp_path):
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, str(root / "launch.py"), "bench", "render", "--judge", str(tmp_path / "nothing")]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be started" in done.stderr
