"""The side panel that stays in sight on every tab: the face, what it will say, and Render."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import gradio as gr

from engines.types import EmotionKey
from studio.services import avatar_ref
from studio.tabs import markup, pictures
from studio.tabs.ask import build_ask
from studio.tabs.owner import owner_of
from studio.tabs.parts import Form, Parts, Stage
from studio.tabs.request import expression_from


def build_stage() -> Stage:
    """The panel's components, without events."""
    with gr.Column(elem_id="stage", scale=0, min_width=280):
        face = gr.HTML(apply_default_css=False, elem_id="face")
        with gr.Column(elem_id="action"):
            says = gr.HTML(apply_default_css=False, elem_id="says")
            ask, answers = build_ask()
            render = gr.Button("Render", variant="primary", size="lg", elem_id="render")
            wait = gr.HTML(apply_default_css=False, elem_id="wait")
            instead = gr.Button(visible=False, size="sm", elem_id="instead")
            status = gr.HTML(apply_default_css=False, elem_id="status")
    return Stage(face, says, status, render, wait, instead, ask, answers)


@dataclass(frozen=True)
class Moment:
    """A moment of the clip that feels differently: ``weights`` of emotions from the ``words`` on."""

    weights: Mapping[str, float]
    words: str


def still_of(parts: Parts, form: Form, moment: Moment | None = None) -> str:
    """A close-up of the chosen face with the expression that the sliders, or ``moment``, ask for."""
    owner, avatar_id = owner_of(form[parts.token]), str(form[parts.avatar_id])
    avatar = parts.studio.library.avatar(owner, avatar_id)
    expression = expression_from(parts, form)
    if moment:
        expression = replace(expression, emotions=(EmotionKey(0.0, dict(moment.weights)),))
    picture = pictures.close_up(parts.studio.still(owner, avatar_id, expression), avatar_ref(avatar))
    caption = f"{avatar.name}, “{moment.words} …”" if moment else avatar.name
    return markup.still(pictures.data_uri(picture), avatar.name, caption)
