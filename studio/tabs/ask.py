"""The one question before a face first speaks: whose it is. Once answered, the answer stays with the avatar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import gradio as gr

from studio.consent import Consent
from studio.tabs.guard import Updates
from studio.tabs.parts import Parts

if TYPE_CHECKING:
    from studio.library import Avatar

ANSWERS: tuple[tuple[str, Consent], ...] = (
    ("It is me", "mine"),
    ("I have this person's permission", "permission"),
    ("It is invented", "invented"),
)
QUESTION = (
    '<div class="question" role="alert"><strong>Whose face is it?</strong>'
    "<p>Asked once. The answer stays with the avatar, and its clips carry it.</p></div>"
)


def build_ask() -> tuple[gr.Column, Mapping[Consent, gr.Button]]:
    """The question with a button for each answer; it shows when it is asked."""
    with gr.Column(visible=False, elem_id="ask") as ask:
        gr.HTML(QUESTION, apply_default_css=False)
        answers = {right: gr.Button(label, elem_id=f"ask-{right}") for label, right in ANSWERS}
    return ask, answers


def must_ask(avatar: Avatar) -> bool:
    """Whether nobody has said yet whose face ``avatar`` shows."""
    return avatar.consent == "not stated"


def asking(parts: Parts, open_: bool) -> Updates:
    """Ask, or stop asking."""
    return {parts.stage.ask: gr.update(visible=open_)}
