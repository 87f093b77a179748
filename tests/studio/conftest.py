"""A studio that is served, and a browser to visit it with."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from studio.services import Studio
from studio.settings import load_settings

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required"]
CHROMIUM_FLAGS += ["--enable-unsafe-swiftshader"]  # 3D where there is no GPU
PATIENCE = 30_000
BUCKET = "studio-clips"


@dataclass
class Visit:
    """A page that somebody opened, and what it asked of which hosts."""

    page: Any
    url: str
    outside: list[str] = field(default_factory=list)

    def tab(self, name: str) -> None:
        """Go to a tab."""
        self.page.get_by_role("tab", name=name).click()
        self.page.wait_for_selector(f"[role=tab][aria-selected=true]:has-text('{name}')")

    def choose(self, label: str, option: str) -> None:
        """Choose from a dropdown."""
        self.page.get_by_label(label, exact=True).click()
        self.page.get_by_role("option", name=option, exact=True).click()

    def small(self) -> None:
        """Ask for a small video."""
        self.tab("Preview")
        self.page.get_by_role("button", name="Video settings").click()
        self.choose("Long side in pixels", "256")

    def say(self, words: str) -> None:
        """Type what should be said."""
        self.tab("Speech")
        self.page.locator("#words textarea").fill(words)
        self.page.wait_for_selector(f".says:has-text('{words[:30]}')")

    def render(self) -> None:
        """Press Render and wait for a video that is not the one before."""
        before = self.video()
        self.page.locator("#render").click()
        self.page.wait_for_function(
            "old => { const v = document.querySelector('#clip video[src]'); return v && v.src !== old; }",
            arg=before,
        )
        self.page.wait_for_selector("#cancel", state="hidden")

    def video(self) -> str:
        """Where the video in the player lies, "" if there is none."""
        return str(self.page.evaluate("document.querySelector('#clip video[src]')?.src ?? ''"))

    def upload(self, photo: Path) -> None:
        """Bring a photo."""
        self.tab("Avatar")
        self.page.set_input_files("#photo input[type=file]", str(photo))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Studio, str]]:
    """A studio with a fresh data folder on a free port, and its address."""
    from studio.app import serve

    studio = Studio(load_settings(data=tmp_path_factory.mktemp("served"), host="127.0.0.1", port=free_port()))
    server = serve(studio)
    yield studio, server.url
    server.close()
    studio.close()


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """The environment to reach an S3 server on this machine, with an empty bucket."""
    pytest.importorskip("moto.server", reason="moto, an S3 server, is not installed")
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _wait_for(port)
    variables = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "studio",
        "AWS_SECRET_ACCESS_KEY": "studio",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        import boto3

        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield variables
    server.terminate()
    server.wait()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium: the system's, else Playwright's own, else a skip."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as tools:
        path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
        try:
            chromium = tools.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        except playwright.Error:
            pytest.skip("No Chromium: install it, or run 'playwright install chromium'")
        yield chromium
        chromium.close()


@pytest.fixture
def visit(served: tuple[Studio, str], browser: Any) -> Iterator[Callable[..., Visit]]:
    """Open the page as a new person; options go to the browser's context."""
    contexts: list[Any] = []

    def open_page(**options: Any) -> Visit:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        seen = Visit(context.new_page(), served[1])
        seen.page.on("request", lambda request: _note_outside(seen, request.url))
        seen.page.goto(served[1])
        seen.page.wait_for_selector("#face img")
        return seen

    yield open_page
    for context in contexts:
        context.close()


def _note_outside(seen: Visit, url: str) -> None:
    if not url.startswith((seen.url, "data:", "blob:")):
        seen.outside.append(url)


def _wait_for(port: int) -> None:
    """Until somebody listens on ``port`` of this machine."""
    deadline = time.monotonic() + 90
    while not _answers(port):
        assert time.monotonic() < deadline, "It took too long."
        time.sleep(0.05)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
