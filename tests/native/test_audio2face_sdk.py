"""The binding of the Audio2Face SDK, compiled against a stand-in of it that is compiled with the old ABI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BINDING = HERE.parents[1] / "native" / "audio2face_sdk"
STAND_IN = HERE / "audio2face_stand_in"
COMPILER = shutil.which("g++")

pytestmark = pytest.mark.skipif(
    COMPILER is None or not sys.platform.startswith("linux"), reason="the stand-in needs g++ on Linux"
)


def build(folder: Path, **places: str) -> subprocess.CompletedProcess[str]:
    """Runs the binding's own setup.py, in a copy."""
    copy = shutil.copytree(BINDING, folder / "binding", dirs_exist_ok=True)
    hidden = {"AUDIO2FACE_SDK", "TENSORRT_ROOT_DIR"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden} | places
    command = [sys.executable, "setup.py", "build_ext", "--build-lib", str(folder / "lib")]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the built module."""
    folder = tmp_path_factory.mktemp("sdk")
    shutil.copytree(STAND_IN / "include", folder / "audio2x-sdk" / "include")
    library = folder / "audio2x-sdk" / "lib" / "libaudio2x.so"
    library.parent.mkdir()
    old = [
        "-D_GLIBCXX_USE_CXX11_ABI=0",
        "-std=c++17",
        "-shared",
        "-fPIC",
        "-pthread",
        "-Wall",
        "-Wextra",
        "-Werror",
    ]
    headers = f"-I{STAND_IN / 'include'}"
    subprocess.run(
        [str(COMPILER), *old, headers, str(STAND_IN / "stand_in.cpp"), "-o", str(library)], check=True
    )
    tensorrt = folder / "tensorrt" / "lib" / "libnvinfer.so.10"
    tensorrt.parent.mkdir(parents=True)
    tensorrt.touch()
    done = build(folder, AUDIO2FACE_SDK=str(library.parents[1]), TENSORRT_ROOT_DIR=str(tensorrt.parents[1]))
    assert done.returncode == 0, done.stderr
    (folder / "lib" / "regression.json").write_text('{"modelConfigPath": "a"}', "utf-8")
    (folder / "lib" / "diffusion.json").write_text('{"modelConfigPaths": ["a", "b", "c"]}', "utf-8")
    return folder / "lib"


def tell(module: Path, code: str) -> object:
    """What ``code`` leaves in ``said``, in a Python of its own."""
    start = "import json, numpy as np\nfrom visema_audio2face import BlendshapeModel\n"
    script = f"{start}{code}\nprint(json.dumps(said))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=module, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_model_of_the_sdk_gives_weights_frame_by_frame(module: Path) -> None:
    code = """
said = []
for gpu in (False, True):
    model = BlendshapeModel("diffusion.json", 2, gpu, True)
    audio = np.linspace(0, 1, 4000, dtype=np.float32)
    emotion = [0.5] + [0.0] * 9
    weights = model.process_audio(audio, emotion)
    again = model.process_audio(audio)
    said.append([model.get_num_blendshapes(), model.get_fps(), model.get_names(), model.get_num_emotions()])
    expected = audio[np.arange(15) * 16000 // 60]
    said.append([weights.shape, bool((weights[:, 0] == expected).all()), weights[3, 1:].tolist()])
    said.append([again.shape, again[3, 1:].tolist()])
"""
    names = ["jawOpen", "browInnerUp", "mouthFunnel", "mouthPucker", "tongueUp"]
    each = [[5, 60.0, names, 10], [[15, 5], True, [0.5, 2.0, 1.0, 0.25]], [[15, 5], [0.0, 2.0, 1.0, 0.25]]]
    assert tell(module, code) == each * 2


def test_a_regression_model_runs_at_the_chosen_rate(module: Path) -> None:
    code = """
model = BlendshapeModel("regression.json", fps=25)
said = [model.get_fps(), model.process_audio(np.zeros(16000)).shape]
"""
    assert tell(module, code) == [25.0, [25, 5]]


def test_what_goes_wrong_is_said_in_the_words_of_the_sdk(module: Path) -> None:
    code = """
def words(call):
    try:
        call()
    except (ValueError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"
model = BlendshapeModel("diffusion.json")
late = np.zeros(4000)
said = [
    words(lambda: BlendshapeModel("absent.json")),
    words(lambda: BlendshapeModel("diffusion.json", 3)),
    words(lambda: BlendshapeModel("regression.json", fps=0)),
    words(lambda: model.process_audio(np.zeros((2, 5)))),
    words(lambda: model.process_audio(np.zeros(0))),
    words(lambda: model.process_audio([0.0, float("nan")])),
    words(lambda: model.process_audio([0.0], [1.0])),
    words(lambda: model.process_audio([-1.0])),
    words(lambda: model.process_audio([-0.5])),
    words(lambda: model.process_audio(late)),
]
"""
    told = "the toy was told to fail in so many words"
    assert tell(module, code) == [
        "ValueError: there is no model at absent.json",
        "RuntimeError: The Audio2Face SDK cannot load this model; see that its network.trt was built here, by "
        "this TensorRT: diffusion.json",
        "ValueError: fps must be from 1 to 1000",
        "ValueError: audio must be mono samples at 16 kHz, (N,)",
        "ValueError: audio must be mono samples at 16 kHz, (N,)",
        "ValueError: audio must be finite",
        "ValueError: emotion must be (10,)",
        f"RuntimeError: The model failed: {told}",
        f"RuntimeError: The solver failed: {told}",
        None,
    ]


def test_threads_that_share_a_model_take_turns(module: Path) -> None:
    code = """
from concurrent.futures import ThreadPoolExecutor
model = BlendshapeModel("diffusion.json")
sounds = [np.full(3000, level / 8, np.float32) for level in range(8)]
with ThreadPoolExecutor(4) as pool:
    found = list(pool.map(model.process_audio, sounds))
said = [bool((weights[:, 0] == sound[0]).all() and len(weights) == 12) for weights, sound in zip(found, sounds)]
"""
    assert tell(module, code) == [True] * 8


def test_without_the_sdk_or_tensorrt_it_is_not_built_and_says_why(module: Path, tmp_path: Path) -> None:
    assert "Set AUDIO2FACE_SDK to the audio2x-sdk folder" in build(tmp_path).stderr
    assert "there is no" in build(tmp_path, AUDIO2FACE_SDK=str(tmp_path)).stderr
    assert not (tmp_path / "lib").exists()
