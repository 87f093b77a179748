"""On the page: levels of quality, options of what goes over the frames, and a long wait before it begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import gradio as gr
import pytest

from engines import registry
from engines.registry import Cost, Readiness
from engines.types import Output
from studio.app import build_parts
from studio.services import Studio
from studio.tabs.guard import Updates
from studio.tabs.making import AS_SET, MakingEvents, quality_of
from studio.tabs.owner import known_or_new_token
from studio.tabs.parts import Form, Parts
from studio.tabs.request import request_from
from tests.studio.conftest import Visit

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:gradio")
Open = Callable[..., Visit]
GFPGAN = registry.all_engines()["gfpgan"]


def ready(options: Any) -> Readiness:
    return Readiness()


def missing(options: Any) -> Readiness:
    return Readiness("Get its file.")


def heavy(options: Any, lips_follow: bool) -> Cost:
    return Cost(frame=1e6 * options.strength)


@pytest.fixture
def page(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Parts, Form]]:
    """The page with GFPGAN there or not, and what stands on it."""

    def build(state: Callable[[Any], Readiness]) -> tuple[Parts, Form]:
        engine = replace(GFPGAN, readiness=f"{__name__}:{state.__name__}", cost=f"{__name__}:{heavy.__name__}")
        known = {**registry.all_engines(), "gfpgan": engine}
        monkeypatch.setattr(registry, "all_engines", lambda: MappingProxyType(known))
        with gr.Blocks():
            parts = build_parts(studio)
        form = {item: getattr(item, "value", None) for item in parts.inputs}
        sample = studio.library.samples()[0].id
        return parts, {**form, parts.token: known_or_new_token(None), parts.avatar_id: sample}

    return build


def seen(updates: Updates, item: Any) -> Any:
    """Whether a component is in sight after ``updates``."""
    return updates[item]["visible"]


def test_a_level_sets_what_it_stands_for(page) -> None:
    parts, form = page(ready)
    tab, events = parts.preview, MakingEvents(parts)
    high = events.level({**form, tab.quality: "high"})
    assert (high[tab.fps], high[tab.size], high[tab.finish]) == (25, 1080, ["gfpgan"])
    assert seen(high, tab.finishing["gfpgan"].panel)
    assert not seen(high, tab.finishing["wav2lip"].panel)
    assert high[tab.notice] == ""
    request = request_from(parts, {**form, **values_of(high), tab.quality: "high"})
    assert (request.output, request.finish) == (Output(25.0, 1080, "fine"), ("gfpgan",))
    low = events.level({**form, **values_of(high), tab.quality: "low"})
    assert (low[tab.fps], low[tab.size], low[tab.finish]) == (20, 384, [])
    assert low[tab.finishing["gfpgan"].controls.components["batch"]] == 2
    assert tab.size not in events.level({**form, tab.quality: AS_SET})


def values_of(updates: Updates) -> Form:
    """What is set, without what only looks different."""
    return {item: value for item, value in updates.items() if not isinstance(value, dict)}


def test_an_enhancer_that_cannot_work_is_said(page) -> None:
    parts, form = page(missing)
    high = MakingEvents(parts).level({**form, parts.preview.quality: "high"})
    assert high[parts.preview.finish] == []
    assert (
        "makes the face clearer with GFPGAN; it is left out here: Get its file." in high[parts.preview.notice]
    )


def test_the_strength_of_what_goes_over_the_frames_is_set_where_it_is_chosen(page) -> None:
    parts, form = page(ready)
    tab = parts.preview
    strength = tab.finishing["gfpgan"].controls.components["strength"]
    chosen = {**form, tab.finish: ["gfpgan"], strength: 0.3}
    assert seen(MakingEvents(parts).finishers(chosen), tab.finishing["gfpgan"].panel)
    assert request_from(parts, chosen).options == {"gfpgan": {"strength": 0.3}}
    assert request_from(parts, {**chosen, tab.finish: []}).options == {}


def test_a_long_wait_is_said_with_the_quicker_way_in_one_click(page) -> None:
    parts, form = page(ready)
    tab, stage, events = parts.preview, parts.stage, MakingEvents(parts)
    assert events.wait(form)[stage.wait] == ""
    slow = {**form, tab.finish: ["gfpgan"]}
    told = events.wait(slow)
    assert " hours on this machine; Instant alone takes about " in told[stage.wait]
    assert told[stage.instead] == gr.update(value="Use Instant alone", visible=True)
    quick = events.instead(slow)
    assert (quick[tab.recipe], quick[tab.finish], quick[stage.wait]) == ("instant", [], "")
    assert not seen(quick, stage.instead)
    assert not seen(quick, tab.finishing["gfpgan"].panel)
    assert events.wait({**slow, parts.speech.text: " "})[stage.wait] == "", "nothing to say yet"


def test_a_level_is_known_again_by_what_it_made() -> None:
    assert quality_of(Output(25.0, 1080, "fine")) == "high"
    assert quality_of(Output()) == AS_SET


@pytest.mark.browser
def test_high_quality_without_its_enhancer_says_so_and_sets_the_rest(visit: Open) -> None:
    page = visit().page
    page.get_by_role("tab", name="Preview").click()
    page.get_by_role("button", name="Video settings").click()
    page.get_by_label("Quality").click()
    page.get_by_role("option", name="High").click()
    page.wait_for_selector("#render-notice :text('is left out here')")
    assert page.get_by_label("Long side in pixels").input_value() == "1080"
    page.wait_for_timeout(500)  # what the same answer says of the boxes is drawn after the notice
    page.get_by_label("Wav2Lip").check()
    page.get_by_label("Room below the chin").first.wait_for(state="visible")
    assert not page.locator("#finish-gfpgan").is_visible()


def test_what_the_chosen_recipe_is_and_takes_is_in_sight(visit: Open) -> None:
    page = visit().page
    page.get_by_role("tab", name="Emotion").click()
    page.get_by_role("button", name="Advanced").click()
    page.locator("#engine-facemesh").wait_for(state="visible")
    assert not page.locator("#engine-sadtalker").is_visible()
    page.get_by_role("tab", name="Preview").click()
    page.get_by_role("button", name="Video settings").click()
    page.get_by_label("Recipe").click()
    page.get_by_role("option", name="SadTalker").click()
    page.wait_for_selector("#recipe-about :text('two of its model files')")
    page.get_by_role("tab", name="Emotion").click()
    page.locator("#engine-sadtalker").wait_for(state="visible")
    assert not page.locator("#engine-facemesh").is_visible()
