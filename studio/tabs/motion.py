"""Motion alone, on the Preview tab: a head in 3D that says the words at once, and files for animators."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from engines.exports import FORMATS, ExportFormat, get_format
from engines.requests import check_engines
from engines.types import AvatarRef, Output, RenderRequest
from studio.exports import Exported, Order, export_motion
from studio.tabs import markup
from studio.tabs.files import publish
from studio.tabs.guard import Updates, sentence_for, warning
from studio.tabs.motion_markup import ABOUT, SCRIPT, about_format, viewer
from studio.tabs.owner import owner_of
from studio.tabs.parts import Form, MotionPanel, Parts
from studio.tabs.request import engine_options, expression_from, words_from
from studio.tabs.working import Told, Working

FIRST = next(iter(FORMATS))
Finish = Callable[[str, Exported], Updates]
"""What to show an owner of what was made."""
SHOWN = ("glb", "sound")
"""The formats that the 3D preview is made of."""


def build_motion_panel() -> MotionPanel:
    """The panel's components, without events."""
    gr.HTML(f"<h2>Motion alone</h2>{markup.hint(ABOUT)}", apply_default_css=False)
    notice = gr.HTML(apply_default_css=False, elem_id="motion-notice")
    with gr.Row(elem_id="motion-actions"):
        show = gr.Button("Preview motion in 3D", scale=0, elem_id="motion-show")
    progress = gr.HTML(apply_default_css=False, elem_id="motion-progress")
    cancel = gr.Button("Cancel", variant="stop", visible=False, elem_id="motion-cancel")
    stage = gr.HTML(js_on_load=SCRIPT, apply_default_css=False, elem_id="motion-viewer")
    with gr.Accordion("Export motion", open=False, elem_id="motion-export"):
        choices = [(each.title, name) for name, each in FORMATS.items()]
        form = gr.Dropdown(choices, value=FIRST, label="Format", elem_id="motion-format")
        about = gr.HTML(about_format(FIRST), apply_default_css=False, elem_id="motion-about")
        character = gr.File(
            label="A head of your own (.glb with ARKit morph targets)",
            file_types=[".glb"],
            height=120,
            visible=FORMATS[FIRST].moves_character,
            elem_id="motion-character",
        )
        export = gr.Button("Make the file", scale=0, elem_id="motion-make")
        download = gr.DownloadButton("Download", variant="primary", visible=False, elem_id="motion-file")
    return MotionPanel(notice, show, progress, cancel, stage, form, about, character, export, download)


def connect_motion_panel(parts: Parts) -> None:
    """Let the panel's components act."""
    panel, events = parts.preview.motion, MotionEvents(parts)
    guard = parts.guard(panel.notice)
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    slow: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": 2}
    panel.form.change(
        guard.event(events.choose), [panel.form], [panel.notice, panel.about, panel.character], **quick
    )
    busy = [panel.notice, panel.progress, panel.cancel]
    inputs = parts.inputs | {panel.form, panel.character}
    shown = panel.show.click(guard.stream(events.show), inputs, [*busy, panel.stage], **slow)
    made = panel.export.click(guard.stream(events.export), inputs, [*busy, panel.download], **slow)
    panel.cancel.click(guard.event(events.rest), None, busy, cancels=[shown, made], **quick)


class MotionEvents:
    """What happens in the panel."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._panel = parts, parts.preview.motion

    def choose(self, name: str) -> Updates:
        """Say who reads the format; offer a head of one's own where it can be moved."""
        panel = self._panel
        moves = gr.update(visible=get_format(name).moves_character)
        return {panel.about: about_format(name), panel.character: moves}

    def show(self, form: Form) -> Iterator[Updates]:
        """Let the head speak."""
        yield from self._followed(form, [FORMATS[name] for name in SHOWN], self._shown)

    def export(self, form: Form) -> Iterator[Updates]:
        """Make the file that was chosen."""
        chosen = get_format(str(form[self._panel.form]))

        def ready(owner: str, made: Exported) -> Updates:
            file = publish(made.files[0], owner, _file_name(chosen))
            button = gr.update(value=file, label=f"Download {Path(file).name}", visible=True)
            return {self._panel.download: button, self._panel.notice: "".join(map(markup.hint, made.notes))}

        yield from self._followed(form, [chosen], ready)

    def _shown(self, owner: str, made: Exported) -> Updates:
        model, sound = (publish(path, owner, "motion") for path in made.files)
        return {self._panel.stage: viewer(model, sound, made.seconds, made.notes)}

    def rest(self) -> Updates:
        """Nothing is under way."""
        return {self._panel.progress: "", self._panel.cancel: gr.update(visible=False)}

    def _working(self, owner: str, form: Form, formats: Sequence[ExportFormat]) -> Working[Exported]:
        request = self._request(form)
        own = form[self._panel.character]
        order = Order(request, formats, Path(str(own)) if own else None)
        return Working(lambda watch: export_motion(self._parts.studio, owner, order, watch))

    def _request(self, form: Form) -> RenderRequest:
        """What stands on the page, without a face."""
        parts = self._parts
        request = RenderRequest(
            avatar=AvatarRef(""),
            words=words_from(parts, form),
            expression=expression_from(parts, form),
            recipe=str(form[parts.preview.recipe]),
            output=Output(fps=float(form[parts.preview.fps])),
        )
        request = replace(request, options=engine_options(parts, form, request))
        check_engines(request)
        return request

    def _followed(self, form: Form, formats: Sequence[ExportFormat], finish: Finish) -> Iterator[Updates]:
        """Tell how far the work is, then what comes of it in one update: of two at once, one may be lost."""
        panel = self._panel
        try:
            owner = owner_of(form[self._parts.token])
            working = self._working(owner, form, formats)
            for told in working:
                yield {panel.progress: _bar(told), panel.cancel: gr.update(visible=True)}
            yield {**self.rest(), panel.notice: "", **finish(owner, working.result)}
        except Exception as error:
            yield {**self.rest(), panel.notice: warning(sentence_for(error))}


def _file_name(chosen: ExportFormat) -> str:
    """What a download is called, without its ending: motion-livelink, motion-arkit."""
    return f"motion-{chosen.name.removesuffix(chosen.suffix.replace('.', '-'))}"


def _bar(told: Told) -> str:
    return markup.progress(markup.stage_name(told.stage), told.fraction, f"{told.seconds:.0f} s so far")
