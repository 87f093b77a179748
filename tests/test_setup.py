"""run.sh sets itself up, repairs itself and hands over: tried for real on small packages of our own."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ON_POSIX = pytest.mark.skipif(os.name == "nt", reason="run.sh is for Linux and macOS")
BASE_PYTHON = getattr(sys, "_base_executable", sys.executable)

LAUNCH = """
import json, os, sys, light_part
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "inside": sys.prefix != sys.base_prefix}))
sys.exit(7 if sys.argv[1:] == ["fail"] else 0)
"""


def add_wheel(folder: Path, name: str, main: str = "") -> None:
    """A wheel of an almost empty package, for pip to find."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", "")
        wheel.writestr(f"{name}/__main__.py", main)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"{name}/__init__.py,,\n{name}/__main__.py,,\n{info}/METADATA,,\n")


@dataclass(frozen=True)
class Place:
    """A copy of the set-up in a folder of its own, with small requirements and the only index pip may use."""

    root: Path
    wheels: Path
    elsewhere: Path

    def start(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "STUDIO_"))}
        pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        return subprocess.run(
            [str(self.root / "run.sh"), *arguments],
            env={**kept, **pip, "STUDIO_PYTHON": BASE_PYTHON, **environment},
            cwd=self.elsewhere,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def require(self, kind: str, *names: str) -> None:
        name = f"requirements-{kind}.txt" if kind else "requirements.txt"
        (self.root / name).write_text("\n".join(names) + "\n", encoding="utf-8")


def make_place(folder: Path) -> Place:
    """The set-up alone: what it installs and starts is ours to say."""
    root = folder / "a folder, with spaces"
    shutil.copytree(ROOT / "studio" / "setup", root / "studio" / "setup")
    (root / "studio" / "__init__.py").write_text("")
    shutil.copy2(ROOT / "run.sh", root / "run.sh")
    for name, content in {"engines/weights.py": "", "models/weights.toml": "", "launch.py": LAUNCH}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(content)
    place = Place(root, folder / "wheels", folder / "elsewhere")
    place.elsewhere.mkdir()
    place.require("", "light_part==1.0")
    place.require("neural", "torch==1.0")
    place.require("nvidia", "nvidia_part==1.0")
    place.require("native", "native_part==1.0")
    place.require("dev", "pytest==1.0")
    for name in ("light_part", "torch"):
        add_wheel(place.wheels, name)
    return place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place where nothing was started yet."""
    return make_place(tmp_path)


def told(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The sentences of the set-up itself, without pip's words."""
    return [line for line in done.stderr.splitlines() if line.startswith("visema: ")]


@ON_POSIX
def test_first_start_installs_second_only_starts(place: Place) -> None:
    first = place.start("--full", "render", "--text", "two words")
    assert first.returncode == 0, first.stderr
    assert '"arguments": ["render", "--text", "two words"]' in first.stdout
    assert f'"folder": "{place.elsewhere}"' in first.stdout  # relative paths stay the user's
    assert '"inside": true' in first.stdout
    assert len(first.stdout.splitlines()) == 1, "stdout belongs to the command alone"
    assert any(re.search(r"fetches about \d+ MB, takes about \d+ MB", line) for line in told(first))
    (place.wheels / "light_part-1.0-py3-none-any.whl").unlink()
    second = place.start("fail")
    assert second.returncode == 7
    assert second.stderr == ""


@ON_POSIX
def test_changed_requirements_are_installed(place: Place) -> None:
    place.start("--light")
    add_wheel(place.wheels, "new_part")
    place.require("", "light_part==1.0", "new_part==1.0")
    assert any("Installing the studio" in line for line in told(place.start()))
    assert (next((place.root / ".venv" / "lib").glob("python*")) / "site-packages" / "new_part").is_dir()


@ON_POSIX
def test_neural_failure_is_one_sentence_and_the_studio_starts(place: Place) -> None:
    place.require("neural", "torch==1.0", "absent_part==1.0")
    first = place.start("--full")
    assert first.returncode == 0
    assert '"inside": true' in first.stdout
    (sentence,) = [line for line in told(first) if "Going on without" in line]
    assert "neural engines" in sentence
    assert "./run.sh --full" in sentence
    assert told(place.start()) == [], "what failed is not tried again at every start"
    add_wheel(place.wheels, "absent_part")
    assert place.start("--full").returncode == 0
    assert (next((place.root / ".venv" / "lib").glob("python*")) / "site-packages" / "absent_part").is_dir()


@ON_POSIX
def test_light_is_remembered_and_full_undoes_it(place: Place) -> None:
    def neural_tried(done: subprocess.CompletedProcess[str]) -> bool:
        assert done.returncode == 0, done.stderr
        return any("neural" in line or "torch" in line for line in told(done))

    assert not neural_tried(place.start(STUDIO_LIGHT="1"))
    assert not neural_tried(place.start("--light"))
    assert not neural_tried(place.start())
    assert neural_tried(place.start("--full"))


@ON_POSIX
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only there torch brings CUDA")
def test_cuda_is_not_fetched_for_a_machine_without_a_gpu(place: Place) -> None:
    if shutil.which("nvidia-smi"):
        pytest.skip("this machine has an NVIDIA driver")
    done = place.start()
    assert done.returncode == 0
    assert any("CUDA" in line for line in told(done))
    assert not list((place.root / ".venv" / "lib").glob("python*/site-packages/torch"))


@ON_POSIX
def test_failing_install_says_so_and_the_next_start_resumes(place: Place) -> None:
    wheel = place.wheels / "light_part-1.0-py3-none-any.whl"
    wheel.rename(wheel.with_suffix(".away"))
    failed = place.start("--light")
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "start again" in told(failed)[-1]
    wheel.with_suffix(".away").rename(wheel)
    assert place.start().returncode == 0


def dangle(venv: Path) -> None:
    """The Python that .venv was made with is gone."""
    for name in ("python", "python3"):
        (venv / "bin" / name).unlink(missing_ok=True)
    (venv / "bin" / "python").symlink_to("/nowhere/python3")


def lose_pip(venv: Path) -> None:
    """Making .venv broke off before pip was in it."""
    (venv / "visema" / "light").unlink()
    shutil.rmtree(next(venv.glob("lib/python*/site-packages/pip")))


def break_off(venv: Path) -> None:
    """Installing broke off with half a package in place."""
    (venv / "visema" / "light").write_text("begun")
    shutil.rmtree(next(venv.glob("lib/python*/site-packages/light_part")))


@ON_POSIX
@pytest.mark.parametrize("harm", [dangle, lose_pip, break_off])
def test_a_broken_environment_is_made_anew(prepared: Place, harm: object) -> None:
    assert callable(harm)
    harm(prepared.root / ".venv")
    done = prepared.start()
    assert done.returncode == 0, done.stderr
    assert any("broken or half made" in line for line in told(done))
    assert '"inside": true' in done.stdout


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place that has been started once, light."""
    place = make_place(tmp_path_factory.mktemp("prepared"))
    assert place.start("--light").returncode == 0
    return place


@ON_POSIX
def test_a_native_core_that_does_not_build_is_one_line(place: Place) -> None:
    add_wheel(place.wheels, "native_part")
    (place.root / "native").mkdir()
    (place.root / "native" / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'gone'\n"
    )
    done = place.start("--light", CXX=sys.executable)
    assert done.returncode == 0, done.stderr
    assert [line for line in told(done) if "could not install the native core" in line]
    assert "Traceback" not in done.stderr
    assert told(place.start(CXX=sys.executable)) == []


@ON_POSIX
def test_a_binding_of_nvidias_sdk_is_built_where_the_sdk_is_named(place: Place) -> None:
    binding = place.root / "native" / "audio2face_sdk"
    binding.mkdir(parents=True)
    (binding / "pyproject.toml").write_text("[build-system]\nrequires = []\nbuild-backend = 'gone'\n")
    add_wheel(place.wheels, "native_part")
    without = [line for line in told(place.start("--light", CXX=sys.executable)) if "Audio2Face" in line]
    with_it = told(place.start("--light", CXX=sys.executable, AUDIO2FACE_SDK="/somewhere"))
    assert without == []
    assert [line for line in with_it if "the binding of the Audio2Face SDK" in line], with_it


@ON_POSIX
def test_the_tests_get_their_tools_and_words(place: Place) -> None:
    add_wheel(place.wheels, "pytest", "import os, sys; print('tests', sys.argv[1:], os.getcwd())")
    add_wheel(place.wheels, "playwright", "")
    done = place.start("--light", "test", "-k", "one thing")
    assert done.returncode == 0, done.stderr
    assert f"tests ['-k', 'one thing'] {place.root}" in done.stdout


@ON_POSIX
def test_a_machine_without_python_is_told_what_to_install(place: Place) -> None:
    tools = place.root / "tools"
    tools.mkdir()
    for name in ("bash", "env", "dirname", "readlink"):
        (tools / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    done = place.start(PATH=str(tools), STUDIO_PYTHON="")
    assert done.returncode == 1
    assert "install Python 3.12" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@ON_POSIX
def test_run_works_through_a_link(prepared: Place, tmp_path: Path) -> None:
    link = tmp_path / "visema"
    link.symlink_to(prepared.root / "run.sh")
    done = subprocess.run([str(link), "x"], capture_output=True, text=True, check=False)
    assert '"arguments": ["x"]' in done.stdout, done.stderr


def test_run_cmd_jumps_only_to_labels_it_has() -> None:
    text = (ROOT / "run.cmd").read_text(encoding="ascii")
    labels = set(re.findall(r"^:(\w+)", text, re.MULTILINE))
    assert set(re.findall(r"(?:goto|call) :?(\w+)", text)) - {"eof"} == labels
    assert "*.cmd text eol=crlf" in (ROOT / ".gitattributes").read_text(encoding="utf-8")


IMPORT_NAMES = {"opencv-python-headless": "cv2", "pillow": "pil", "c2pa-python": "c2pa"}


def imported(*roots: str) -> set[str]:
    """The top-level packages that are imported anywhere below ``roots``."""
    files = [
        file for root in roots for file in [ROOT / root, *(ROOT / root).rglob("*.py")] if file.suffix == ".py"
    ]
    found: set[str] = set()
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"engines", "studio", "assets", "models"}


def required(file: str) -> set[str]:
    """Import names of what ``file`` requires."""
    names = re.findall(r"^[A-Za-z0-9._-]+", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    return {IMPORT_NAMES.get(name.lower(), name.lower().replace("-", "_")) for name in names}


def test_requirements_are_what_the_product_imports() -> None:
    optional = {"torch", "safetensors", "onnxruntime", "onnx", "tensorrt", "visema_native", "mediapipe"}
    bench_only = {"skimage", "pocketsphinx"}
    used = {name.lower() for name in imported("launch.py", "studio", "engines")} - optional - bench_only
    in_a_process_of_its_own = {"huggingface_hub"}
    named_in_an_address = {"psycopg"}
    assert used == required("requirements.txt") - in_a_process_of_its_own - named_in_an_address


def test_instant_needs_nothing_of_the_neural_engines() -> None:
    assert not required("requirements.txt") & required("requirements-neural.txt")
    assert "torch==2.13.0" in (ROOT / "requirements-neural.txt").read_text(encoding="utf-8")
