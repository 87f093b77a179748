"""launch.py engines: list, licence, download, unload, recover, each with its sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.app import serve
from studio.cli import main
from studio.services import Studio
from studio.settings import load_settings
from tests.studio.conftest import free_port
from tests.studio.toy_engine import LICENCE, LIPS, Toy, toy_engine

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    with toy_engine(tmp_path) as made:
        yield made


@pytest.fixture
def run(toy: Toy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line with a data folder of its own: exit code, stdout, stderr."""

    def command(*words: str) -> tuple[int, str, str]:
        code = main(["--data", str(tmp_path / "data"), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def test_the_licence_is_shown_and_accepted_before_the_download(run: Run, toy: Toy, tmp_path: Path) -> None:
    code, out, _ = run("engines", "list")
    assert code == 0
    assert f"missing  toy.lips (6.1 MB), {LICENCE}, not accepted yet" in out
    code, _, err = run("engines", "download", "toy")
    assert code == 1
    assert LICENCE in err
    assert "launch.py engines accept toy" in err
    assert toy.hub.ranges == []
    code, out, _ = run("engines", "download", "toy", "--accept-licence")
    assert (code, toy.file.read_bytes()) == (0, LIPS)
    assert "toy/lips.safetensors is there." in out
    engine = next(entry for entry in json.loads(run("engines", "list", "--json")[1]) if entry["name"] == "toy")
    assert engine["files"][0]["state"] == "ready"
    assert engine["files"][0]["accepted"]
    assert run("engines", "download", "toy")[1] == "Toy lips has everything it needs.\n"
    assert "on disk  toy.lips" in run("doctor")[1]


def test_what_was_lost_is_recovered(run: Run, toy: Toy) -> None:
    assert run("engines", "accept", "toy")[0] == 1
    assert run("engines", "accept", "toy.lips", "--accept-licence")[0] == 0
    assert run("engines", "download", "toy.lips")[0] == 0
    assert run("engines", "recover")[:2] == (0, "Nothing was lost.\n")
    shutil.rmtree(toy.store.folder)
    code, out, _ = run("engines", "recover")
    assert code == 0
    assert "toy/lips.safetensors was lost and is back" in out
    assert toy.file.read_bytes() == LIPS


def test_unload_asks_the_running_studio(run: Run, toy: Toy, tmp_path: Path) -> None:
    port = free_port()
    where = ("--host", "127.0.0.1", "--port", str(port))
    code, _, err = run(*where, "engines", "unload", "espeak")
    assert code == 1
    assert "No studio answers" in err
    studio = Studio(load_settings(data=tmp_path / "data", host="127.0.0.1", port=port))
    server = serve(studio)
    try:
        assert studio.engines.engine("espeak").state == "ready"
        assert run(*where, "engines", "unload", "espeak")[:2] == (0, "eSpeak NG is unloaded.\n")
        assert studio.engines.engine("espeak").state == "unloaded"
    finally:
        server.close()
        studio.close()


def test_an_unknown_engine_is_named_with_the_known(run: Run) -> None:
    for act in ("download", "accept", "unload"):
        code, _, err = run("engines", act, "nobody")
        assert code == 1
        assert "facemesh" in err
