"""A clip's request back into the tabs, so that the next one can begin where it ended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from engines.options import FILES, OptionField
from engines.requests import file_kind, option_files
from engines.types import RenderRequest
from studio.tabs.adjust import offered_for
from studio.tabs.ask import asking
from studio.tabs.avatar import avatar_cards
from studio.tabs.files import publish
from studio.tabs.guard import Updates
from studio.tabs.making import SIZES, panels_for, quality_of
from studio.tabs.options import Controls
from studio.tabs.parts import Parts
from studio.tabs.request import OWN_SIZE, TYPED, UPLOADED
from studio.tabs.voices import voice_chosen

if TYPE_CHECKING:
    from studio.library import Avatar


def loads(parts: Parts) -> list[Any]:
    """Every component that loading a request changes."""
    speech, emotion, preview = parts.speech, parts.emotion, parts.preview
    fixed = [
        parts.tabs,
        parts.avatar_id,
        parts.avatar.cards,
        speech.source,
        speech.text,
        *speech.choice.changing,
    ]
    panel = parts.avatar.adjust
    fixed += [parts.avatar.adjust_own, panel.panel, panel.editor, panel.effect, panel.opened, parts.stage.ask]
    fixed += [speech.upload, speech.transcript, speech.tongue, emotion.seed]
    fixed += [
        preview.recipe,
        preview.fps,
        preview.size,
        preview.quality,
        preview.finish,
        *emotion.emotions.values(),
    ]
    fixed += [panel.panel for panel in preview.finishing.values()]
    controls = (emotion.strengths, *speech.choice.options.values(), *parts.engine_controls.values())
    return [*fixed, *(item for some in controls for item in some.components.values())]


def loaded(parts: Parts, owner: str, avatar: Avatar, request: RenderRequest | None) -> Updates:
    """Choose ``avatar`` and set everything as ``request`` has it, if there is one."""
    chosen: Updates = {
        parts.tabs: gr.Tabs(selected="avatar" if request is None else "speech"),
        parts.avatar_id: avatar.id,
        parts.avatar.cards: avatar_cards(parts, owner, avatar.id),
        **offered_for(parts, avatar),
        **asking(parts, open_=False),
    }
    if request is None:
        return chosen
    return {
        **chosen,
        **_words(parts, owner, request),
        **_feelings(parts, owner, request),
        **_output(parts, request),
    }


def _words(parts: Parts, owner: str, request: RenderRequest) -> Updates:
    tab, words = parts.speech, request.words
    if words.audio is not None:
        voice = next((item for item in parts.studio.voices() if item.id == words.voice), None)
        file = publish(Path(words.audio), owner, "recording")
        tongue = {tab.tongue: voice.language} if voice and words.text else {}
        return {tab.source: UPLOADED, tab.upload: file, tab.transcript: words.text or "", **tongue}
    chosen = voice_chosen(tab.choice, parts.studio, words.voice)
    return {tab.source: TYPED, tab.text: words.text or "", **chosen}


def _feelings(parts: Parts, owner: str, request: RenderRequest) -> Updates:
    tab, felt = parts.emotion, request.expression
    weights = felt.emotions[0].weights if felt.emotions else {}
    sliders = {slider: float(weights.get(name, 0.0)) for name, slider in tab.emotions.items()}
    strengths = {item: getattr(felt, name) for name, item in tab.strengths.components.items()}
    return {**sliders, **strengths, tab.seed: felt.seed, **_options(parts, owner, request)}


def _options(parts: Parts, owner: str, request: RenderRequest) -> Updates:
    """Every engine's options: what the request says, and else the defaults."""
    files = {
        place: publish(Path(path), owner, file_kind(place)) for place, path in option_files(request).items()
    }
    engines: dict[str, Controls] = {**parts.engine_controls, **parts.speech.choice.options}
    return {
        item: files.get((engine, name)) or _option(request, engine, controls.declared[name])
        for engine, controls in engines.items()
        for name, item in controls.components.items()
    }


def _option(request: RenderRequest, engine: str, declared: OptionField) -> Any:
    value = request.options.get(engine, {}).get(declared.name, declared.default)
    return value or None if declared.kind in FILES else value


def _output(parts: Parts, request: RenderRequest) -> Updates:
    tab, wanted = parts.preview, request.output.size or OWN_SIZE
    size = min((value for _, value in SIZES), key=lambda value: abs(value - wanted))
    fps = round(request.output.fps)
    finish = list(request.finish)
    return {
        tab.recipe: request.recipe,
        tab.fps: fps,
        tab.size: size,
        tab.quality: quality_of(request.output),
        tab.finish: finish,
        **panels_for(tab, finish),
    }
