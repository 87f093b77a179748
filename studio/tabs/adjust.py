"""The panel of the Avatar tab in which people move the points of a face, or put a face where none was found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from engines.errors import StudioError
from engines.types import AvatarRef
from studio.services import avatar_ref
from studio.tabs import adjust_markup, markup, pictures
from studio.tabs.guard import Updates
from studio.tabs.owner import owner_of
from studio.tabs.parts import AdjustPanel, Form, Parts
from studio.tabs.stage import still_of

if TYPE_CHECKING:
    from studio.library import Avatar
    from studio.tabs.adjust_scene import AdjustScene

SAVE_NEXT = "If that looks right, say below whose face it is, and save it."
NOTHING_OPEN = "Choose one of your own avatars first, then adjust its points."


@dataclass(frozen=True)
class Opened:
    """What stands in the panel: the avatar with ``avatar_id``, or an uploaded photo ("")."""

    avatar_id: str
    scene: AdjustScene


def build_adjust_panel() -> AdjustPanel:
    """The panel's components, without events."""
    with gr.Column(visible=False, elem_id="adjust") as panel:
        with gr.Row(elem_id="adjust-head"):
            gr.HTML("<h2>Points of the face</h2>", apply_default_css=False)
            close = gr.Button("Close", size="sm", scale=0, elem_id="adjust-close")
        editor = gr.HTML(js_on_load=adjust_markup.SCRIPT, apply_default_css=False, elem_id="adjuster")
        notice = gr.HTML(apply_default_css=False, elem_id="adjust-notice")
        effect = gr.HTML(apply_default_css=False, elem_id="adjust-effect")
    return AdjustPanel(notice, panel, close, editor, effect, gr.State(None), gr.State(None))


def connect_adjust_panel(parts: Parts) -> None:
    """Let the panel's components act."""
    tab, events = parts.avatar, AdjustEvents(parts)
    panel, guard = tab.adjust, parts.guard(parts.avatar.adjust.notice)
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    shown = [panel.notice, panel.panel, panel.editor, panel.effect, panel.opened]
    tab.adjust_own.click(guard.event(events.open), parts.face_inputs, shown, **quick)
    tab.place.click(guard.event(events.place), [tab.photo, tab.face], shown, **quick)
    panel.close.click(guard.event(events.close), None, shown, **quick)
    used = [panel.notice, panel.effect, panel.placed, tab.review, parts.stage.face]
    panel.editor.submit(
        guard.event(events.use),
        parts.face_inputs | {panel.opened, tab.photo},
        used,
        show_progress="hidden",
        api_visibility="private",
    )


def offered_for(parts: Parts, avatar: Avatar) -> Updates:
    """Only own avatars can be adjusted; what was open belongs to another one."""
    tab = parts.avatar
    return {tab.adjust_own: gr.update(visible=not (avatar.sample or avatar.filmed)), **put_away(tab.adjust)}


def put_away(panel: AdjustPanel) -> Updates:
    """Close the panel."""
    return {panel.panel: gr.update(visible=False), panel.editor: "", panel.effect: "", panel.opened: None}


class AdjustEvents:
    """What happens in the panel."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._panel = parts, parts.avatar.adjust

    def open(self, form: Form) -> Updates:
        """Show the points of the chosen avatar."""
        parts = self._parts
        avatar = parts.studio.library.avatar(owner_of(form[parts.token]), str(form[parts.avatar_id]))
        if avatar.sample:
            raise StudioError(NOTHING_OPEN)
        return self._show(avatar.id, avatar_ref(avatar))

    def place(self, photo: str, face: int | None) -> Updates:
        """Show points to be put onto an uploaded photo in which no face was found, or none that can be used."""
        from studio.tabs.adjust_scene import placed_by_hand

        return self._show("", placed_by_hand(str(photo), int(face or 0)))

    def close(self) -> Updates:
        """Put the panel away."""
        return put_away(self._panel)

    def use(self, form: Form, event: gr.EventData) -> Updates:
        """Take the points as they are, and show what they do."""
        opened: Opened | None = form[self._panel.opened]
        if opened is None:
            raise StudioError(NOTHING_OPEN)
        ref = opened.scene.corrected(event.points)
        seen = {self._panel.effect: self._effects(ref)}
        if not opened.avatar_id:
            seen[self._panel.effect] += markup.hint(SAVE_NEXT)
            return {**seen, self._panel.placed: ref, self._parts.avatar.review: gr.update(visible=True)}
        owner = owner_of(form[self._parts.token])
        self._parts.studio.library.adjust(owner, opened.avatar_id, ref)
        return {**seen, self._parts.stage.face: still_of(self._parts, form)}

    def _show(self, avatar_id: str, ref: AvatarRef) -> Updates:
        from studio.tabs.adjust_scene import open_scene

        scene = open_scene(ref)
        panel = self._panel
        photo = adjust_markup.Photo(pictures.data_uri(scene.shown), scene.aspect)
        editor = adjust_markup.editor(photo, scene.handles(ref), scene.handles(), scene.reach)
        return {
            panel.panel: gr.update(visible=True),
            panel.editor: editor,
            panel.effect: "",
            panel.opened: Opened(avatar_id, replace(scene, shown=scene.shown[:0])),
        }

    def _effects(self, ref: AvatarRef) -> str:
        from studio.tabs.adjust_scene import posed_close_ups

        shots = posed_close_ups(self._parts.studio.pipeline, ref)
        return adjust_markup.effects([(title, pictures.data_uri(rgb)) for title, rgb in shots])
