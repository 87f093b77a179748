"""The Preview tab: render, watch it happen, and keep the clip.

Events own no work here. Render hands a request to the jobs and remembers its id; a stream then only watches
that job, so a closed tab loses nothing and a reloaded one finds it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import gradio as gr

from engines.errors import StudioError
from engines.registry import Recipe
from engines.types import StageTime
from studio.tabs import markup, pictures
from studio.tabs.answer import answer
from studio.tabs.ask import asking, must_ask
from studio.tabs.files import credentials_beside, credentials_button, publish
from studio.tabs.guard import Updates, warning
from studio.tabs.making import build_making, connect_making
from studio.tabs.motion import build_motion_panel, connect_motion_panel
from studio.tabs.owner import owner_of
from studio.tabs.parts import Form, Parts, PreviewTab
from studio.tabs.request import request_from

if TYPE_CHECKING:
    from studio.jobs import JobView
    from studio.library import StoredClip

FINAL = ("completed", "failed", "cancelled")
EMPTY = (
    '<div class="empty"><p><strong>Nothing rendered yet.</strong></p>'
    "<p>Press Render: the face beside this says its words, and the video appears here.</p></div>"
)
ON_CLIPS = """
element.addEventListener('click', event => {
  const clip = event.target.closest('[data-clip]'), gone = event.target.closest('[data-remove]');
  if (clip) trigger('select', { id: clip.dataset.clip });
  if (gone && confirm('Delete “' + gone.dataset.name + '”?')) trigger('delete', { id: gone.dataset.remove });
});
"""


def build_preview_tab(recipes: Mapping[str, Recipe], recipe: Recipe) -> PreviewTab:
    """The tab's components, without events."""
    notice = gr.HTML(apply_default_css=False, elem_id="render-notice")
    progress = gr.HTML(apply_default_css=False, elem_id="progress")
    cancel = gr.Button("Cancel", variant="stop", visible=False, elem_id="cancel")
    empty = gr.HTML(EMPTY, apply_default_css=False)
    with gr.Column(visible=False, elem_id="player") as player:
        video = gr.Video(label="Your clip", show_label=False, interactive=False, buttons=[], elem_id="clip")
        download = gr.DownloadButton("Download the video", variant="primary", elem_id="download")
        credentials = credentials_button("credentials")
        with gr.Accordion("How it was made", open=False, elem_id="making"):
            making = gr.HTML(apply_default_css=False)
    making_of_it = build_making(recipes, recipe)
    motion = build_motion_panel()
    gr.HTML("<h2>Earlier clips</h2>", apply_default_css=False)
    clips = gr.HTML(js_on_load=ON_CLIPS, apply_default_css=False, elem_id="clips")
    playing = (empty, player, video, download, credentials, making)
    components = (notice, progress, cancel, *playing, *making_of_it, motion, clips, gr.State(""))
    return PreviewTab(*components)


def connect_preview_tab(parts: Parts) -> None:
    """Let the tab's components act."""
    tab, events = parts.preview, PreviewEvents(parts)
    guard = parts.guard(tab.notice)
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    start_after(parts.stage.render.click, parts)
    said = [tab.notice, parts.stage.ask, parts.avatar.cards]
    for right, button in parts.stage.answers.items():
        told = button.click(guard.event(answer(parts, right)), [parts.token, parts.avatar_id], said, **quick)
        start_after(told.then, parts)
    tab.cancel.click(
        guard.event(events.cancel), [parts.token, parts.job_id], [tab.notice, tab.progress], **quick
    )
    shown = [tab.notice, *shown_by(tab)]
    connect_making(parts)
    connect_motion_panel(parts)
    tab.clips.select(guard.event(events.show), [parts.token], shown, **quick)
    tab.clips.delete(guard.event(events.remove), [parts.token, tab.shown], shown, **quick)


def start_after(event: Any, parts: Parts) -> None:
    """When ``event`` (a component's listener, or the ``then`` of an earlier one) happens, render."""
    tab, stage = parts.preview, parts.stage
    started = event(
        parts.guard(tab.notice).event(PreviewEvents(parts).start),
        parts.inputs,
        [
            tab.notice,
            parts.job_id,
            parts.tabs,
            tab.progress,
            tab.cancel,
            tab.empty,
            stage.render,
            stage.status,
            stage.ask,
        ],
        show_progress="hidden",
        api_visibility="private",
    )
    follow_after(started, parts)


def follow_after(event: Any, parts: Parts) -> None:
    """After ``event``, watch the job whose id it left behind."""
    tab, events = parts.preview, PreviewEvents(parts)
    live = [tab.notice, tab.progress, tab.cancel, parts.stage.render, parts.stage.status]
    event.then(
        parts.guard(tab.notice).stream(events.follow),
        [parts.token, parts.job_id, tab.shown],
        [*live, *shown_by(tab)],
        show_progress="hidden",
        concurrency_limit=None,
        api_visibility="private",
    )


def shown_by(tab: PreviewTab) -> list[Any]:
    """What changes when a clip is shown."""
    return [tab.empty, tab.player, tab.video, tab.download, tab.credentials, tab.making, tab.clips, tab.shown]


class PreviewEvents:
    """What happens on the Preview tab, and on Render."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tab = parts.preview

    def start(self, form: Form) -> Updates:
        """Hand the request to the jobs; while one is under way, go and look at it instead."""
        owner = owner_of(form[self._parts.token])
        running = running_job(self._parts, owner)
        go = {self._parts.tabs: gr.Tabs(selected="preview")}
        if running:
            return {**go, self._parts.job_id: running.id}
        try:
            request = request_from(self._parts, form)
            avatar = self._parts.studio.library.avatar(owner, str(form[self._parts.avatar_id]))
            if must_ask(avatar):
                return {self._parts.job_id: "", **asking(self._parts, open_=True)}
            job = self._parts.studio.jobs.submit(owner, request, avatar.name)
        except StudioError as error:
            return {**go, self._tab.notice: warning(str(error)), self._parts.job_id: ""}
        return {
            **go,
            self._parts.job_id: job,
            **asking(self._parts, False),
            **self._working("Starting", 0.0, ""),
        }

    def follow(self, token: str, job_id: str, shown: str) -> Iterator[Updates]:
        """Tell what becomes of a job, until it is over."""
        if not job_id:
            yield {self._tab.shown: shown}  # Gradio empties the outputs of a stream that says nothing
            return
        owner = owner_of(token)
        for view in self._parts.studio.jobs.watch(owner, job_id):
            if view.state in FINAL:
                yield {**self._resting(shown), **self._ending(owner, view)}
                return
            stage = "Waiting for its turn" if view.state == "queued" else markup.stage_name(view.stage)
            yield self._working(stage, view.fraction, expectation(view))

    def cancel(self, token: str, job_id: str) -> Updates:
        """Stop the job."""
        if job_id:
            self._parts.studio.jobs.cancel(owner_of(token), job_id)
        return {self._tab.progress: markup.progress("Stopping", 0.0, "")}

    def show(self, token: str, event: gr.EventData) -> Updates:
        """Bring an earlier clip back."""
        return shown_clip(self._parts, owner_of(token), str(event.id))

    def remove(self, token: str, shown: str, event: gr.EventData) -> Updates:
        """Delete an earlier clip; if it was the one in the player, the newest takes its place."""
        owner, clip_id, library = owner_of(token), str(event.id), self._parts.studio.library
        library.remove_clip(owner, clip_id)
        left = library.clips(owner)
        follower = left[0].id if left else ""
        return shown_clip(self._parts, owner, follower if shown == clip_id else shown)

    def _working(self, stage: str, fraction: float, note: str) -> Updates:
        bar = markup.progress(stage, fraction, note)
        return {
            self._tab.progress: bar,
            self._tab.cancel: gr.update(visible=True),
            self._tab.empty: gr.update(visible=False),
            self._parts.stage.render: gr.update(value="Rendering…"),
            self._parts.stage.status: bar,
        }

    def _resting(self, shown: str) -> Updates:
        return {
            self._tab.empty: gr.update(visible=not shown),
            self._tab.progress: "",
            self._tab.cancel: gr.update(visible=False),
            self._parts.stage.render: gr.update(value="Render"),
            self._parts.stage.status: "",
        }

    def _ending(self, owner: str, view: JobView) -> Updates:
        if view.state == "completed" and view.clip:
            ready = {self._parts.stage.status: markup.hint("Your clip is ready on the Preview tab.")}
            return {self._tab.notice: "", **ready, **shown_clip(self._parts, owner, view.clip.id)}
        if view.state == "cancelled":
            return {self._tab.notice: markup.hint("Cancelled. Everything you set is still here.")}
        return {self._tab.notice: warning(view.message)}


def running_job(parts: Parts, owner: str) -> JobView | None:
    """The job of ``owner`` that is not over yet."""
    return next((view for view in parts.studio.jobs.list(owner) if view.state not in FINAL), None)


def shown_clip(parts: Parts, owner: str, clip_id: str) -> Updates:
    """The player with the clip ``clip_id`` in it, or the empty page if there is none."""
    tab, clips = parts.preview, parts.studio.library.clips(owner)
    clip = next((clip for clip in clips if clip.id == clip_id), None)
    listed = {tab.clips: markup.clip_cards([clip_card(item) for item in clips], clip_id)}
    if clip is None:
        return {
            **listed,
            tab.empty: gr.update(visible=True),
            tab.player: gr.update(visible=False),
            tab.shown: "",
        }
    file = publish(clip.path, owner, clip.title)
    return {
        **listed,
        tab.empty: gr.update(visible=False),
        tab.player: gr.update(visible=True),
        tab.video: file,
        tab.download: file,
        tab.credentials: credentials_beside(clip.path, owner, clip.title),
        tab.making: making_of(clip),
        tab.shown: clip_id,
    }


def expectation(view: JobView) -> str:
    """What to expect of a job: its place in the queue, or the time left."""
    if view.state == "queued" and view.position > 0:
        return "1 clip is before yours" if view.position == 1 else f"{view.position} clips are before yours"
    if view.seconds_left is None:
        return ""
    return f"about {markup.duration(view.seconds_left)} left"


def clip_card(clip: StoredClip) -> markup.Card:
    """An entry in the list of clips."""
    made = datetime.fromisoformat(clip.created).astimezone()
    detail = f"{markup.duration(clip.manifest['duration'])} · {made:%d %b, %H:%M}"
    return markup.Card(clip.id, clip.title, detail, pictures.poster(clip.path), removable=True)


def making_of(clip: StoredClip) -> str:
    """What made the clip."""
    manifest = clip.manifest
    times = [StageTime(item["stage"], item["seconds"], item["cached"]) for item in manifest["times"]]
    facts = [
        ("Video", f"{manifest['width']} × {manifest['height']}, {manifest['fps']:g} frames per second"),
        ("Length", f"{manifest['duration']:.1f} s"),
        ("Recipe", manifest["request"]["recipe"].capitalize()),
        ("Engines", ", ".join(f"{name} {version}" for name, version in manifest["engines"].items())),
    ]
    return markup.making_of(times, facts, manifest["notes"])
