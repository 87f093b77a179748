"""Puts the page together and serves it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from engines.errors import StudioError
from engines.registry import all_recipes, get_recipe
from studio import theme
from studio.access import access_for
from studio.api.app import attach_api
from studio.tabs import markup
from studio.tabs.adjust import offered_for
from studio.tabs.avatar import AvatarEvents, avatar_cards, build_avatar_tab, connect_avatar_tab
from studio.tabs.emotion import build_emotion_tab, connect_emotion_tab
from studio.tabs.engines import build_engines_tab, connect_engines_tab
from studio.tabs.filming import follow_shoot_after, recipe_of, shoot_under_way
from studio.tabs.guard import Updates
from studio.tabs.library import build_library_tab, connect_library_tab
from studio.tabs.owner import known_or_new_token, owner_of, token_store
from studio.tabs.parts import Form, Parts
from studio.tabs.preview import (
    build_preview_tab,
    connect_preview_tab,
    follow_after,
    running_job,
    shown_by,
    shown_clip,
)
from studio.tabs.speech import build_speech_tab, connect_speech_tab, introduction, says_of
from studio.tabs.stage import build_stage, still_of

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

    from studio.services import Studio

TITLE = "Visema Studio"
SIGN_IN = "This studio runs on another machine. Its owner knows the name and the password."
DEFAULT_RECIPE = "instant"
MAX_UPLOAD = "4gb"
WAITING_EVENTS = 64
TIDY_EVERY, TIDY_AFTER = 3600, 24 * 3600
"""Seconds: how often copies handed to browsers are looked through, and how old they get."""


@dataclass(frozen=True)
class Server:
    """A running page: ``app`` takes further routes, ``url`` is where it answers."""

    blocks: gr.Blocks
    app: FastAPI
    url: str

    def wait(self) -> None:
        """Serve until interrupted."""
        self.blocks.block_thread()

    def close(self) -> None:
        """Stop serving."""
        self.blocks.close(verbose=False)


def build_app(studio: Studio) -> gr.Blocks:
    """The whole page for ``studio``, not yet served."""
    blocks: gr.Blocks = gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(TIDY_EVERY, TIDY_AFTER))
    with blocks:
        connect(build_parts(studio), blocks)
    blocks.queue(api_open=False, default_concurrency_limit=WAITING_EVENTS)
    return blocks


def build_parts(studio: Studio) -> Parts:
    """Every component, in the order of the page."""
    recipes, recipe = all_recipes(), get_recipe(DEFAULT_RECIPE)
    token, avatar_id, job_id = token_store(), gr.State(""), gr.State("")
    gr.HTML(markup.masthead(), apply_default_css=False, elem_id="masthead")
    with gr.Row(elem_id="layout"):
        stage = build_stage()
        with (
            gr.Column(elem_id="work"),
            gr.Tabs(elem_id="tabs", selected="avatar", overflow_behavior="wrap") as tabs,
        ):
            with gr.Tab("Avatar", id="avatar"):
                avatar = build_avatar_tab()
            with gr.Tab("Speech", id="speech"):
                speech = build_speech_tab(studio.voices(), recipe)
            with gr.Tab("Emotion", id="emotion"):
                emotion = build_emotion_tab(recipes, recipe)
            with gr.Tab("Preview", id="preview"):
                preview = build_preview_tab(recipes, recipe)
            with gr.Tab("Library", id="library") as shelf:
                library = build_library_tab(shelf)
            with gr.Tab("Engines", id="engines") as panel:
                engines = build_engines_tab(panel)
    work = (avatar, speech, emotion, preview, library, engines)
    return Parts(studio, token, avatar_id, job_id, tabs, stage, *work)


def connect(parts: Parts, blocks: gr.Blocks) -> None:
    """Let everything act, and fill the page when it opens."""
    connect_avatar_tab(parts)
    connect_speech_tab(parts)
    connect_emotion_tab(parts)
    connect_preview_tab(parts)
    connect_library_tab(parts)
    connect_engines_tab(parts)
    guard, stage = parts.guard(parts.preview.notice), parts.stage
    filled: list[Any] = [parts.preview.notice, parts.token, parts.avatar_id, parts.job_id, parts.avatar.cards]
    filled += [stage.says, parts.speech.text, *parts.speech.choice.changing]
    panel = parts.avatar.adjust
    filled += [parts.preview.recipe, parts.avatar.shoot]
    filled += [parts.avatar.adjust_own, panel.panel, panel.editor, panel.effect, panel.opened]
    filled += shown_by(parts.preview)
    opened = blocks.load(
        guard.event(lambda form: welcome(parts, form)),
        parts.inputs,
        filled,
        show_progress="hidden",
        api_visibility="private",
    )
    opened.then(
        guard.event(lambda form: {stage.face: _first_still(parts, form)}),
        parts.face_inputs,
        [parts.preview.notice, stage.face],
        show_progress="hidden",
        api_visibility="private",
    )
    follow_after(opened, parts)
    follow_shoot_after(opened, parts, AvatarEvents(parts).choose)


def welcome(parts: Parts, form: Form) -> Updates:
    """What a visitor finds: the newest own avatar or the first sample, the newest clip, the job under way."""
    token = known_or_new_token(form[parts.token])
    owner = owner_of(token)
    avatars = parts.studio.library.avatars(owner)
    chosen = avatars[0].id if avatars else ""
    running = running_job(parts, owner)
    clips = parts.studio.library.clips(owner)
    form = {**form, parts.token: token, parts.avatar_id: chosen}
    return {
        parts.token: token,
        parts.avatar_id: chosen,
        parts.job_id: running.id if running else "",
        parts.avatar.cards: avatar_cards(parts, owner, chosen),
        parts.stage.says: says_of(parts, form),
        **(introduction(parts, form, avatars[0]) | offered_for(parts, avatars[0]) if avatars else {}),
        **(recipe_of(parts, form, avatars[0]) if avatars else {}),
        parts.avatar.shoot: shoot_under_way(parts, owner),
        **shown_clip(parts, owner, clips[0].id if clips else ""),
    }


def _first_still(parts: Parts, form: Form) -> str:
    """The chosen face; a picture that cannot be read leaves the place empty, not the page."""
    try:
        return still_of(parts, form) if form[parts.avatar_id] else ""
    except (OSError, StudioError):
        return ""


def serve(studio: Studio, app_kwargs: dict[str, Any] | None = None) -> Server:
    """Start serving at the host and port of ``studio.settings``; returns once the page answers.

    Raises StudioError if the port is taken. Nothing is shared, sent or asked beyond this machine.
    """
    settings, access = studio.settings, access_for(studio.settings)
    keep_files_in(settings.data / "page")
    blocks = build_app(studio)
    try:
        app, url, _ = blocks.launch(
            server_name=settings.host,
            server_port=settings.port,
            app_kwargs=app_kwargs,
            auth=(access.user, access.password) if access else None,
            auth_message=SIGN_IN if access else None,
            theme=theme.studio_theme(),
            css_paths=theme.CSS_FILE,
            favicon_path=theme.ICON_FILE,
            **LAUNCH,
        )
    except OSError:
        raise StudioError(
            f"Port {settings.port} is taken by another program; choose another one with --port."
        ) from None
    attach_api(app, studio, access)
    return Server(blocks, app, url)


LAUNCH: dict[str, Any] = {
    "prevent_thread_lock": True,
    "share": False,
    "ssr_mode": False,
    "run_history": False,
    "enable_monitoring": False,
    "mcp_server": False,
    "pwa": False,
    "quiet": True,
    "show_error": False,
    "inbrowser": False,
    "footer_links": [],
    "max_file_size": MAX_UPLOAD,
    "strict_cors": True,
}


def keep_files_in(folder: Path) -> None:
    """Let Gradio keep uploads and copies in ``folder``: it takes the place from the environment alone."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
