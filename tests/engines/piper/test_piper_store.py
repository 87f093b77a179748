"""Piper's voices are fetched by the real hub client, from a hub of our own, whole or not at all."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engines.errors import StudioError
from engines.piper.store import VoiceStore, fingerprint
from engines.progress import Watch
from studio.cli import main
from tests.engines.piper.toy_voice import write_voice

CARD = b"# Model card for toy (low)\n\n## Dataset\n\n* License: CC0\n"
BASE = "/rhasspy/piper-voices/resolve/v1.0.0/"


@dataclass
class Repository:
    """The files of the repository by path, and which were asked for."""

    files: dict[str, bytes]
    asked: list[str] = field(default_factory=list)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the hub does."""

    repository: Repository

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        path = self.path.removeprefix(BASE)
        body = self.repository.files.get(path)
        if body is None:
            self.send_error(404)
            return
        self.repository.asked += [path] * with_body
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", "1" * 40)
        self.end_headers()
        self.wfile.write(body if with_body else b"")

    def log_message(self, *_words: object) -> None:
        """Be quiet."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """The official repository's layout with one voice, on this machine."""
    model = write_voice(tmp_path / "made")
    folder = "en/en_US/toy/low"
    files = {
        f"{folder}/{path.name}": path.read_bytes() for path in (model, model.with_name(f"{model.name}.json"))
    }
    files |= {f"{folder}/MODEL_CARD": CARD, f"{folder}/samples/speaker_0.mp3": b"sample"}
    listed = {
        path: {"size_bytes": len(data), "md5_digest": hashlib.md5(data, usedforsecurity=False).hexdigest()}
        for path, data in files.items()
        if "samples" not in path
    }
    table = {"en_US-toy-low": {"key": "en_US-toy-low", "name": "toy", "files": listed}}
    served = Repository(files | {"voices.json": json.dumps(table).encode()})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Bound", (Handler,), {"repository": served})
    )
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "models"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    """An empty store."""
    return VoiceStore(tmp_path / "models" / "piper")


def test_a_voice_is_fetched_from_the_command_line_with_its_licence_and_speaks(
    repository: Repository, store: VoiceStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(tmp_path / "data")]
    assert main([*data, "voices", "list", "piper"]) == 1
    assert "voices get piper:" in capsys.readouterr().err
    assert main([*data, "voices", "get", "piper:en_US-toy-low", "--yes"]) == 0
    assert "License: CC0" in capsys.readouterr().out
    assert {path.name for path in store.folder.iterdir()} == {
        "en_US-toy-low.onnx", "en_US-toy-low.onnx.json", "en_US-toy-low.MODEL_CARD", "voices.json",
    }  # fmt: skip
    repository.files.clear()
    motion = tmp_path / "motion.csv"
    words = ["--text", "Bob met Pam.", "--voice", "piper:en_US-toy-low", "--piper-speed", "1.5"]
    assert main([*data, "motion", *words, "--out", str(motion)]) == 0
    assert len(motion.read_text("utf-8").splitlines()) > 30
    assert main([*data, "voices", "list", "piper", "--json", "--language", "en"]) == 0
    assert '"piper:en_US-toy-low"' in capsys.readouterr().out
    assert main([*data, "voices", "remove", "piper:en_US-toy-low"]) == 0
    assert store.names() == ()


def test_what_is_here_is_not_fetched_again(repository: Repository, store: VoiceStore) -> None:
    before = fingerprint(store.fetch("en_US-toy-low", Watch()))
    asked = len(repository.asked)
    assert fingerprint(store.fetch("en_US-toy-low", Watch())) == before
    assert len(repository.asked) == asked
    (store.folder / "en_US-toy-low.onnx").write_bytes(b"damaged")
    assert fingerprint(store.fetch("en_US-toy-low", Watch())) == before


def test_other_bytes_than_the_list_says_are_not_kept(repository: Repository, store: VoiceStore) -> None:
    path = "en/en_US/toy/low/en_US-toy-low.onnx"
    repository.files[path] = repository.files[path][:-1] + b"x"
    with pytest.raises(StudioError, match="damaged"):
        store.fetch("en_US-toy-low", Watch())
    assert store.names() == ()


def test_names_that_the_repository_has_not(repository: Repository, store: VoiceStore) -> None:
    with pytest.raises(StudioError, match="there are: en_US-toy-low"):
        store.licence("en_US-somebody-low", Watch())
    repository.files["voices.json"] = b"<html>"
    store.folder.joinpath("voices.json").unlink()
    with pytest.raises(StudioError, match="list of Piper voices is damaged"):
        store.licence("en_US-toy-low", Watch())


def test_without_a_network_a_sentence_says_what_to_do(
    store: VoiceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(StudioError, match=r"voices\.json could not be fetched .* save 'voices\.json'"):
        store.fetch("en_US-toy-low", Watch())
