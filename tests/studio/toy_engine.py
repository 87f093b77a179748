"""An engine that is not the studio's own, and a hub on this machine that has its model file."""

from __future__ import annotations

import hashlib
import http.server
import importlib
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import engines
from engines import weights
from engines.registry import all_engines
from engines.weights import WeightStore

LICENCE = "CC-BY-NC-4.0, no paid work"
LIPS = bytes(range(256)) * 24_000  # six of the client's pieces of a mebibyte
COMMIT = "c" * 40
ADDRESS = f"/somebody/toy/resolve/{COMMIT}/lips.safetensors"
ENGINE = """
from engines.registry import Engine

ENGINE = Engine(name="toy", title="Toy lips", version="7", stages={"animator": "engines.toy.stage:create"},
                licence="MIT", weights=("toy.lips",), memory=400_000_000)
"""
STAGE = """
from engines.weights import weight_path


class Lips:
    device = "cuda:0"


def create():
    weight_path("toy.lips")
    return Lips()
"""
ENTRY = f"""
["toy.lips"]
file = "toy/lips.safetensors"
bytes = {len(LIPS)}
sha256 = "{hashlib.sha256(LIPS).hexdigest()}"
licence = "{LICENCE}"
enables = "lips that follow"
source = {{ kind = "huggingface", repo = "somebody/toy", path = "lips.safetensors", revision = "{COMMIT}" }}
"""


@dataclass
class Hub:
    """What is served, after how many bytes it stops until ``go_on``, and which ranges were asked for."""

    url: str = ""
    content: bytes = LIPS
    stop_after: int | None = None
    go_on: threading.Event = field(default_factory=threading.Event)
    ranges: list[str | None] = field(default_factory=list)


class _Handler(http.server.BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self.hub.ranges.append(self.headers.get("Range"))
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        wanted, whole = self.headers.get("Range"), len(self.hub.content)
        start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
        if self.path != ADDRESS:
            self.send_error(404)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(whole - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        self.send_header("ETag", f'"{hashlib.sha256(LIPS).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if body:
            self._send(start)

    def _send(self, start: int) -> None:
        stop = self.hub.stop_after
        self.wfile.write(self.hub.content[start:stop])
        if stop is not None:
            self.wfile.flush()
            self.hub.go_on.wait(60)
            with suppress(OSError):  # whoever asked has gone
                self.wfile.write(self.hub.content[max(start, stop) :])


@dataclass(frozen=True)
class Toy:
    """The hub, and the store that lacks the toy's file."""

    hub: Hub
    store: WeightStore

    @property
    def file(self) -> Path:
        """Where the model file belongs."""
        return self.store.folder / "toy" / "lips.safetensors"


@contextmanager
def toy_engine(folder: Path) -> Iterator[Toy]:
    """An engine ``toy`` among the studio's own for a while, with a store of its own in ``folder``."""
    package = folder / "more" / "toy"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(ENGINE)
    (package / "stage.py").write_text(STAGE)
    own = weights.weight_store()
    shutil.copytree(own.folder / "mediapipe", folder / "program" / "mediapipe")
    manifest = folder / "weights.toml"
    manifest.write_text(own.manifest.read_text("utf-8") + ENTRY, "utf-8")
    store = WeightStore(manifest, folder / "program")
    with pytest.MonkeyPatch.context() as patch, _served() as hub:
        patch.setattr(engines, "__path__", [*engines.__path__, str(package.parent)])
        patch.setattr(weights, "weight_store", lambda: store)
        patch.setenv("HF_ENDPOINT", hub.url)
        patch.setenv("HF_HUB_OFFLINE", "0")
        importlib.invalidate_caches()
        all_engines.cache_clear()
        yield Toy(hub, store)
    all_engines.cache_clear()
    for name in [name for name in sys.modules if name.startswith("engines.toy")]:
        del sys.modules[name]


@contextmanager
def _served() -> Iterator[Hub]:
    hub = Hub()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield hub
    hub.go_on.set()
    server.shutdown()
    server.server_close()


def until(condition: object, seconds: float = 30.0) -> None:
    """Wait until ``condition()`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
