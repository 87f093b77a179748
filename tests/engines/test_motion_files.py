"""Motion files that other tools read, and that come back as they went."""

import csv
import json

import numpy as np
import pytest

from engines.errors import StudioError
from engines.motion_files import read_motion, write_csv, write_json
from engines.types import BLENDSHAPES, TONGUE_SHAPES, Motion


def save(path, motion):
    (write_csv if path.suffix == ".csv" else write_json)(path, motion)


def motion(frames=40, fps=30.0, tongue=True):
    rng = np.random.default_rng(5)
    return Motion(
        fps,
        rng.random((frames, 52), np.float32),
        rng.normal(0, 3, (frames, 6)).astype(np.float32),
        rng.random((frames, 16), np.float32) if tongue else None,
    )


@pytest.mark.parametrize("suffix", [".csv", ".json", ".JSON"])
@pytest.mark.parametrize("fps", [25.0, 29.97, 30.0, 60.0])
@pytest.mark.parametrize("tongue", [True, False])
def test_what_is_written_is_read_again(tmp_path, suffix, fps, tongue):
    before = motion(fps=fps, tongue=tongue)
    path = tmp_path / f"motion{suffix}"
    save(path, before)
    after = read_motion(path)
    assert after.fps == pytest.approx(fps, abs=0.002)
    np.testing.assert_allclose(after.blendshapes, before.blendshapes, atol=1e-6)
    assert (after.tongue is None) == (before.tongue is None)
    if tongue:
        np.testing.assert_allclose(after.tongue, before.tongue, atol=1e-6)
    if suffix != ".csv":
        np.testing.assert_allclose(after.head, before.head, atol=1e-5)


def test_csv_has_nvidias_columns(tmp_path):
    path = tmp_path / "animation_frames.csv"
    save(path, motion(fps=30.0, tongue=False))
    header, first, second, *_ = list(csv.reader(path.open(encoding="utf-8")))
    assert header[:4] == ["", "timeCode", "blendShapes.EyeBlinkLeft", "blendShapes.EyeLookDownLeft"]
    assert header[-1] == "blendShapes.TongueOut"
    assert len(header) == 54
    assert (first[:2], second[0]) == (["0", "0.0"], "1")
    assert float(second[1]) == pytest.approx(1 / 30, abs=1e-6)


def test_csv_carries_the_tongue_behind_the_face(tmp_path):
    path = tmp_path / "frames.csv"
    save(path, motion())
    header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
    assert len(header) == 2 + 52 + 16
    assert header[54] == "blendShapes.TongueTipUp"


def test_json_has_audio2faces_form_and_the_head(tmp_path):
    path = tmp_path / "clip_bsweight.json"
    before = motion(frames=7, tongue=False)
    save(path, before)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["facsNames"] == list(BLENDSHAPES)
    assert (content["exportFps"], content["numFrames"], content["numPoses"]) == (30.0, 7, 52)
    assert np.shape(content["weightMat"]) == (7, 52)
    assert content["joints"] == ["head"]
    np.testing.assert_allclose(np.array(content["rotations"])[:, 0], before.head[:, :3], atol=1e-5)
    np.testing.assert_allclose(np.array(content["translations"])[:, 0], before.head[:, 3:], atol=1e-5)


def test_a_csv_of_another_tool_is_read_by_its_names(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text(
        "\ufeff,timeCode,blendShapes.JawOpen,other,blendShapes.EyeBlinkRight\n0,0,0.5,x,1.25\n1,0.04,0.25,y,-0.1\n",
        encoding="utf-8",
    )
    read = read_motion(path)
    assert read.fps == pytest.approx(25.0)
    np.testing.assert_allclose(read.blendshapes[:, BLENDSHAPES.index("jawOpen")], [0.5, 0.25])
    np.testing.assert_allclose(read.blendshapes[:, BLENDSHAPES.index("eyeBlinkRight")], [1.0, 0.0])
    assert read.blendshapes.sum() == pytest.approx(1.75)
    assert np.abs(read.head).max() == 0.0


def test_an_audio2face_export_with_other_joints_is_read(tmp_path):
    path = tmp_path / "a2f.json"
    content = {
        "exportFps": 60, "trackPath": "voice.wav", "numPoses": 2, "numFrames": 2,
        "facsNames": ["jawOpen", "tongueUp"],
        "weightMat": [[0.1, 0.2], [0.3, 0.4]], "joints": ["jaw", "eye_L"],
        "rotations": [[[0, 0, 0, 1], [0, 0, 0, 1]]] * 2, "translations": [[[0, 0, 0], [0, 0, 0]]] * 2,
    }  # fmt: skip
    path.write_text(json.dumps(content), encoding="utf-8")
    read = read_motion(path)
    assert read.blendshapes[1, BLENDSHAPES.index("jawOpen")] == pytest.approx(0.3)
    assert read.tongue[0, TONGUE_SHAPES.index("tongueUp")] == pytest.approx(0.2)
    assert np.abs(read.head).max() == 0.0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("empty.csv", ""),
        ("header.csv", ",timeCode,blendShapes.JawOpen\n"),
        ("short.csv", ",timeCode,blendShapes.JawOpen\n0,0\n"),
        ("words.csv", ",timeCode,blendShapes.JawOpen\n0,0,wide\n"),
        ("nan.csv", ",timeCode,blendShapes.JawOpen\n0,0,nan\n1,0.1,nan\n"),
        ("frozen.csv", ",timeCode,blendShapes.JawOpen\n0,0,1\n1,0,1\n"),
        ("table.csv", "name,age\nAda,36\n"),
        ("cut.json", '{"exportFps": 30, "facsNames": ["jawO'),
        ("list.json", "[1, 2]"),
        ("number.json", "3"),
        ("ragged.json", '{"exportFps": 30, "facsNames": ["jawOpen"], "weightMat": [[1], [1, 2]]}'),
        ("rate.json", '{"exportFps": 0, "facsNames": ["jawOpen"], "weightMat": [[1]]}'),
        ("strange.json", '{"exportFps": 30, "facsNames": ["elbow"], "weightMat": [[1]]}'),
        (
            "head.json",
            '{"exportFps": 30, "facsNames": ["jawOpen"], "weightMat": [[1]], "joints": ["head"]}',
        ),
    ],
)
def test_broken_files_are_refused_in_one_sentence(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudioError, match=r"^[^\n]+\.$") as caught:
        read_motion(path)
    assert name in str(caught.value)


def test_binary_and_missing_files_are_refused(tmp_path):
    (tmp_path / "film.csv").write_bytes(bytes(range(256)) * 20)
    for name in ("film.csv", "nowhere.json"):
        with pytest.raises(StudioError, match=name):
            read_motion(tmp_path / name)


def test_other_kinds_are_refused(tmp_path):
    with pytest.raises(StudioError, match=r"csv or \.json"):
        read_motion(tmp_path / "motion.fbx")
