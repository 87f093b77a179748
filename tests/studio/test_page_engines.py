"""The Engines tab in a browser: a licence, a download with its progress, cancel, unload, errors; a phone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from studio.services import Studio
from studio.settings import load_settings
from tests.studio.conftest import free_port
from tests.studio.toy_engine import LICENCE, LIPS, Toy, toy_engine, until

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio")]

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    with toy_engine(tmp_path_factory.mktemp("toy")) as made:
        yield made


@pytest.fixture(scope="module")
def served(toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Studio, str]]:
    """A studio that has an engine without its model file."""
    from studio.app import serve

    data = tmp_path_factory.mktemp("served")
    studio = Studio(load_settings(data=data, host="127.0.0.1", port=free_port()))
    server = serve(studio)
    yield studio, server.url
    server.close()
    studio.close()


@pytest.fixture(params=["light", "dark"])
def seen(request: pytest.FixtureRequest, visit: Open) -> Any:
    return visit(color_scheme=request.param)


def serious(page: Any) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    return [
        f"{item['id']}: {item['nodes'][0]['html']}"
        for item in found
        if item["impact"] in ("serious", "critical")
    ]


def test_a_licence_is_read_a_download_watched_stopped_and_finished(
    visit: Open, served: tuple[Studio, str], toy: Toy
) -> None:
    seen = visit()
    page, card = seen.page, "#engine-cards [data-card=toy]"
    seen.tab("Engines")
    page.wait_for_selector(f"{card} .chip:has-text('Not downloaded')")
    page.locator(f"{card} button").press("Enter")
    page.wait_for_selector(f"#engine-ask:has-text('{LICENCE}')")
    page.wait_for_function("document.activeElement.id === 'engine-terms'")
    assert serious(page) == []
    page.locator("#engine-decline").click()
    page.wait_for_selector("#engine-ask", state="hidden")
    assert toy.hub.ranges == []
    toy.hub.stop_after = 3 << 20
    page.locator(f"{card} button").click()
    page.locator("#engine-accept").click()
    page.wait_for_selector("#engines-progress [role=progressbar]")
    page.wait_for_selector("#engines-progress:has-text('3.1 MB of 6.1 MB')")
    page.wait_for_selector(f"{card} .chip:has-text('Downloading')")
    page.locator(f"{card} button").press("Enter")
    page.wait_for_selector(f"{card} button:has-text('Go on with the download')")
    page.wait_for_selector("#engines-progress [role=progressbar]", state="detached")
    page.wait_for_function("document.activeElement.dataset.engine === 'toy'")
    toy.hub.stop_after = None
    page.locator(f"{card} button").click()
    page.wait_for_selector(f"{card} .chip:has-text('Ready')")
    assert toy.file.read_bytes() == LIPS
    assert "accepted 20" in page.locator(f"{card} .files").inner_text()


def test_an_engine_gives_its_memory_back(visit: Open, served: tuple[Studio, str]) -> None:
    seen = visit()
    served[0].voices()
    seen.tab("Engines")
    card = "#engine-cards [data-card=espeak]"
    seen.page.locator(f"{card} button:has-text('Unload')").click()
    seen.page.wait_for_selector(f"{card} .chip:has-text('Ready')")
    seen.page.wait_for_selector("#engines-notice:has-text('eSpeak NG gave its memory back')")
    assert served[0].engines.engine("espeak").state == "unloaded"


def test_the_tab_reads_well_in_both_modes_and_on_a_phone(seen: Any) -> None:
    page = seen.page
    seen.tab("Engines")
    page.wait_for_selector("#machine:has-text('GPU')")
    page.wait_for_selector("#machine:has-text('a first guess')")
    time.sleep(0.4)
    assert serious(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    time.sleep(0.4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_errors_are_told_where_people_look(visit: Open, served: tuple[Studio, str], toy: Toy) -> None:
    toy.file.unlink(missing_ok=True)
    toy.hub.content = LIPS[:-1] + b"?"
    served[0].engines.accept("toy", "here")
    seen = visit()
    seen.tab("Engines")
    seen.page.locator("#engine-cards [data-card=toy] button").click()
    seen.page.wait_for_selector("[data-card=toy] .problem:has-text('SHA-256')")
    seen.page.wait_for_selector("#machine .faults:has-text('SHA-256')")
    until(lambda: not toy.file.exists())
    toy.hub.content = LIPS
