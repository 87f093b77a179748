"""The page as people meet it, in a real browser, with the real engine behind it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import soundfile
from clip_checks import frames_of, lengths_of, loudness_of, mouth_gaps, turns

from engines.types import Image, Words
from studio.services import Studio

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio")]

Open = Callable[..., Any]
TABS = ("Avatar", "Speech", "Emotion", "Preview")


def test_one_click_gives_a_newcomer_a_video_and_asks_no_other_host(visit: Open, tmp_path: Path) -> None:
    seen = visit()
    page = seen.page
    assert page.locator("h1").inner_text() == "Visema Studio"
    assert page.locator(".card").count() >= 2
    assert len(page.locator(".says").inner_text()) > 10
    seen.render()
    assert page.locator("[role=tab][aria-selected=true]").inner_text() == "Preview"
    assert page.wait_for_function("document.querySelector('#clip video').readyState >= 2")
    assert page.evaluate("document.querySelector('#clip video').paused")
    assert len(frames_of(download(page, tmp_path))) > 25
    assert seen.outside == []


def test_from_a_photo_of_ones_own_to_a_downloaded_video(visit: Open, photo_file: Path, tmp_path: Path) -> None:
    seen = visit()
    page = seen.page
    seen.upload(photo_file)
    page.wait_for_selector("#review .frame.chosen")
    page.get_by_label("It is me").check()
    page.locator("#name input, #name textarea").fill("Eileen")
    page.locator("#save").click()
    page.wait_for_selector(".card:has-text('Eileen') input:checked")
    seen.say("Maybe we may move, over and over again.")
    seen.tab("Emotion")
    assert seconds_until_still_follows(page, "joy", "0.4") < 1.5
    seen.render()
    clip = download(page, tmp_path)
    frames = frames_of(clip)
    assert frames[0].shape[:2] == (512, 512)
    picture, sound = lengths_of(clip)
    assert 1.5 < sound < 6
    assert abs(picture - sound) < 0.06
    assert loudness_of(clip) > 0.01
    gaps = mouth_gaps(frames)
    assert max(gaps) > 0.05, "the mouth never opens"
    assert min(gaps) < 0.45 * max(gaps), "the mouth never closes"
    assert turns(gaps) >= 4, "the mouth does not move with the words"


def test_the_still_follows_the_sliders(visit: Open) -> None:
    seen = visit()
    seen.tab("Emotion")
    page = seen.page
    seconds_until_still_follows(page, "anger", "0.5")
    waits = [seconds_until_still_follows(page, name, "0.9") for name in ("joy", "amazement", "sadness")]
    assert sorted(waits)[1] < 0.6
    page.get_by_role("button", name="Neutral").click()
    page.wait_for_function("document.querySelector('#emotion-joy input[type=range]').value === '0'")


def test_cancel_stops_within_a_second_and_keeps_what_was_typed(visit: Open) -> None:
    seen = visit()
    page = seen.page
    words = "This takes a while to say, which is the point of it. " * 8
    seen.say(words)
    page.locator("#render").click()
    page.wait_for_selector("#progress [role=progressbar]")
    page.wait_for_function("document.querySelector('#progress .bar').ariaValueNow > 12")
    start = time.perf_counter()
    page.locator("#cancel").click()
    page.wait_for_selector("text=Cancelled.")
    assert time.perf_counter() - start < 2.0  # a second, and the page's own beside other tests
    assert page.locator("#render").inner_text() == "Render"
    seen.tab("Speech")
    assert page.locator("#words textarea").input_value() == words


def test_unsuitable_photos_and_missing_words_are_told_in_a_sentence(
    visit: Open, faceless: Path, photo_file: Path, tmp_path: Path
) -> None:
    seen = visit()
    page = seen.page
    seen.upload(faceless)
    page.wait_for_selector("#avatar-notice .notice:has-text('No face was found')")
    assert not page.locator("#save").is_visible()
    cut_short = tmp_path / "cut.png"
    cut_short.write_bytes(photo_file.read_bytes()[:20_000])
    page.get_by_label("Clear").or_(page.get_by_label("Remove")).first.click()
    seen.upload(cut_short)
    page.wait_for_selector("#avatar-notice .notice:has-text('damaged')")
    seen.tab("Speech")
    page.locator("#words textarea").fill("")
    page.locator("#render").click()
    page.wait_for_selector("#render-notice .notice:has-text('Type something')")
    assert "Traceback" not in page.content()


def test_several_faces_are_offered_to_choose_from(visit: Open, photo: Image, tmp_path: Path) -> None:
    half = photo[:400, 80:400]
    path = tmp_path / "two.png"
    cv2.imwrite(str(path), np.hstack([half, half[:, ::-1]])[..., ::-1])
    seen = visit()
    seen.upload(path)
    seen.page.wait_for_selector("#review .frame >> nth=1")
    seen.page.get_by_label("Face 2").check()
    seen.page.wait_for_selector(".frame.chosen:has-text('2')")


def test_nobody_sees_anybody_elses_avatars_or_clips(
    visit: Open, served: tuple[Studio, str], photo_file: Path
) -> None:
    first = visit()
    first.upload(photo_file)
    first.page.get_by_label("It is invented").check()
    first.page.locator("#name input, #name textarea").fill("Secret")
    first.page.locator("#save").click()
    first.page.wait_for_selector(".card:has-text('Secret')")
    first.small()
    first.say("For my eyes only.")
    first.render()
    second = visit()
    assert second.page.locator(".card:has-text('Secret')").count() == 0
    second.tab("Preview")
    assert second.page.locator(".clip").count() == 0
    assert second.page.request.get(first.video()).ok, "the address itself is the owner's"
    for path in [*served[0].settings.data.rglob("source.png"), *served[0].settings.data.rglob("clip.mp4")]:
        assert second.page.request.get(f"{served[1]}gradio_api/file={path}").status == 403


def test_a_reload_keeps_clips_and_finds_the_render_under_way(visit: Open) -> None:
    seen = visit()
    page = seen.page
    seen.small()
    seen.say("Still here.")
    seen.render()
    seen.say("This one is being made while the page is loaded again. " * 8)
    page.locator("#render").click()
    page.wait_for_selector("#progress [role=progressbar]")
    page.reload()
    page.wait_for_selector("#face img")
    page.wait_for_selector("#status [role=progressbar]", state="attached")
    page.wait_for_selector("#status:has-text('ready')", state="attached")
    seen.tab("Preview")
    page.wait_for_selector(".clip >> nth=1")
    assert page.locator(".clip").count() == 2, "made once, not twice"
    page.locator(".clip:has-text('Still here')").click()
    page.wait_for_selector(".clip[aria-current]:has-text('Still here')")
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("li:has-text('Still here') .remove").click()
    page.wait_for_selector(".clip:has-text('Still here')", state="detached")
    page.wait_for_selector(".clip[aria-current]:has-text('being made')")


def test_a_sample_is_picked_and_brings_its_sentence(visit: Open) -> None:
    seen = visit()
    page = seen.page
    first = page.locator(".still figcaption").inner_text()
    said = page.locator(".says").inner_text()
    page.locator(".card").nth(1).click()
    page.wait_for_function("name => document.querySelector('.still figcaption').innerText !== name", arg=first)
    name = page.locator(".still figcaption").inner_text()
    assert name in page.locator(".card").nth(1).inner_text()
    assert page.locator(".says").inner_text() != said


def test_hear_it_before_rendering(visit: Open) -> None:
    seen = visit()
    seen.say("Hear me first.")
    seen.page.locator("#hear").click()
    seen.page.wait_for_selector("#sound #duration:has-text('0:0')")
    address = seen.page.get_by_label("Download").or_(seen.page.locator("#sound a[download]")).first
    assert address.is_visible()


def test_a_recording_is_used_and_a_silent_one_refused(
    visit: Open, served: tuple[Studio, str], tmp_path: Path
) -> None:
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, np.zeros(16_000, np.float32), 16_000)
    spoken = served[0].speak("tests", Words(text="A voice from a file.", voice="en-us"), {})
    seen = visit()
    page = seen.page
    seen.small()
    seen.tab("Speech")
    page.get_by_label("Upload a recording").check()
    page.set_input_files("#recording input[type=file]", str(silence))
    page.wait_for_selector(".says:has-text('A recording')")
    page.locator("#render").click()
    page.wait_for_selector("#render-notice .notice:has-text('silent')")
    seen.tab("Speech")
    page.locator("#recording button[aria-label]").first.click()
    page.set_input_files("#recording input[type=file]", str(spoken))
    page.wait_for_selector(f"#recording:has-text('{spoken.stem[:6]}')")
    page.wait_for_selector(".says:has-text('A recording')")
    seen.render()
    assert loudness_of(download(page, tmp_path)) > 0.01


def test_the_keyboard_is_enough(visit: Open) -> None:
    seen = visit(viewport={"width": 1280, "height": 900})
    page = seen.page
    seen.small()
    seen.say("Keys only.")
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    press_until(page, "document.activeElement.id === 'render'")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert float(outline.removesuffix("px")) >= 2
    page.keyboard.press("Enter")
    page.wait_for_selector("#clip video[src]")
    page.wait_for_selector("#cancel", state="hidden")
    press_until(page, "document.activeElement.getAttribute('role') === 'tab'")
    press_until(page, "!!document.activeElement.closest('#download')", "#download")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_tab(visit: Open, photo_file: Path, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    seen = visit(color_scheme=scheme)
    assert seen.page.evaluate("document.body.classList.contains('dark')") == (scheme == "dark")
    seen.upload(photo_file)
    seen.page.wait_for_selector("#review .frame.chosen")
    seen.small()
    seen.say("Hi.")
    seen.page.locator("#hear").click()
    seen.page.wait_for_selector("#sound #duration:has-text('0:0')")
    seen.render()
    for tab in TABS:
        seen.tab(tab)
        for section in seen.page.locator(".gr-accordion > button:visible").all():
            section.click()
        time.sleep(0.4)
        found = axe.run(seen.page).response["violations"]
        serious = [f"{tab}: {item['id']}: {item['nodes'][0]['html']}" for item in found
                   if item["impact"] in ("serious", "critical")]  # fmt: skip
        assert serious == []


def test_a_phone_needs_no_sideways_scrolling_and_keeps_render_in_sight(visit: Open) -> None:
    seen = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    for tab in TABS:
        seen.tab(tab)
        time.sleep(0.2)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390, tab
        seen.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        box = seen.page.locator("#render").bounding_box()
        assert box["y"] >= 0, tab
        assert box["y"] + box["height"] <= 844, tab
        seen.page.evaluate("window.scrollTo(0, 0)")


def press_until(page: Any, condition: str, what: str = "Render") -> None:
    """Press Tab until ``condition`` holds."""
    for _ in range(60):
        if page.evaluate(condition):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the Tab key never reaches {what}")


def seconds_until_still_follows(page: Any, emotion: str, value: str) -> float:
    """How long the still takes to change after a slider moved."""
    before = page.locator("#face img").get_attribute("src")
    start = time.perf_counter()
    page.locator(f"#emotion-{emotion} input[type=range]").fill(value)
    page.wait_for_function("src => document.querySelector('#face img').src !== src", arg=before, polling=20)
    return time.perf_counter() - start


def download(page: Any, folder: Path) -> Path:
    """Press the download button and keep the file."""
    with page.expect_download() as waiting:
        page.locator("#download").click()
    path = folder / waiting.value.suggested_filename
    assert path.suffix == ".mp4"
    waiting.value.save_as(path)
    return path
