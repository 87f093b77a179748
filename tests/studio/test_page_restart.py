"""The studio goes down in the middle of a render and comes up again: the page finds its job and its clip."""

import socket

import pytest

from studio.app import serve
from studio.services import Studio
from studio.settings import load_settings

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio")]
WORDS = "This takes a while, and in the middle of it somebody trips over the power cable. "


def start(settings):
    studio = Studio(settings)
    studio.sweep()
    studio.jobs.start()
    return studio, serve(studio)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.timeout(360)
def test_a_page_finds_its_job_after_a_restart(browser, tmp_path):
    settings = load_settings(data=tmp_path / "data", host="127.0.0.1", port=free_port())
    studio, server = start(settings)
    context = browser.new_context()
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(server.url)
    page.wait_for_selector("#face img")
    page.get_by_role("tab", name="Speech").click()
    page.locator("#words textarea").fill(WORDS * 2)
    page.wait_for_selector(f".says:has-text('{WORDS[:30]}')")
    page.locator("#render").click()
    page.wait_for_selector("#progress:has-text('left')", state="attached")
    server.close()
    studio.close()
    (owner,) = (folder.name for folder in (settings.data / "clips").iterdir())
    assert not studio.library.clips(owner), "it was not done yet"

    studio, server = start(settings)
    page.goto(server.url)
    page.wait_for_selector("#render:has-text('Rendering')")
    page.get_by_role("tab", name="Preview").click()
    page.wait_for_selector("#clip video[src]", timeout=150_000)
    page.wait_for_selector("#cancel", state="hidden")
    (clip,) = studio.library.clips(owner)
    assert clip.manifest["request"]["words"]["text"] == WORDS * 2
    context.close()
    server.close()
    studio.close()
