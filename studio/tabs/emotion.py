"""The Emotion tab: what the face feels, and how lively it is. The still beside it follows the sliders."""

from __future__ import annotations

import random
from collections.abc import Mapping
from html import escape
from types import MappingProxyType
from typing import Any

import gradio as gr

from engines.registry import Recipe, get_engine
from engines.types import Expression
from studio.tabs.guard import Updates
from studio.tabs.options import Controls, dataclass_controls, merged, options_controls
from studio.tabs.parts import EmotionTab, Form, Parts
from studio.tabs.stage import still_of
from studio.tabs.timeline import build_timeline, connect_timeline

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "joy": "Joy",
        "amazement": "Amazement",
        "cheekiness": "Cheekiness",
        "sadness": "Sadness",
        "grief": "Grief",
        "fear": "Fear",
        "anger": "Anger",
        "disgust": "Disgust",
        "pain": "Pain",
        "outofbreath": "Out of breath",
    }
)
"""The ten emotions in the order of the sliders, bright ones first."""
PRESETS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "Neutral": {},
        "Happy": {"joy": 0.8},
        "Tender": {"joy": 0.35, "sadness": 0.2},
        "Cheeky": {"cheekiness": 0.8, "joy": 0.2},
        "Surprised": {"amazement": 0.85},
        "Sad": {"sadness": 0.8},
        "Worried": {"fear": 0.5, "sadness": 0.25},
        "Angry": {"anger": 0.8},
    }
)
MAIN_STRENGTHS = ("head", "blink", "mouth")
MORE_STRENGTHS = ("brows", "gaze", "breathing")
MAX_SEED = 2**31 - 1
SEED_INFO = "The same number gives the same performance."


def build_emotion_tab(recipes: Mapping[str, Recipe], recipe: Recipe) -> EmotionTab:
    """The tab's components, without events; ``recipe`` is the one chosen at first."""
    notice = gr.HTML(apply_default_css=False)
    gr.HTML("<h2>How does it feel?</h2>", apply_default_css=False)
    with gr.Row(elem_id="presets"):
        presets = {name: gr.Button(name, size="sm", min_width=0, scale=0) for name in PRESETS}
    with gr.Column(elem_id="emotions", elem_classes="grid"):
        emotions = {name: _emotion_slider(name, title) for name, title in NAMES.items()}
    timeline = build_timeline()
    gr.HTML("<h2>How lively is it?</h2>", apply_default_css=False)
    with gr.Column(elem_classes="grid", elem_id="strengths"):
        main = dataclass_controls(Expression, MAIN_STRENGTHS)
    with gr.Accordion("More", open=False, elem_id="more"):
        with gr.Column(elem_classes="grid"):
            more = dataclass_controls(Expression, MORE_STRENGTHS)
        with gr.Row(equal_height=True, elem_id="take"):
            seed = gr.Number(0, label="Take", info=SEED_INFO, precision=0, minimum=0, maximum=MAX_SEED)
            reseed = gr.Button("Another take", scale=0, min_width=170)
    with gr.Accordion("Advanced", open=False, elem_id="advanced"):
        engines, panels = _engine_controls(recipes, recipe)
    return EmotionTab(notice, presets, emotions, timeline, merged(main, more), seed, reseed, engines, panels)


def connect_emotion_tab(parts: Parts) -> None:
    """Let the tab's components act."""
    tab, events = parts.emotion, EmotionEvents(parts)
    guard = parts.guard(tab.notice)
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    sliders = list(tab.emotions.values())
    moved = [slider.input for slider in sliders]
    seen = [tab.notice, parts.stage.face]
    gr.on(moved, guard.event(events.follow), parts.face_inputs, seen, trigger_mode="always_last", **quick)
    for name, button in tab.presets.items():
        apply = guard.event(events.preset(PRESETS[name]))
        button.click(apply, parts.face_inputs, [*seen, *sliders], trigger_mode="always_last", **quick)
    connect_timeline(parts, NAMES)
    tab.reseed.click(lambda: random.randint(0, MAX_SEED), None, tab.seed, **quick)  # noqa: S311 - a dice throw


class EmotionEvents:
    """What happens on the Emotion tab."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def follow(self, form: Form) -> Updates:
        """Draw the still again."""
        if not form[self._parts.avatar_id]:
            return {}
        return {self._parts.stage.face: still_of(self._parts, form)}

    def preset(self, weights: Mapping[str, float]) -> Any:
        """A handler that sets the ten sliders to ``weights``."""

        def apply(form: Form) -> Updates:
            values = {item: weights.get(name, 0.0) for name, item in self._parts.emotion.emotions.items()}
            return {**values, **self.follow({**form, **values})}

        return apply


def _emotion_slider(name: str, title: str) -> gr.Slider:
    return gr.Slider(0.0, 1.0, 0.0, step=0.05, label=title, elem_id=f"emotion-{name}", buttons=[])


def _engine_controls(
    recipes: Mapping[str, Recipe], recipe: Recipe
) -> tuple[dict[str, Controls], dict[str, gr.Column]]:
    """Controls of every engine that moves or draws a face, each in a panel under its name; in sight are those
    of ``recipe``."""
    names = sorted({name for recipe in recipes.values() for name in (recipe.driver, recipe.animator)})
    engines = {name: get_engine(name) for name in names}
    shown: dict[str, Controls] = {}
    panels: dict[str, gr.Column] = {}
    for name, engine in engines.items():
        with gr.Column(visible=name in (recipe.driver, recipe.animator), elem_id=f"engine-{name}") as panel:
            gr.HTML(f"<h3>{escape(engine.title)}</h3>", apply_default_css=False)
            with gr.Column(elem_classes="grid"):
                shown[name] = options_controls(engine)
        panels[name] = panel
    return shown, panels
