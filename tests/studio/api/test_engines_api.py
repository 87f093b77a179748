"""Engines over HTTP: what /health tells, licences, downloads that stop and go on, unloading, and who may."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from studio.app import serve
from studio.services import Studio
from studio.settings import load_settings
from tests.studio.api.conftest import is_error
from tests.studio.conftest import free_port
from tests.studio.toy_engine import LICENCE, LIPS, Toy, toy_engine, until


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    with toy_engine(tmp_path_factory.mktemp("toy")) as made:
        yield made


@pytest.fixture(scope="module")
def running(toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Studio, str]]:
    """A studio that has an engine without its model file."""
    data = tmp_path_factory.mktemp("engines")
    studio = Studio(load_settings(data=data, host="127.0.0.1", port=free_port(), token="", api_rate=0))
    server = serve(studio)
    yield studio, server.url
    server.close()
    studio.close()


def download(web: httpx.Client) -> dict[str, object]:
    return web.get("/api/engines/toy").raise_for_status().json()["files"][0]["download"] or {}


def test_a_licence_a_download_that_is_stopped_and_goes_on_and_the_memory_back(web, running, toy):
    (before,) = web.get("/api/engines/toy").json()["files"]
    assert (before["state"], before["licence"], before["licence_asked"]) == ("missing", LICENCE, True)
    assert is_error(web.post("/api/engines/toy/download"), 422)
    assert "launch.py engines accept toy" in web.post("/api/engines/toy/download").json()["hint"]
    accepted = web.post("/api/engines/toy/accept").json()["files"][0]["accepted"]
    assert accepted
    toy.hub.stop_after = 2 << 20
    assert web.post("/api/engines/toy/download").status_code == 202
    until(lambda: download(web).get("bytes", 0) >= 1 << 20)
    assert download(web)["total"] == len(LIPS)
    web.post("/api/engines/toy/cancel").raise_for_status()
    until(lambda: download(web)["state"] == "cancelled")
    toy.hub.stop_after = None
    web.post("/api/engines/toy/download").raise_for_status()
    until(lambda: download(web)["state"] == "done")
    assert toy.file.read_bytes() == LIPS
    running[0].manager.stage("toy", "animator")
    loaded = web.get("/api/engines/toy").json()
    assert (loaded["state"], loaded["device"]) == ("ready", "cuda:0")
    assert web.post("/api/engines/toy/unload").json()["state"] == "unloaded"


def test_health_tells_the_same_as_the_page(web):
    health = web.get("/health").json()
    engines = {engine["name"]: engine for engine in health["engines"]}
    assert set(engines) >= {"espeak", "facemesh", "speech2face", "toy"}
    assert engines["facemesh"]["files"][0]["state"] == "ready"
    assert "Instant" in engines["facemesh"]["recipes"]
    assert health["gpus"] or health["gpu_note"].endswith(".")
    assert {row["stage"] for row in health["timings"]} >= {"voice", "render"}
    assert health["cache"]["limit"] > health["cache"]["bytes"] >= 0
    assert health["errors"] == []
    assert health["recovery"] == []


def test_unknown_engines_are_a_404(web):
    for address in ("/api/engines/nobody", "/api/engines/toy2"):
        assert is_error(web.get(address), 404)
    assert is_error(web.post("/api/engines/nobody/unload"), 404)


def test_strangers_may_look_but_not_touch(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("SPACE_ID", "somebody/space")
    studio = Studio(load_settings(data=tmp_path, host="0.0.0.0", port=free_port(), api_rate=0))
    server = serve(studio)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{studio.settings.port}", timeout=60) as web:
            assert web.get("/api/engines").status_code == 200
            for act in ("accept", "download", "cancel", "unload"):
                assert is_error(web.post(f"/api/engines/toy/{act}"), 403)
    finally:
        server.close()
        studio.close()
