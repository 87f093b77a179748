"""The side panel that stays in sight on every tab: the face, what it will say, and Render."""

from __future__ import annotations

import gradio as gr

from studio.services import avatar_ref
from studio.tabs import markup, pictures
from studio.tabs.owner import owner_of
from studio.tabs.parts import Form, Parts, Stage
from studio.tabs.request import expression_from


def build_stage() -> Stage:
    """The panel's components, without events."""
    with gr.Column(elem_id="stage", scale=0, min_width=280):
        face = gr.HTML(apply_default_css=False, elem_id="face")
        with gr.Column(elem_id="action"):
            says = gr.HTML(apply_default_css=False, elem_id="says")
            render = gr.Button("Render", variant="primary", size="lg", elem_id="render")
            status = gr.HTML(apply_default_css=False, elem_id="status")
    return Stage(face, says, status, render)


def still_of(parts: Parts, form: Form) -> str:
    """A close-up of the chosen face with the expression that the sliders ask for."""
    owner, avatar_id = owner_of(form[parts.token]), str(form[parts.avatar_id])
    avatar = parts.studio.library.avatar(owner, avatar_id)
    rgb = parts.studio.still(owner, avatar_id, expression_from(parts, form))
    return markup.still(pictures.data_uri(pictures.close_up(rgb, avatar_ref(avatar))), avatar.name)
