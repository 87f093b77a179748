"""Feelings that change with the words, on the page: rows and tags are two views of one text."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from engines.feeling_tags import parse_feelings, write_feelings
from studio.tabs.timeline import Change, edited

Open = Callable[..., Any]
browser = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio")]
STORY = "Hello, I am so happy! But then my friend cried. It is Monday."


def with_marks(test: Callable[..., None]) -> Callable[..., None]:
    for mark in browser:
        test = mark(test)
    return test


@with_marks
def test_rows_write_tags_into_the_words(visit: Open) -> None:
    seen = visit()
    page = seen.page
    seen.say(STORY)
    seen.tab("Emotion")
    page.get_by_role("button", name="Add a feeling").click()
    page.locator("#cue-0-from").select_option(label="But then my")
    page.wait_for_selector(".still-row:has-text('Hello')")
    page.locator("#cue-0-feeling").select_option(label="Sadness")
    page.wait_for_selector(".swatch .sadness")
    page.locator("#cue-0-strength").fill("0.5")
    assert words_until(page, "[sadness:0.5] But then") == STORY.replace("But", "[sadness:0.5] But")
    page.wait_for_function("document.activeElement.id === 'cue-0-strength'")
    assert page.locator(".says").inner_text().strip("“”") == STORY, "tags are not spoken"
    page.get_by_label("Remove the feeling from But then my").click()
    assert words_until(page, " But then") == STORY


@with_marks
def test_feelings_are_mixed_and_the_picture_shows_them(visit: Open) -> None:
    seen = visit()
    page = seen.page
    seen.say(STORY)
    seen.tab("Emotion")
    calm = page.locator("#face img").get_attribute("src")
    page.get_by_role("button", name="Add a feeling").click()
    page.wait_for_selector("#face figcaption:has-text('“Hello, I am …”')")
    joy = page.locator("#face img").get_attribute("src")
    page.get_by_role("button", name="Mix in another").click()
    page.locator("#cue-0-amazement-feeling").select_option(label="Fear")
    page.wait_for_selector(".swatch .fear")
    page.locator("#cue-0-fear-strength").fill("0.7")
    page.locator("#cue-0-joy-strength").fill("0.25")
    assert words_until(page, "[joy:0.25 fear:0.7] Hello") == "[joy:0.25 fear:0.7] " + STORY
    mixed = page.locator("#face img").get_attribute("src")
    assert len({calm, joy, mixed}) == 3, "three different faces"
    page.get_by_label("Leave out Joy").click()
    assert words_until(page, "[fear:0.7] Hello")
    page.locator("#emotion-anger input[type=range]").fill("0.5")
    page.wait_for_selector("#face figcaption:not(:has-text('Hello'))")
    page.locator(".passage .excerpt").click()
    page.wait_for_selector("#face figcaption:has-text('“Hello, I am …”')")


@with_marks
def test_tags_that_were_typed_show_as_rows(visit: Open) -> None:
    seen = visit()
    seen.tab("Speech")
    seen.page.locator("#words textarea").fill("[happy] Hi there. [fear:0.3 sad:0.4] What now?")
    seen.tab("Emotion")
    seen.page.wait_for_selector(".passage >> nth=1")
    assert seen.page.locator("#cue-0-feeling").input_value() == "joy"
    mixed = [(name, seen.page.locator(f"#cue-1-{name}-strength").input_value()) for name in ("fear", "sadness")]
    assert mixed == [("fear", "0.3"), ("sadness", "0.4")]
    seen.tab("Speech")
    seen.page.locator("#words textarea").fill("[joy:7] Hi there.")
    seen.tab("Emotion")
    seen.page.wait_for_selector("#timeline-notice .notice:has-text('0 to 1')")


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}])
@with_marks
def test_the_timeline_is_for_everybody(visit: Open, options: dict[str, Any]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    seen = visit(**options)
    seen.tab("Speech")
    seen.page.locator("#words textarea").fill(f"[joy] {STORY} [fear:0.3 sad:0.4] What now? [neutral] Fine.")
    seen.tab("Emotion")
    seen.page.locator("#suggest").click()
    seen.page.wait_for_selector("#proposal .excerpt:has-text('cried')")
    time.sleep(0.4)
    found = axe.run(seen.page).response["violations"]
    assert [item["id"] for item in found if item["impact"] in ("serious", "critical")] == []
    width = seen.page.evaluate("document.documentElement.clientWidth")
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


@with_marks
def test_a_suggestion_waits_to_be_taken(visit: Open) -> None:
    seen = visit()
    page = seen.page
    seen.say(STORY)
    seen.tab("Emotion")
    page.locator("#suggest").click()
    page.wait_for_selector("#proposal .excerpt:has-text('cried')")
    assert page.locator("#words textarea").input_value() == STORY, "nothing is applied unasked"
    page.locator("#accept").click()
    text = words_until(page, "[sadness")
    assert parse_feelings(text).text == STORY
    assert "[neutral] It is Monday." in text
    page.wait_for_selector("#proposal", state="hidden")
    seen.say("It is Monday.")
    seen.tab("Emotion")
    page.locator("#suggest").click()
    page.wait_for_selector("#timeline-notice .notice:has-text('Nothing in these words')")


def words_until(page: Any, part: str) -> str:
    """The words box once it has ``part``."""
    page.wait_for_function(
        "part => document.querySelector('#words textarea').value.includes(part)", arg=part, polling=50
    )
    time.sleep(0.2)
    return str(page.locator("#words textarea").input_value())


@pytest.mark.parametrize(
    ("change", "weights"),
    [
        (("add",), [(0, {"joy": 0.8}), (7, {"joy": 0.8})]),
        (("feeling", "0", "joy", "anger"), [(0, {"anger": 0.8})]),
        (("feeling", "0", "joy", "sliders"), [(0, {})]),
        (("strength", "0", "joy", "joy:0.25"), [(0, {"joy": 0.25})]),
        (("mix", "0"), [(0, {"joy": 0.8, "amazement": 0.3})]),
        (("from", "0", "", "7"), [(7, {"joy": 0.8})]),
        (("from", "0", "", "9999"), [(10, {"joy": 0.8})]),
        (("remove", "0"), []),
        (("feeling", "0", "joy", "<b>"), [(0, {"joy": 0.8})]),
        (("remove", "5"), [(0, {"joy": 0.8})]),
        (("strength", "0", "joy", "x"), [(0, {"joy": 0.8})]),
        (("strength", "0", "fear", "fear:0.5"), [(0, {"joy": 0.8})]),
        (("drop", "0", "joy"), [(0, {"joy": 0.8})]),
    ],
)
def test_what_a_row_asks_for(change: tuple[str, ...], weights: list[Any]) -> None:
    after = edited(parse_feelings("[joy] Hello. You"), Change(*change))
    assert [(cue.offset, dict(cue.weights)) for cue in after.cues] == weights


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("strength", "0", "amazement", "joy:0.6 amazement:0.45"), "[joy:0.6 amazement:0.45] Hello."),
        (("feeling", "0", "joy", "fear"), "[fear:0.6 amazement:0.3] Hello."),
        (("feeling", "0", "joy", "amazement"), "[joy:0.6 amazement:0.3] Hello."),
        (("drop", "0", "joy"), "[amazement:0.3] Hello."),
        (("mix", "0"), "[joy:0.6 amazement:0.3 sadness:0.3] Hello."),
    ],
)
def test_a_mixture_stays_in_step_with_its_tag(change: tuple[str, ...], words: str) -> None:
    after = write_feelings(edited(parse_feelings("[joy:0.6 amazement:0.3] Hello."), Change(*change)))
    assert after == words
