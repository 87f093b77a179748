"""The Library tab in a browser: find, play, rename, delete and undo, load back, say something else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engines.types import AvatarRef, Expression, Output, RenderRequest, Words
from studio.cli import main as cli_main
from studio.library import StoredClip
from studio.services import Studio

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio")]

Open = Callable[..., Any]


@pytest.fixture
def seen(visit: Open, served: tuple[Studio, str], photo_file: Path) -> Any:
    """Somebody's page, after they made an avatar, two clips, and a render that failed."""
    visited, studio = visit(), served[0]
    before = set(studio.library.owners())
    visited.upload(photo_file)
    visited.page.wait_for_selector("#review .frame.chosen")
    visited.page.get_by_label("It is me").check()
    visited.page.locator("#name input, #name textarea").fill("Eileen")
    visited.page.locator("#save").click()
    visited.page.wait_for_selector(".card:has-text('Eileen') input:checked")
    (owner,) = set(studio.library.owners()) - before
    avatar = studio.library.avatars(owner)[0]
    face = AvatarRef(str(avatar.source))
    for text in ("[joy:0.6] Guten Morgen.", "Gute Nacht."):
        asked = RenderRequest(face, Words(text, "de"), Expression(head=0.4, seed=7), output=Output(24.0, 256))
        list(studio.jobs.watch(owner, studio.jobs.submit(owner, asked, avatar.name)))
    silent = RenderRequest(face, Words("...", "de"), output=Output(24.0, 256))
    list(studio.jobs.watch(owner, studio.jobs.submit(owner, silent, avatar.name)))
    visited.tab("Library")
    visited.page.wait_for_selector(".item >> nth=2")
    return visited


def test_the_library_finds_renames_deletes_and_brings_back(seen: Any) -> None:
    page = seen.page
    page.locator("#library-search input, #library-search textarea").fill("nacht")
    page.wait_for_function("document.querySelectorAll('#library-shelf .item').length === 1")
    page.locator(".item").press("Enter")
    page.wait_for_selector("#library-item h2:has-text('Gute Nacht')")
    page.wait_for_function("document.querySelector('#library-video video')?.readyState >= 2")
    page.locator("#library-name input, #library-name textarea").fill("Lullaby")
    page.locator("#library-name input, #library-name textarea").press("Enter")
    page.wait_for_selector(".item:has-text('Lullaby')")
    with page.expect_download() as waiting:
        page.locator("#library-download").click()
    assert waiting.value.suggested_filename == "Lullaby.mp4"
    page.locator("#library-delete").press("Enter")
    page.wait_for_selector("#library-deleted:has-text('Lullaby')")
    page.wait_for_selector(".item", state="detached")
    assert not page.locator("#library-item").is_visible()
    page.get_by_role("button", name="Undo").press("Enter")
    page.wait_for_selector(".item[aria-current]:has-text('Lullaby')")
    page.locator("#library-search input, #library-search textarea").fill("")
    page.wait_for_function("document.querySelectorAll('#library-shelf .item').length === 3")


def test_a_video_without_room_for_credentials_offers_them_beside_it(
    seen: Any, served: tuple[Studio, str], tmp_path: Path
) -> None:
    page, studio = seen.page, served[0]
    own = [
        (each.created, owner, each)
        for owner in studio.library.owners()
        for each in studio.library.avatars(owner)
    ]
    _, owner, avatar = max(entry for entry in own if not entry[2].sample)
    clear = {"facemesh": {"background": "transparent"}}
    asked = RenderRequest(
        AvatarRef(str(avatar.source)), Words("Ja.", "de"), options=clear, output=Output(10.0, 256)
    )
    list(studio.jobs.watch(owner, studio.jobs.submit(owner, asked, avatar.name)))
    page.reload()
    page.wait_for_selector("#face img")
    seen.tab("Preview")
    offered_as_webm(page, "#download", "#credentials", tmp_path)
    seen.tab("Library")
    page.locator("#library-shelf .item:has-text('Ja.')").click()
    offered_as_webm(page, "#library-download", "#library-credentials", tmp_path)
    page.locator("#library-shelf .item:has-text('Gute Nacht')").click()
    page.wait_for_selector("#library-credentials", state="hidden")


def offered_as_webm(page: Any, video: str, credentials: str, folder: Path) -> None:
    """Both files are downloaded under one name, and the credentials are those of the video."""
    page.wait_for_selector(credentials)
    paths = []
    for button in (video, credentials):
        with page.expect_download() as waiting:
            page.locator(button).click()
        paths.append(folder / waiting.value.suggested_filename)
        waiting.value.save_as(paths[-1])
    assert [path.suffix for path in paths] == [".webm", ".c2pa"]
    assert paths[0].stem == paths[1].stem
    assert cli_main(["--data", str(folder / "data"), "verify", str(paths[0])]) == 0


def newest_clips(studio: Studio) -> list[StoredClip]:
    """The clips of whoever made the newest one, newest first."""
    return max((list(studio.library.clips(owner)) for owner in studio.library.owners()),
               key=lambda clips: clips[0].created if clips else "")  # fmt: skip


def test_a_clip_is_loaded_back_and_says_something_else(seen: Any, served: tuple[Studio, str]) -> None:
    page = seen.page
    page.locator(".item:has-text('Guten Morgen')").click()
    page.wait_for_selector("#library-item h2:has-text('Guten Morgen')")
    page.locator("#library-load").click()
    page.wait_for_selector("[role=tab][aria-selected=true]:has-text('Speech')")
    page.wait_for_selector(".says:has-text('Guten Morgen.')")
    assert page.locator("#words textarea").input_value() == "[joy:0.6] Guten Morgen."
    assert page.locator("#language input").input_value() == "German"
    page.locator("#render").click()
    page.wait_for_selector("#status:has-text('ready')", state="attached")
    (newest, *others) = newest_clips(served[0])
    like = next(clip for clip in others if "Morgen" in clip.title)
    assert newest.manifest["request"] == like.manifest["request"], "everything came back"
    seen.tab("Library")
    page.locator("#library-words textarea").fill("Guten Abend.")
    page.locator("#library-say").click()
    page.wait_for_selector("[role=tab][aria-selected=true]:has-text('Preview')")
    page.wait_for_selector(".clip[aria-current]:has-text('Guten Abend')")
    seen.tab("Library")
    page.wait_for_selector(".item:has-text('Guten Abend')")


def test_history_says_why_a_render_failed_and_tries_again(seen: Any) -> None:
    page = seen.page
    page.get_by_role("button", name="History of renders").click()
    failed = page.locator(".jobs li:has(.failed)")
    assert "nothing to say" in failed.inner_text()
    failed.get_by_role("button").click()
    page.wait_for_selector("[role=tab][aria-selected=true]:has-text('Preview')")
    page.wait_for_selector("#render-notice .notice:has-text('nothing to say')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_library_reads_well_in_both_modes_and_on_a_phone(seen: Any, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = seen.page
    page.emulate_media(color_scheme=scheme)
    page.reload()
    page.wait_for_selector("#face img")
    seen.tab("Library")
    page.locator(".item:has-text('Gute Nacht')").click()
    page.wait_for_selector("#library-item h2:has-text('Gute Nacht')")
    page.get_by_role("button", name="History of renders").click()
    time.sleep(0.4)
    found = axe.run(page).response["violations"]
    assert [item for item in found if item["impact"] in ("serious", "critical")] == []
    page.set_viewport_size({"width": 390, "height": 844})
    time.sleep(0.4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
