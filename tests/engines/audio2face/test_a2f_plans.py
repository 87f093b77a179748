"""TensorRT plans are kept for as long as they fit, appear whole, and are told apart when they do not fit."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from engines.audio2face import plans as audio2face_plans
from engines.audio2face.machine import Machine, parse_machine
from engines.audio2face.plans import plan_jobs, rebuild_stale, report_plans
from engines.audio2face.shapes import InputRange, read_shapes
from engines.errors import Cancelled, StudioError
from engines.plans import PlanKey, PlanStore, plans_folder
from engines.progress import Watch
from studio.cli.root import cli
from tests.engines.audio2face.conftest import put

KEY = PlanKey("H100 (9.0)", "570.1", "10.13", "a" * 64, "input:(1,):(8,):(64,)")
MACHINE = Machine("H100 (9.0)", "570.1", "10.13")
ROOT = Path(__file__).resolve().parents[3]


def makes(content=b"a plan", seen=None):
    def make(path, watch):
        watch.report("plan", 0.5)
        path.write_bytes(content)
        if seen is not None:
            seen.append(path)

    return make


def refuses(path, watch):
    raise AssertionError("it was there")


@pytest.fixture
def store(tmp_path):
    return PlanStore(tmp_path / "plans")


def test_a_plan_is_made_once_and_found_again(store):
    assert store.report("net", KEY).state == "missing"
    told = []
    path = store.ensure("net", KEY, makes(), Watch(lambda *each: told.append(each)))
    assert path.read_bytes() == b"a plan"
    assert told == [("plan", 0.5)]
    assert PlanStore(store.folder).ensure("net", KEY, refuses, Watch()) == path
    assert store.report("net", KEY).state == "ready"


@pytest.mark.parametrize(
    ("field", "value"),
    [("gpu", "RTX 4090 (8.9)"), ("driver", "580.0"), ("tensorrt", "10.14"), ("model", "b" * 64),
     ("shapes", "other"), ("half", True)],
)  # fmt: skip
def test_what_changed_is_named_and_the_old_one_goes_with_its_gpu(store, field, value):
    old = store.ensure("net", KEY, makes(), Watch())
    changed = replace(KEY, **{field: value})
    found = store.report("net", changed)
    assert (found.state, found.reason) == ("stale", f"another {field}")
    new = store.ensure("net", changed, makes(b"another"), Watch())
    assert new.read_bytes() == b"another"
    assert old.exists() == (field == "gpu")
    assert store.report("net", changed).state == "ready"


def test_a_damaged_plan_is_told_and_made_again(store):
    path = store.ensure("net", KEY, makes(), Watch())
    path.write_bytes(b"A plan")
    assert store.report("net", KEY) == replace(store.report("net", KEY), state="damaged")
    (path.parent / "plan.json").write_text("{")
    assert store.report("net", KEY).state == "damaged"
    assert store.ensure("net", KEY, makes(), Watch()).read_bytes() == b"a plan"
    assert store.report("net", KEY).state == "ready"


def test_a_build_that_stops_leaves_nothing(store):
    watch = Watch()

    def stops(path, watch):
        path.write_bytes(b"half a")
        watch.cancel()

    with pytest.raises(Cancelled):
        store.ensure("net", KEY, stops, watch)

    def fails(path, watch):
        path.write_bytes(b"half a")
        raise StudioError("The GPU is full.")

    with pytest.raises(StudioError, match="full"):
        store.ensure("net", KEY, fails, Watch())
    assert not [path for path in store.folder.rglob("*") if not path.name.endswith(".lock")]
    assert store.report("net", KEY).state == "missing"


def test_a_killed_build_leaves_no_plan(store):
    script = (
        "import os, sys; from pathlib import Path; from engines.plans import PlanKey, PlanStore; "
        "from engines.progress import Watch\n"
        "def make(path, watch): path.write_bytes(b'half'); os._exit(9)\n"
        "PlanStore(Path(sys.argv[1])).ensure('net', PlanKey(*sys.argv[2:]), make, Watch())"
    )
    key = [KEY.gpu, KEY.driver, KEY.tensorrt, KEY.model, KEY.shapes]
    done = subprocess.run([sys.executable, "-c", script, str(store.folder), *key], cwd=ROOT, check=False)
    assert done.returncode == 9
    assert store.report("net", KEY).state == "missing"
    assert store.names() == ()
    assert store.ensure("net", KEY, makes(), Watch()).read_bytes() == b"a plan"


def test_two_who_ask_at_once_make_one(store):
    made, slow = [], threading.Event()

    def make(path, watch):
        slow.wait(0.3)
        makes(seen=made)(path, watch)

    asking = [threading.Thread(target=store.ensure, args=("net", KEY, make, Watch())) for _ in range(3)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(made) == 1


def test_plans_of_other_networks_are_not_mixed_up(store):
    store.ensure("net-large", KEY, makes(), Watch())
    assert store.report("net", KEY).state == "missing"
    assert store.names() == ("net-large",)


def test_shapes_are_read_with_their_sizes(regression_toy, tmp_path):
    assert read_shapes(regression_toy.folder / "trt_info.json") == {
        "emotion": InputRange((1, 1, 26), (8, 1, 26), (128, 1, 26)),
        "input": InputRange((1, 1, 8320), (8, 1, 8320), (128, 1, 8320)),
    }
    path = tmp_path / "trt_info.json"
    for wrong, words in (
        ({"trt_build_param": {"batch": []}}, "least, usual and largest"),
        ({"trt_build_param": {"batch": ["--minShapes=a:1x{WHAT}"]}}, "'a:1x{WHAT}'"),
        ({"trt_build_param": {"batch": ["--minShapes=a:4", "--optShapes=a:2", "--maxShapes=a:8"]}}, "order"),
    ):
        path.write_text(json.dumps(wrong))
        with pytest.raises(StudioError, match=r"trt_info\.json") as refused:
            read_shapes(path)
        assert words in str(refused.value)


def test_the_machine_is_what_the_driver_tells():
    told = "NVIDIA L4, 8.9, 570.86.15\nNVIDIA A10, 8.6, 570.86.15\n"
    assert parse_machine(told, "10.13.3") == Machine("NVIDIA L4 (8.9)", "570.86.15", "10.13.3")
    assert parse_machine("", "10.13.3") is None
    assert parse_machine("No devices were found", "10.13.3") is None


def test_jobs_follow_the_networks_that_are_here(model_files, regression_toy, monkeypatch):
    assert list(plan_jobs(MACHINE)) == []
    folder = put(regression_toy, "Audio2Face-3D-v2.3-Mark", "mark", monkeypatch)
    (job,) = plan_jobs(MACHINE)
    assert (job.name, job.network) == ("audio2face-mark", folder / "network.onnx")
    with job.network.open("ab") as network:
        network.write(b" ")
    (other,) = plan_jobs(MACHINE)
    assert other.key != job.key
    assert replace(other.key, model=job.key.model) == job.key


def test_without_tensorrt_it_is_said_plainly(model_files, regression_toy, tmp_path, monkeypatch):
    put(regression_toy, "Audio2Face-3D-v2.3-Mark", "mark", monkeypatch)
    monkeypatch.setenv("STUDIO_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(audio2face_plans, "find_spec", lambda _: None)
    for command in ("build", "verify"):
        done = CliRunner().invoke(cli, ["engines", command])
        assert isinstance(done.exception, StudioError)
        assert "TensorRT is not installed" in str(done.exception)
    with pytest.raises(StudioError, match="no TensorRT plans"):
        CliRunner().invoke(cli, ["engines", "build", "espeak"], catch_exceptions=False)
    assert rebuild_stale(Watch()) == ()


def test_verify_tells_how_plans_stand(model_files, regression_toy, tmp_path, monkeypatch):
    put(regression_toy, "Audio2Face-3D-v2.3-Mark", "mark", monkeypatch)
    monkeypatch.setenv("STUDIO_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(audio2face_plans, "find_spec", lambda _: object())
    monkeypatch.setattr(audio2face_plans, "this_machine", lambda: MACHINE)
    assert plans_folder() == tmp_path / "data" / "plans"
    assert [found.state for found in report_plans()] == ["missing"]
    (job,) = plan_jobs(MACHINE)
    PlanStore(plans_folder()).ensure(job.name, job.key, makes(), Watch())
    assert CliRunner().invoke(cli, ["engines", "verify"], standalone_mode=False).return_value == 0
    newer = replace(MACHINE, driver="580.0")
    monkeypatch.setattr(audio2face_plans, "this_machine", lambda: newer)
    done = CliRunner().invoke(cli, ["engines", "verify"], standalone_mode=False)
    assert done.return_value == 1
    assert done.output == "audio2face-mark: stale (another driver)\n"
