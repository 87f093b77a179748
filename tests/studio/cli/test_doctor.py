"""The doctor tells what is there, what is not, what that costs and how to get it, and is quick about it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import pytest

from engines.errors import StudioError
from studio import checks, trial
from studio.settings import load_settings

ROOT = Path(__file__).resolve().parents[3]


def launch(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "launch.py"), *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def by_name(document: str) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(document)["checks"]}


def test_a_working_installation_is_ready() -> None:
    done = launch("doctor", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["ready"] is True
    found = by_name(done.stdout)
    for name in ("Python", "libraries", "ffmpeg", "voices", "mediapipe.face_landmark", "data folder"):
        assert found[name]["state"] == "ok", found[name]
    for name in (
        "disk room",
        "cache",
        "backup",
        "native core",
        "GPU",
        "CUDA",
        "torch",
        "onnxruntime",
        "TensorRT",
    ):
        assert found[name]["state"] == "ok" or (found[name]["costs"] and found[name]["remedy"])


def test_nvidias_sdk_is_found_without_being_loaded(tmp_path: Path) -> None:
    assert by_name(launch("doctor", "--json").stdout)["Audio2Face SDK"]["found"] == "not found"
    (tmp_path / "visema_audio2face.py").write_text("raise SystemExit('loaded')")
    found = by_name(launch("doctor", "--json", PYTHONPATH=str(tmp_path)).stdout)["Audio2Face SDK"]
    assert (found["state"], found["found"].split(", ")[-1]) == ("ok", "tried by us against a stand-in only")


def test_every_check_has_its_line_and_a_verdict() -> None:
    done = launch("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    for check in checks.all_checks(load_settings()):
        assert any(line.split()[0] in {"ok", "missing", "WRONG"} and check.name in line for line in lines)
    assert lines[-1] == "Instant can render."


def test_missing_models_are_named_with_their_place(tmp_path: Path) -> None:
    done = launch("doctor", STUDIO_MODELS=str(tmp_path / "none"))
    assert done.returncode == 1
    assert "Instant cannot render" in done.stdout
    assert str(tmp_path / "none" / "mediapipe" / "face_landmark.tflite") in done.stdout
    assert not (tmp_path / "none").exists(), "looking leaves no trace"


def test_a_damaged_model_is_told_apart_from_a_missing_one(tmp_path: Path) -> None:
    broken = tmp_path / "mediapipe" / "face_landmark.tflite"
    broken.parent.mkdir()
    broken.write_bytes(b"not a model")
    found = by_name(launch("doctor", "--json", STUDIO_MODELS=str(tmp_path)).stdout)
    assert found["mediapipe.face_landmark"]["state"] == "wrong"
    assert str(broken) in found["mediapipe.face_landmark"]["found"]
    assert found["mediapipe.face_detection_short_range"]["state"] == "missing"


def test_an_unwritable_data_folder_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = launch("--data", str(tmp_path / "file" / "data"), "doctor", "--json")
    assert done.returncode == 1
    assert by_name(done.stdout)["data folder"]["state"] == "wrong"
    assert "STUDIO_DATA" in by_name(done.stdout)["data folder"]["remedy"]


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements.txt").write_text(
        "# words\nnumpy>=2\nno-such-package>=1\ntomli; python_version < '3'\n"
    )
    monkeypatch.setattr(checks, "PROJECT", tmp_path)
    check = checks._libraries()
    assert check.state == "missing"
    assert check.found == "absent: no-such-package"


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the driver's tool")
def test_an_nvidia_gpu_is_named(tmp_path: Path) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H200, 143771 MiB, 580.65.06'\n")
    tool.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    assert "NVIDIA H200, 143771 MiB" in by_name(launch("doctor", "--json", PATH=path).stdout)["GPU"]["found"]


def test_looking_imports_nothing_heavy() -> None:
    script = (
        "import sys; from studio import checks; from studio.settings import load_settings;"
        "checks.all_checks(load_settings());"
        "print([name for name in ('torch', 'onnxruntime', 'gradio', 'cv2', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_on_request_a_tiny_clip_is_made(tmp_path: Path) -> None:
    done = launch("--data", str(tmp_path / "data"), "doctor", "--render", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    clip = by_name(done.stdout)["tiny clip"]
    assert clip["state"] == "ok"
    assert re.search(r"\d+ frames of \d+x\d+ in", clip["found"])
    assert not (tmp_path / "data").exists(), "it leaves nothing behind"


def test_a_clip_that_cannot_be_made_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_folder: Path) -> None:
        raise StudioError("The disk is full.")

    monkeypatch.setattr(trial, "_render", refuse)
    check = trial.render_check()
    assert (check.state, check.found, check.required) == ("wrong", "The disk is full.", True)


@pytest.mark.parametrize(("line", "build"), [("cuda: Optional[str] = '12.8'", "12.8"), ("cuda = None", "")])
def test_the_cuda_of_torch_is_read_without_importing_it(tmp_path, monkeypatch, line, build) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise SystemExit")
    (tmp_path / "torch" / "version.py").write_text(f"__version__ = '2.13.0'\n{line}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(checks.importlib.util, "find_spec", PathFinder.find_spec)
    assert checks.cuda_build() == build
