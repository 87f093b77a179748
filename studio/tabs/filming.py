"""A video on the Avatar tab: what is seen of it at once, and the way until it is an avatar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import gradio as gr
import numpy as np
from PIL import Image as Pillow

from engines.errors import StudioError
from studio.consent import BY_PAGE, Consent, ConsentRecord
from studio.services import recipe_for
from studio.tabs import markup, pictures
from studio.tabs.guard import SECONDS_IN_SIGHT, Updates, warning
from studio.tabs.owner import owner_of
from studio.tabs.parts import Form, Parts

if TYPE_CHECKING:
    from studio.library import Avatar
    from studio.shoots import ShootView

Choose = Callable[[Form, str], Updates]
STAGE = "Following the face through the video"
WAITING = "Waiting for another video"


def framed_video(clip: Path) -> tuple[str, str]:
    """The first frame of a clip as HTML, and what is to be known of it. Raises StudioError for what is none."""
    from engines.clips import inspect_clip, read_clip

    info = inspect_clip(clip)
    _, rgb = next(read_clip(clip, info))
    picture = Pillow.fromarray(rgb)
    picture.thumbnail((pictures.PHOTO_SIDE, pictures.PHOTO_SIDE))
    shown = markup.framed_photo(pictures.data_uri(np.asarray(picture)), [], "The first frame of your video")
    about = f"A video of {markup.duration(info.seconds)}, {info.width} × {info.height}."
    return shown, "".join(map(markup.hint, (about, *info.notes)))


def recipe_of(parts: Parts, form: Form, avatar: Avatar) -> Updates:
    """The chosen recipe, unless ``avatar`` needs another: one for videos, or one for pictures."""
    return {parts.preview.recipe: recipe_for(avatar, str(form[parts.preview.recipe]))}


class FilmEvents:
    """What happens with a video."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._tab = parts, parts.avatar

    def start(self, form: Form, clip: Path, put_away: Updates) -> Updates:
        """Begin to make an avatar of ``clip``."""
        tab, owner = self._tab, owner_of(form[self._parts.token])
        consent = ConsentRecord.state(cast("Consent | None", form[tab.consent]), BY_PAGE)
        name = str(form[tab.name] or "").strip() or clip.stem
        from engines.footage.filming import FilmOptions

        shoot = self._parts.studio.shoots.submit(owner, clip, name, consent, FilmOptions())
        return {**put_away, tab.photo: None, tab.consent: None, tab.shoot: shoot, **self._bar(WAITING, 0.0, "")}

    def follow(self, form: Form, choose: Choose) -> Iterator[Updates]:
        """Tell how far the video is, until it is an avatar; ``choose`` lets that one speak."""
        shoot = str(form[self._tab.shoot] or "")
        if not shoot:
            yield {self._tab.shoot: ""}  # Gradio empties the outputs of a stream that says nothing
            return
        owner = owner_of(form[self._parts.token])
        for view in self._parts.studio.shoots.watch(owner, shoot):
            yield self._told(view) if view.state in ("queued", "running") else self._ended(form, view, choose)

    def cancel(self, token: str, shoot: str) -> Updates:
        """Stop it."""
        if shoot:
            self._parts.studio.shoots.cancel(owner_of(token), shoot)
        return {self._tab.progress: markup.progress("Stopping", 0.0, "")}

    def _told(self, view: ShootView) -> Updates:
        left = view.seconds_left
        note = "" if left is None else f"about {markup.duration(left)} left"
        return self._bar(STAGE if view.state == "running" else WAITING, view.fraction, note)

    def _ended(self, form: Form, view: ShootView, choose: Choose) -> Updates:
        tab = self._tab
        rest = {tab.progress: "", tab.stop: gr.update(visible=False), tab.shoot: ""}
        if view.state == "failed":
            return {**rest, tab.notice: warning(view.message)}
        if view.state == "cancelled":
            return {**rest, tab.notice: markup.hint("Cancelled. No avatar was made of the video.")}
        gr.Info(f"{view.name} is ready to speak.", duration=SECONDS_IN_SIGHT)
        return {**rest, **choose(form, view.id), tab.notice: "".join(map(markup.hint, view.notes))}

    def _bar(self, stage: str, fraction: float, note: str) -> Updates:
        bar = markup.progress(stage, fraction, note)
        return {self._tab.progress: bar, self._tab.stop: gr.update(visible=True)}


def connect_filming(saved: Any, parts: Parts, choose: Choose) -> None:
    """After ``saved``, watch the video become an avatar; let Cancel stop that."""
    tab, guard = parts.avatar, parts.guard(parts.avatar.notice)
    follow_shoot_after(saved, parts, choose)
    tab.stop.click(
        guard.event(FilmEvents(parts).cancel),
        [parts.token, tab.shoot],
        [tab.notice, tab.progress],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def follow_shoot_after(event: Any, parts: Parts, choose: Choose) -> None:
    """After ``event``, watch the video whose id it left behind become an avatar, and ``choose`` it."""
    tab, events = parts.avatar, FilmEvents(parts)
    panel = tab.adjust
    changed: list[Any] = [tab.notice, tab.progress, tab.stop, tab.shoot, tab.cards, parts.avatar_id]
    changed += [parts.preview.recipe, parts.stage.face, parts.stage.says, parts.stage.ask, tab.adjust_own]
    changed += [panel.panel, panel.editor, panel.effect, panel.opened]
    changed += [parts.speech.text, *parts.speech.choice.changing]
    event.then(
        parts.guard(tab.notice).stream(lambda form: events.follow(form, choose)),
        parts.face_inputs | parts.voice_inputs | {parts.preview.recipe, tab.shoot},
        changed,
        show_progress="hidden",
        concurrency_limit=None,
        api_visibility="private",
    )


def shoot_under_way(parts: Parts, owner: str) -> str:
    """The id of a video of the owner's that is being prepared, "" if there is none."""
    views = parts.studio.shoots.unfinished(owner)
    return views[0].id if views else ""


def is_clip(path: str | None) -> bool:
    """Whether an uploaded file is a video."""
    from engines.sniff import is_video

    try:
        return bool(path) and is_video(Path(str(path)))
    except OSError:
        raise StudioError("The file cannot be read; choose it again.") from None
