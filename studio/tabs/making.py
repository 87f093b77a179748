"""How the video is made: recipe, quality, size, what goes over the frames, and how long all that will take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gradio as gr

from engines.errors import StudioError
from engines.quality import QUALITIES, fitting_options, left_out, level_options, missing
from engines.registry import Recipe, all_finishers, engine_readiness, get_engine, get_recipe
from engines.types import Output
from studio.tabs import markup
from studio.tabs.guard import Updates
from studio.tabs.options import options_controls
from studio.tabs.parts import FinisherPanel, Form, Parts, PreviewTab
from studio.tabs.request import OWN_SIZE, request_from
from studio.waiting import Wait, expected_wait

FRAME_RATES = [("20", 20), ("24, like film", 24), ("25", 25), ("30", 30), ("50", 50), ("60", 60)]
SIZES = [
    ("As the photo, up to 1080", OWN_SIZE),
    ("256", 256),
    ("384", 384),
    ("512", 512),
    ("640", 640),
    ("720", 720),
    ("1080", 1080),
]
AS_SET = ""
"""The choice of quality that changes nothing."""
Making = tuple[
    gr.Dropdown, gr.HTML, gr.Dropdown, gr.Dropdown, gr.Dropdown, gr.CheckboxGroup, Mapping[str, FinisherPanel]
]


def build_making(recipes: Mapping[str, Recipe], recipe: Recipe) -> Making:
    """The components: recipe, frame rate, size, quality, finishers and their options."""
    with gr.Accordion("Video settings", open=False, elem_id="settings"):
        with gr.Row():
            ordered = sorted(recipes.values(), key=lambda item: item.needs != "nothing")
            titles = [(item.title, item.name) for item in ordered]
            choice = gr.Dropdown(
                titles, value=recipe.name, label="Recipe", visible=len(titles) > 1, elem_id="recipe"
            )
            quality = gr.Dropdown(_levels(), value=AS_SET, label="Quality", elem_id="quality")
        about = gr.HTML(_about(recipe), apply_default_css=False, elem_id="recipe-about")
        with gr.Row():
            fps = gr.Dropdown(FRAME_RATES, value=round(Output().fps), label="Frames per second", elem_id="fps")
            size = gr.Dropdown(SIZES, value=OWN_SIZE, label="Long side in pixels", elem_id="size")
        finish = _finish_choice()
        finishing = {name: _finisher_panel(name) for name in all_finishers()}
    return choice, about, fps, size, quality, finish, finishing


def _about(recipe: Recipe) -> str:
    """What a recipe does and takes."""
    needs = "" if recipe.needs == "nothing" else f" It needs {recipe.needs}."
    return markup.hint(recipe.summary + needs)


def _levels() -> list[tuple[str, str]]:
    return [("As set below", AS_SET), *((level.title, name) for name, level in QUALITIES.items())]


def _finish_choice() -> gr.CheckboxGroup:
    """What may go over the frames; for what cannot work yet, where it is said why."""
    known = all_finishers()
    lacking = [engine.title for engine in known.values() if engine_readiness(engine, {}).problem]
    return gr.CheckboxGroup(
        [(engine.title, name) for name, engine in known.items()],
        label="After animating",
        info=f"The Engines tab says what is missing for {' and '.join(lacking)}." if lacking else None,
        visible=bool(known),
        elem_id="finish",
    )


def _finisher_panel(name: str) -> FinisherPanel:
    engine = get_engine(name)
    with gr.Column(visible=False, elem_id=f"finish-{name}") as panel:
        gr.HTML(f"<h3>{engine.title}</h3>", apply_default_css=False)
        with gr.Column(elem_classes="grid"):
            controls = options_controls(engine)
    return FinisherPanel(panel, controls)


def connect_making(parts: Parts) -> None:
    """Let the components act."""
    tab, stage, events = parts.preview, parts.stage, MakingEvents(parts)
    guard = parts.guard(stage.wait)
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    panels = [panel.panel for panel in tab.finishing.values()]
    batches = [item for _, _, item in _level_controls(parts)]
    told = [stage.wait, stage.instead]
    set_by_level = [tab.notice, tab.fps, tab.size, tab.finish, *batches, *panels, *told]
    tab.quality.input(parts.guard(tab.notice).event(events.level), parts.inputs, set_by_level, **quick)
    tab.finish.change(guard.event(events.finishers), parts.inputs, [*panels, *told], **quick)
    shown = [tab.about, *parts.emotion.panels.values()]
    tab.recipe.change(guard.event(events.recipe), parts.inputs, [*shown, *told], **quick)
    words = [parts.speech.text.blur, parts.speech.upload.change, parts.speech.microphone.change]
    changes = [tab.fps.input, tab.size.input, *words]
    changes += _costly_choices(parts)
    gr.on(changes, guard.event(events.wait), parts.inputs, told, trigger_mode="always_last", **quick)
    stage.instead.click(
        guard.event(events.instead), parts.inputs, [tab.recipe, tab.finish, *panels, *told], **quick
    )


def _costly_choices(parts: Parts) -> list[Any]:
    """The events of options that may decide how long an engine takes."""
    costly = [controls for name, controls in parts.engine_controls.items() if get_engine(name).cost]
    items = [item for controls in costly for item in controls.components.values()]
    choices = [item.input for item in items if isinstance(item, gr.Radio | gr.Checkbox)]
    return choices + [item.release for item in items if isinstance(item, gr.Slider)]


class MakingEvents:
    """What happens when a choice is made."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._tab = parts, parts.preview

    def level(self, form: Form) -> Updates:
        """Set everything as the level of quality has it, and say what had to be left out."""
        name = str(form[self._tab.quality])
        if name == AS_SET:
            return self.wait(form)
        level, tab = QUALITIES[name], self._tab
        others = {known.enhancer for known in QUALITIES.values()}
        finish = [kept for kept in form[tab.finish] or () if kept not in others]
        problem = missing(level.enhancer, {}) if level.enhancer else ""
        if level.enhancer and not problem:
            finish.append(level.enhancer)
        set_now: Updates = {tab.fps: round(level.fps), tab.size: level.size, tab.finish: finish}
        notes = [left_out(level, problem)] if problem else []
        at_work = {get_recipe(str(form[tab.recipe])).animator, *finish}
        for engine, option, item in _level_controls(self._parts):
            default = self._parts.engine_controls[engine].declared[option].default
            fitting, note = fitting_options(get_engine(engine), level, {})
            set_now[item] = fitting.get(option, default)
            notes += [note] if note and engine in at_work and note not in notes else []
        said = markup.hint(" ".join(notes)) if notes else ""
        told = {**self.wait({**form, **set_now}), tab.notice: said}
        return {**set_now, **panels_for(tab, finish), **told}

    def recipe(self, form: Form) -> Updates:
        """Show what the chosen recipe is, the options of its engines, and how long it will take."""
        recipe = get_recipe(str(form[self._tab.recipe]))
        panels = self._parts.emotion.panels.items()
        shown = {panel: gr.update(visible=name in (recipe.driver, recipe.animator)) for name, panel in panels}
        return {self._tab.about: _about(recipe), **shown, **self.wait(form)}

    def finishers(self, form: Form) -> Updates:
        """Show the options of what was chosen."""
        return {**panels_for(self._tab, form[self._tab.finish] or ()), **self.wait(form)}

    def wait(self, form: Form) -> Updates:
        """Say how long it will take, if that is long."""
        return self._told(self._expected(form))

    def instead(self, form: Form) -> Updates:
        """Take the quicker way."""
        tab, quick = self._tab, self._expected(form)
        if quick is None or not quick.instead:
            return self._told(quick)
        chosen = {tab.recipe: quick.instead, tab.finish: []}
        return {**chosen, **panels_for(tab, []), **self.wait({**form, **chosen})}

    def _expected(self, form: Form) -> Wait | None:
        """None where nothing can be said yet: no face or no words, or an engine that cannot work."""
        try:
            request = request_from(self._parts, form)
        except StudioError:
            return None
        return expected_wait(self._parts.studio.jobs.timings(), request)

    def _told(self, wait: Wait | None) -> Updates:
        stage = self._parts.stage
        sentence, way = (wait.sentence, wait.way) if wait else ("", "")
        return {
            stage.wait: markup.hint(sentence) if sentence else "",
            stage.instead: gr.update(value=f"Use {way}", visible=bool(way)),
        }


def panels_for(tab: PreviewTab, finish: Any) -> Updates:
    """The options of the finishers that are chosen, and no others."""
    return {panel.panel: gr.update(visible=name in finish) for name, panel in tab.finishing.items()}


def quality_of(output: Output) -> str:
    """The level that ``output`` is of, AS_SET for none."""
    return next((name for name, level in QUALITIES.items() if _as_level(name) == output), AS_SET)


def _as_level(name: str) -> Output:
    level = QUALITIES[name]
    return replace(Output(), size=level.size, fps=level.fps, encoding=level.encoding)


def _level_controls(parts: Parts) -> list[tuple[str, str, Any]]:
    """Every control that a level of quality sets: its engine, its option and itself."""
    return [
        (engine, option, controls.components[option])
        for engine, controls in parts.engine_controls.items()
        for option in sorted(
            {name for level in QUALITIES.values() for name in level_options(get_engine(engine), level)}
        )
        if option in controls.components
    ]
