"""Model folders as people have them: whole, half fetched, cut off, mixed up, hostile."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from engines.audio2face import FACES, GROUPS, Audio2FaceOptions
from engines.audio2face.driver import Audio2FaceDriver
from engines.audio2face.files import CHOICES, files_of, readiness
from engines.audio2face.model import load_model
from engines.errors import StudioError
from engines.types import Expression, Speech
from engines.weights import weight_store
from tests.engines.audio2face.conftest import put, voice
from tests.engines.audio2face.toy_model import VERTICES, Toy

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 75751144\n".format("d" * 64)


@pytest.fixture
def folder(regression_toy: Toy, tmp_path: Path) -> Path:
    """A copy of a whole model to spoil."""
    return Path(shutil.copytree(regression_toy.folder, tmp_path / "model"))


def change(path: Path, **values: object) -> None:
    document = json.loads(path.read_text())
    for place, value in values.items():
        inner, *keys = document, *place.split("__")
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
    path.write_text(json.dumps(document))


def change_arrays(path: Path, **arrays: object) -> None:
    held = dict(np.load(path))
    for name, value in arrays.items():
        if value is None:
            del held[name]
        else:
            held[name] = value
    np.savez(path, **held)


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(bytes(content))


STRANGE = {
    "poseNames": np.array([b"neutral", b"mouthOfGod"]),
    "mouthOfGod": np.zeros((VERTICES, 3), np.float32),
}
NO_NUMBERS = np.full((VERTICES, 3), np.nan, np.float32)
INFO, DATA, SKIN, SOLVE = "network_info.json", "model_data.npz", "bs_skin.npz", "bs_skin_config.json"
SPOILED = {
    "no folder": lambda f: shutil.rmtree(f),
    "pointer": lambda f: (f / "network.onnx").write_text(POINTER),
    "cut off network": lambda f: cut(f / "network.onnx"),
    "cut off arrays": lambda f: cut(f / DATA),
    "damaged arrays": lambda f: flip(f / "bs_tongue.npz"),
    "no json": lambda f: (f / INFO).write_text("<html>401</html>"),
    "deep json": lambda f: (f / "model.json").write_text("[" * 100_000),
    "other kind": lambda f: change(f / INFO, id__type="diffusion"),
    "outside": lambda f: change(f / "model.json", modelDataPath="../../secret.npz"),
    "key missing": lambda f: change(f / INFO, params__num_shapes_skin=None),
    "other sizes": lambda f: change(f / INFO, params__num_shapes_skin=272),
    "other window": lambda f: change(f / INFO, audio_params__buffer_len=8000),
    "strange emotion": lambda f: change(f / INFO, params__explicit_emotions=["bliss"] * 10),
    "shot": lambda f: change(f / "model_config.json", config__source_shot="p9"),
    "pickle": lambda f: change_arrays(f / DATA, neutral_jaw=np.array([{"a": 1}], object)),
    "no number": lambda f: change_arrays(f / DATA, lip_open_pose_delta=NO_NUMBERS),
    "array missing": lambda f: change_arrays(f / DATA, saccade_rot_matrix=None),
    "other face": lambda f: change_arrays(f / SKIN, neutral=np.zeros((VERTICES + 1, 3), np.float32)),
    "mask": lambda f: change_arrays(f / SKIN, frontalMask=np.array([0, VERTICES])),
    "strange shape": lambda f: change_arrays(f / SKIN, **STRANGE),
    "pairs": lambda f: change(f / SOLVE, blendshape_params__bsSolveSymmetryPoses=[0] * 9),
    "too few": lambda f: change(f / SOLVE, blendshape_params__bsWeightOffsets=[0.0]),
}


@pytest.mark.parametrize(
    ("what", "file", "words"),
    [
        ("no folder", "model.json", "it is missing"),
        ("pointer", "network.onnx", "it is a Git LFS pointer"),
        ("cut off network", "network.onnx", "cut off or no ONNX network"),
        ("cut off arrays", "model_data.npz", "cut off or no .npz archive"),
        ("damaged arrays", "bs_tongue.npz", "damaged"),
        ("no json", "network_info.json", "damaged or no JSON"),
        ("deep json", "model.json", "damaged or no JSON"),
        ("other kind", "network_info.json", "of a diffusion network"),
        ("outside", "model.json", "files outside its folder"),
        ("key missing", "network_info.json", "'params.num_shapes_skin' does not fit"),
        ("other sizes", "model_data.npz", "'shapes_matrix_skin' is 6x60x3 and not 272x60x3"),
        ("other window", "network.onnx", "the input 'input' of its network is batchx1x8320, not anyx1x8000"),
        ("strange emotion", "network_info.json", "emotion 'bliss'"),
        ("shot", "implicit_emo_db.npz", "no shot 'p9'"),
        ("pickle", "model_data.npz", "'neutral_jaw'"),
        ("no number", "model_data.npz", "'lip_open_pose_delta' is not all numbers"),
        ("array missing", "model_data.npz", "lacks the array 'saccade_rot_matrix'"),
        ("other face", "bs_skin.npz", "'neutral' is 61x3 and not 60x3"),
        ("mask", "bs_skin.npz", "frontalMask names vertices"),
        ("strange shape", "bs_skin.npz", "shape 'mouthOfGod'"),
        ("pairs", "bs_skin_config.json", "exactly twice"),
        ("too few", "bs_skin_config.json", "1 values of a kind for 9 shapes"),
    ],
)
def test_what_does_not_fit_is_named_in_one_sentence(folder: Path, what: str, file: str, words: str) -> None:
    SPOILED[what](folder)
    with pytest.raises(StudioError) as refused:
        load_model(folder)
    sentence = str(refused.value)
    assert file in sentence
    assert words in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_names_may_begin_with_a_capital(folder: Path) -> None:
    held = dict(np.load(folder / "bs_tongue.npz"))
    names = [name.decode() for name in held["poseNames"]]
    for name in names[1:]:
        held[name[0].upper() + name[1:]] = held.pop(name)
    held["poseNames"] = np.array([names[0], *(name[0].upper() + name[1:] for name in names[1:])])
    np.savez(folder / "bs_tongue.npz", **held)
    assert load_model(folder).geometry.tongue.poses.names == tuple(names[1:])


def test_a_diffusion_model_knows_its_faces(diffusion_toys: tuple[Toy, ...]) -> None:
    with pytest.raises(StudioError, match="no face Bob, only Claire, James, Mark"):
        load_model(diffusion_toys[0].folder, "Bob")


def test_without_files_the_engine_says_what_to_do(model_files: Path) -> None:
    problem = readiness(Audio2FaceOptions()).problem
    assert "audio2face.mark" in problem
    assert str(model_files / "Audio2Face-3D-v2.3-Mark") in problem
    with pytest.raises(StudioError, match="engines download"):
        Audio2FaceDriver().drive(Speech(voice(0.3), 16_000), Expression(), 25.0, Audio2FaceOptions())


def test_a_clone_without_large_files_is_told_apart(model_files: Path) -> None:
    folder = model_files / "Audio2Face-3D-v2.3.1-Claire"
    folder.mkdir(parents=True)
    for name in GROUPS["claire"]:
        ending = "json" if "config" in name or name in ("model", "network_info", "trt_info") else "npz"
        (folder / (f"{name}.{ending}" if name != "network" else "network.onnx")).write_text(POINTER)
    problem = readiness(Audio2FaceOptions(model="claire")).problem
    assert "Git LFS pointer" in problem
    assert "engines download audio2face.claire" in problem


def test_the_first_model_that_is_there_is_taken(
    model_files: Path, regression_toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(regression_toy, "Audio2Face-3D-v2.3.1-James", "james", monkeypatch)
    found = readiness(Audio2FaceOptions())
    assert not found.problem
    assert found.variant.startswith("james ")
    assert "Mark" in readiness(Audio2FaceOptions(model="mark")).problem
    assert "Audio2Emotion" in readiness(Audio2FaceOptions(emotions="heard")).problem
    motion = Audio2FaceDriver().drive(
        Speech(voice(2.0), 16_000), Expression(), 25.0, Audio2FaceOptions(model="james")
    )
    assert len(motion) == 50
    assert np.ptp(motion.head, axis=0).max() > 0
    assert motion.blendshapes.max() <= 1


def test_every_file_is_declared_with_its_licence() -> None:
    store = weight_store()
    for group, names in GROUPS.items():
        weights = [store.weight(f"audio2face.{group}.{name}") for name in names]
        assert len({Path(weight.file).parent for weight in weights}) == 1
        assert all("NVIDIA" in weight.licence for weight in weights)
    assert {choice.face for choice in CHOICES.values()} == {*FACES, ""}
    assert len(files_of(CHOICES["claire_v3"])) == 10
