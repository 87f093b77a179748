"""Motion as animators' tools read it, format by format."""

import csv
import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from engines.errors import StudioError
from engines.exports import FORMATS, Performance, format_for, get_format, write_export
from engines.exports.character import NEUTRAL
from engines.exports.livelink import timecode
from engines.types import BLENDSHAPE_INDEX, BLENDSHAPES, Motion, Speech


def performance(frames=45, fps=30.0, tongue=True, **weights):
    rng = np.random.default_rng(3)
    shapes = rng.random((frames, 52), np.float32)
    for name, value in weights.items():
        shapes[:, BLENDSHAPE_INDEX[name]] = value
    turns = rng.normal(0, 5, (frames, 6)).astype(np.float32)
    motion = Motion(fps, shapes, turns, rng.random((frames, 16), np.float32) if tongue else None)
    return Performance(motion, Speech(np.sin(np.arange(24000) / 20).astype(np.float32) / 2, 16000))


def exported(tmp_path, name, what):
    path = tmp_path / f"export{FORMATS[name].suffix}"
    write_export(path, what, FORMATS[name])
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    return path


def test_live_link_has_the_apps_columns_and_timecodes(tmp_path):
    what = performance(eyeLookOutLeft=0.5, eyeLookInLeft=0, eyeLookInRight=0.5, eyeLookOutRight=0)
    path = exported(tmp_path, "livelink-csv", what)
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    names = list(rows[0])
    assert names[:3] == ["Timecode", "BlendShapeCount", "EyeBlinkLeft"]
    assert len(names) == 2 + 61
    assert {row["BlendShapeCount"] for row in rows} == {"61"}
    assert names.index("JawRight") + 1 == names.index("JawLeft"), "the app's order, not NVIDIA's"
    assert names.index("MouthRight") + 1 == names.index("MouthLeft")
    assert names[53:57] == ["TongueOut", "HeadYaw", "HeadPitch", "HeadRoll"]
    assert [rows[index]["Timecode"] for index in (0, 29, 31)] == [
        "00:00:00:00.000",
        "00:00:00:29.000",
        "00:00:01:01.000",
    ]
    for name in BLENDSHAPES:
        column = [float(row[name[0].upper() + name[1:]]) for row in rows]
        np.testing.assert_allclose(column, what.motion.blendshapes[:, BLENDSHAPE_INDEX[name]], atol=1e-6)
    yaw, pitch = what.motion.head[7, :2]
    assert float(rows[7]["HeadYaw"]) == pytest.approx(np.radians(yaw), abs=1e-5)
    assert float(rows[7]["HeadPitch"]) == pytest.approx(-np.radians(pitch), abs=1e-5)
    assert float(rows[0]["LeftEyeYaw"]) == float(rows[0]["RightEyeYaw"]) > 0.2, "both to the person's left"


@pytest.mark.parametrize(
    ("index", "fps", "code"),
    [
        (25 * 3661 + 24, 25.0, "01:01:01:24.000"),
        (29, 29.97, "00:00:00:29.029"),
        (2997, 29.97, "00:01:40:00.000"),
    ],
)
def test_timecodes_tell_the_time(index, fps, code):
    assert timecode(index, fps) == code


@pytest.mark.parametrize("tongue", [True, False])
def test_arkit_json_names_every_frame(tmp_path, tongue):
    what = performance(fps=25.0, tongue=tongue)
    path = exported(tmp_path, "arkit-json", what)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert (content["fps"], content["frameCount"], content["duration"]) == (25.0, 45, 1.8)
    assert content["blendShapeNames"] == list(BLENDSHAPES)
    assert [frame["time"] for frame in content["frames"][:3]] == [0.0, 0.04, 0.08]
    for index, frame in enumerate(content["frames"]):
        assert list(frame["blendShapes"]) == list(BLENDSHAPES)
        np.testing.assert_allclose(
            list(frame["blendShapes"].values()), what.motion.blendshapes[index], atol=1e-5
        )
        np.testing.assert_allclose(list(frame["head"].values()), what.motion.head[index], atol=1e-4)
        assert ("tongue" in frame) == tongue


def test_the_sound_is_a_wav_of_the_same_length(tmp_path):
    what = performance()
    samples, rate = soundfile.read(exported(tmp_path, "sound", what))
    assert (rate, len(samples)) == (16000, 24000)
    np.testing.assert_allclose(samples, what.speech.samples, atol=1e-4)


def test_an_idle_face_has_no_sound(tmp_path):
    with pytest.raises(StudioError, match="says nothing"):
        write_export(tmp_path / "idle.wav", Performance(performance().motion), FORMATS["sound"])
    assert not list(tmp_path.iterdir())


def test_the_ending_says_the_format_and_has_to_fit(tmp_path):
    assert format_for(tmp_path / "a.CSV").name == "nvidia-csv"
    assert format_for(tmp_path / "a.json").name == "omniverse-json"
    assert format_for(tmp_path / "a.csv", "livelink-csv").name == "livelink-csv"
    for path, name in (("a.fbx", None), ("a.json", "livelink-csv"), ("a.csv", "fbx")):
        with pytest.raises(StudioError, match=r"^[^\n]+\.$"):
            format_for(tmp_path / path, name)
    with pytest.raises(StudioError, match="nvidia-csv"):
        get_format("x" * 500)


def test_blenders_archive_has_what_its_script_needs(tmp_path):
    what = performance()
    path = exported(tmp_path, "blender", what)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    assert set(files) == {"import_in_blender.py", "motion.json", "head.glb", "speech.wav"}
    compile(files["import_in_blender.py"], "import_in_blender.py", "exec")
    motion = json.loads(files["motion.json"])
    np.testing.assert_allclose(np.array(motion["weightMat"])[:, :52], what.motion.blendshapes, atol=1e-6)
    assert files["head.glb"] == NEUTRAL.read_bytes()
    assert soundfile.info(io.BytesIO(files["speech.wav"])).duration == pytest.approx(1.5)
    again = tmp_path / "again.zip"
    write_export(again, what, FORMATS["blender"])
    assert again.read_bytes() == path.read_bytes(), "the same motion gives the same archive"


def test_blenders_archive_takes_only_a_head_that_holds_together(tmp_path):
    head = tmp_path / "head.glb"
    head.write_bytes(NEUTRAL.read_bytes()[:5000])
    with pytest.raises(StudioError, match="damaged"):
        write_export(
            tmp_path / "out.zip", Performance(performance().motion, character=head), FORMATS["blender"]
        )
    assert not (tmp_path / "out.zip").exists()


@pytest.mark.parametrize("name", ["nvidia-csv", "omniverse-json", "livelink-csv"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, name):
    path = exported(tmp_path, name, performance(frames=3))
    old = path.read_bytes()
    broken = replace(performance(frames=3).motion, blendshapes=np.full((3, 52), "x", object))
    with pytest.raises((ValueError, TypeError)):
        write_export(path, Performance(broken), FORMATS[name])
    with pytest.raises(StudioError):
        write_export(tmp_path / "no such folder" / path.name, performance(), FORMATS[name])
    assert path.read_bytes() == old
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
