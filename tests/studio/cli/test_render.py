"""The command line as people use it: real files in, real files out, one sentence when it cannot be done."""

import csv
import json
import subprocess
import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from studio.cli import main

LAUNCH = Path(__file__).parents[3] / "launch.py"


@pytest.fixture
def run(tmp_path, capsys):
    def run(*words):
        capsys.readouterr()
        code = main(["--data", str(tmp_path / "data"), *map(str, words)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def write_wave(path, samples, rate=16000, width=2, channels=1):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


def test_render_as_a_process_of_its_own(photo_file, tmp_path):
    out, motion = tmp_path / "clip.mp4", tmp_path / "motion.csv"
    command = [
        sys.executable,
        str(LAUNCH),
        "--data",
        str(tmp_path / "data"),
        "render",
        "--avatar",
        str(photo_file),
    ]
    command += [
        "--text",
        "Good morning, Bob.",
        "--emotion",
        "joy=0.8",
        "--head",
        "0.3",
        "--size",
        "256",
        "--json",
    ]
    command += ["--out", str(out), "--motion-out", str(motion)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["bytes"] == out.stat().st_size
    assert {"photo", "voice", "motion", "frames", "encode"} <= set(told["seconds"])
    assert told["cached"] == []
    with av.open(str(out)) as clip:
        assert clip.streams.video[0].frames == told["frames"]
        assert max(clip.streams.video[0].width, clip.streams.video[0].height) == 256
    rows = list(csv.reader(motion.open()))
    assert rows[0][1] == "timeCode"
    assert "blendShapes.JawOpen" in rows[0]
    assert len(rows) == told["frames"] + 1
    again = json.loads(subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout)
    assert again["cached"] == ["clip"]


def test_neither_torch_nor_gradio_is_imported_to_render(photo_file, tmp_path):
    script = (
        "import sys; from studio.cli import main; "
        f"code = main(['--data', r'{tmp_path}', 'render', '--avatar', r'{photo_file}', '--text', 'Hi Bob.', "
        f"'--size', '192', '--out', r'{tmp_path / 'c.mp4'}']); "
        "print(code, sorted({'torch', 'gradio', 'onnxruntime', 'mediapipe'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=LAUNCH.parent)
    assert done.stdout.strip().splitlines()[-1] == "0 []", done.stderr


BAD_USES = {
    "no words": ([], "exactly one"),
    "two texts": (["--text", "a", "--text-file", "b.txt"], "exactly one"),
    "emotion without a number": (["--text", "a", "--emotion", "joy"], "joy=0.8"),
    "emotion of no name": (["--text", "a", "--emotion", "rage=1"], "amazement"),
    "emotion out of range": (["--text", "a", "--emotion", "joy=3"], "0 to 1"),
    "head out of range": (["--text", "a", "--head", "7"], "7"),
    "no such voice": (["--text", "a", "--voice", "klingon"], "klingon"),
    "no such recipe": (["--text", "a", "--recipe", "magic"], "instant"),
    "no such recording": (["--audio", "gone.wav"], "gone.wav"),
    "no such text file": (["--text-file", "gone.txt"], "gone.txt"),
    "empty text": (["--text", " "], "nothing to say"),
}


@pytest.mark.parametrize("words", BAD_USES)
def test_a_bad_use_gets_one_sentence(run, photo_file, tmp_path, words):
    arguments, named = BAD_USES[words]
    code, _, err = run("render", "--avatar", photo_file, "--out", tmp_path / "c.mp4", *arguments)
    assert code in (1, 2)
    assert named in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "c.mp4").exists()


def test_bad_pictures_and_bad_outputs_get_one_sentence(run, photo_file, faceless, tmp_path):
    out = tmp_path / "c.mp4"
    cases = [
        (faceless, out, "No face"),
        (tmp_path / "gone.png", out, "gone.png"),
        (photo_file, tmp_path / "c.avi", "c.mp4"),
        (photo_file, tmp_path / "nowhere" / "c.mp4", "nowhere"),
    ]
    for avatar, path, named in cases:
        code, _, err = run("render", "--avatar", avatar, "--text", "a", "--out", path)
        assert (code, named in err, len(err.strip().splitlines())) == (1, True, 1), err
    backgrounds = [
        (("transparent",), "c.webm"),
        (("picture", "--facemesh-background-picture", tmp_path / "sea.png"), "sea.png"),
        (("colour", "--facemesh-background-colour", "red"), "Background"),
    ]
    for flags, named in backgrounds:
        picked = ("--facemesh-background", *flags)
        code, _, err = run("render", "--avatar", photo_file, "--text", "a", "--out", out, *picked)
        assert (code, named.lower() in err.lower(), len(err.strip().splitlines())) == (1, True, 1), err
    assert not out.exists()


def test_bad_recordings_get_one_sentence(run, photo_file, tmp_path):
    silence = write_wave(tmp_path / "silent.wav", np.zeros(16000, np.int16))
    short = write_wave(tmp_path / "short.wav", np.full(800, 9000, np.int16))
    noise = tmp_path / "noise.wav"
    noise.write_bytes(b"RIFF" + bytes(range(256)) * 4)
    for path in (silence, short, noise):
        code, _, err = run("render", "--avatar", photo_file, "--audio", path, "--out", tmp_path / "c.mp4")
        assert (code, len(err.strip().splitlines())) == (1, 1), err
    assert not (tmp_path / "c.mp4").exists()


def test_old_telephone_sound_works(run, photo_file, tmp_path):
    time = np.arange(8000 * 2) / 8000
    wobble = 100 * np.sin(2 * np.pi * 200 * time) * (np.sin(2 * np.pi * 3 * time) > 0)
    stereo = np.repeat((128 + wobble).astype(np.uint8)[:, None], 2, axis=1)
    path = write_wave(tmp_path / "phone.wav", stereo, rate=8000, width=1, channels=2)
    code, _, err = run(
        "render", "--avatar", photo_file, "--audio", path, "--size", 192, "--out", tmp_path / "c.mp4"
    )
    assert code == 0, err
    with av.open(str(tmp_path / "c.mp4")) as clip:
        assert clip.streams.video[0].frames == 50


def test_several_faces_are_told(run, photo, tmp_path):
    Image.fromarray(np.hstack([photo, photo[:, ::-1]])).save(tmp_path / "pair.png")
    code, _, err = run(
        "render", "--avatar", tmp_path / "pair.png", "--text", "Hi.", "--size", 512, "--out", tmp_path / "c.mp4"
    )
    assert code == 0
    assert "2 faces" in err


def test_an_avatar_can_be_added_used_and_removed(run, photo_file, tmp_path):
    code, out, _ = run("avatar", "add", photo_file, "--name", "Eileen")
    avatar = out.strip()
    assert code == 0
    assert f"{avatar}" in run("avatar", "list")[1]
    code, *_ = run("render", "--avatar", avatar, "--text", "Hi.", "--size", 192, "--out", tmp_path / "c.mp4")
    assert code == 0
    assert run("avatar", "remove", avatar)[0] == 0
    assert avatar not in run("avatar", "list")[1]
    assert run("avatar", "remove", avatar)[0] == 1


def test_motion_is_written_as_csv_and_json(run, tmp_path):
    assert run("motion", "--text", "Bob met Pam.", "--out", tmp_path / "m.json", "--fps", 60)[0] == 0
    told = json.loads((tmp_path / "m.json").read_text())
    assert told["exportFps"] == 60
    assert len(told["weightMat"]) == told["numFrames"]
    jaw = np.array(told["weightMat"])[:, told["facsNames"].index("jawOpen")]
    assert jaw.max() > 0.1
    code, _, err = run("motion", "--text", "Hi.", "--out", tmp_path / "m.xlsx")
    assert code == 1
    assert ".csv" in err


def test_a_data_folder_that_cannot_be_written_is_named(photo_file, tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    code = main(["--data", str(blocked / "data"), "avatar", "list"])
    assert code == 1
    assert "data folder" in capsys.readouterr().err


def test_every_command_explains_itself(capsys):
    for words in ([], ["render"], ["motion"], ["avatar"], ["avatar", "add"], ["bench"], ["doctor"]):
        assert main([*words, "--help"]) == 0
        assert "Usage" in capsys.readouterr().out


def test_quality_and_enhancer_are_words_and_what_is_missing_is_said(run, photo_file, tmp_path, monkeypatch):
    out = tmp_path / "clip.mp4"
    words = ["render", "--avatar", photo_file, "--text", "Oh.", "--out", out]
    code, said, err = run(*words, "--quality", "high", "--size", 256, "--fps", 5, "--json")
    assert code == 0
    assert "High quality also makes the face clearer with GFPGAN; it is left out here: GFPGAN needs" in err
    clip = json.loads(said)
    assert (clip["width"], clip["fps"]) == (256, 5.0)
    code, _, err = run(*words, "--enhance", "gfpgan", "--enhance-strength", 0.5)
    assert (code, err.count("\n")) == (1, 1)
    assert "GFPGANv1.4.pth" in err
    code, _, err = run(*words, "--enhance-strength", 0.5)
    assert (code, "needs --enhance" in err) == (1, True)


def test_a_long_wait_is_said_before_it_begins(run, photo_file, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "timings.json").write_text('{"instant/render": 61.0}')
    words = ["render", "--avatar", photo_file, "--text", "Oh.", "--size", 256, "--fps", 5]
    code, _, err = run(*words, "--out", tmp_path / "clip.mp4")
    assert code == 0
    assert err.splitlines()[0] == "About 20 seconds on this machine."
