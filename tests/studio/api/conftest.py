"""A studio that serves its API, and a client that asks it over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from engines.types import Words
from studio.app import serve
from studio.services import Studio
from studio.settings import load_settings
from tests.studio.conftest import free_port

PATIENCE = 60.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Studio, str]]:
    """A studio without limits on how often it is asked, and its address."""
    data = tmp_path_factory.mktemp("api")
    studio = Studio(load_settings(data=data, host="127.0.0.1", port=free_port(), token="", api_rate=0))
    server = serve(studio)
    yield studio, server.url
    server.close()
    studio.close()


@pytest.fixture(scope="module")
def web(running: tuple[Studio, str]) -> Iterator[httpx.Client]:
    """An HTTP client of that studio."""
    with httpx.Client(base_url=running[1], timeout=PATIENCE) as client:
        yield client


@pytest.fixture(scope="module")
def recording(running: tuple[Studio, str]) -> Path:
    """About seven seconds of speech, a WAV."""
    return running[0].speak(
        "local", Words("Bob put five big boxes under the table, before we all moved house. " * 2), {}
    )


@pytest.fixture(scope="module")
def short(running: tuple[Studio, str]) -> Path:
    """A second of speech, a WAV."""
    return running[0].speak("local", Words("Hello, Bob."), {})


@pytest.fixture
def ended(web: httpx.Client) -> Callable[[str], dict[str, Any]]:
    """Waits until a session at such an address has ended; returns its last status."""

    def wait(address: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            status = web.get(address).raise_for_status().json()
            assert 0 <= status["progress"] <= 100
            if status["status"] in ("completed", "failed", "cancelled"):
                return status
            time.sleep(0.05)
        raise AssertionError(f"It took too long: {status}")

    return wait


def is_error(response: httpx.Response, status: int) -> bool:
    """Whether this is an error of the one form, with a sentence and something to do."""
    body = response.json()
    sentences = body["error"].endswith(".") and len(body["hint"]) > 5
    return response.status_code == status and set(body) == {"error", "hint"} and sentences
