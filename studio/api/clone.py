"""The video clone backend's endpoints: a filmed person becomes an avatar that says any text."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Query, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from engines.errors import StudioError
from engines.footage.filming import FilmOptions
from engines.voices import EMBEDDED
from studio.api.avatars import AvatarStatus, ThePreparer, status_of_avatar
from studio.api.context import Id, Owner, TheStudio, keep, upload_folder
from studio.api.errors import known
from studio.api.health import HealthBody, health_of
from studio.api.preparing import Preparer
from studio.api.renders import (
    RIGHT_HELP,
    OptionalRight,
    OptionalText,
    SentFiles,
    SpeechFields,
    Terms,
    order_of,
    own_avatar,
    submit,
)
from studio.api.sessions import Accepted, SessionStatus, accepted, download_of, status_of, view_of
from studio.api.visema import VIDEO
from studio.consent import BY_API, ConsentRecord
from studio.services import DEFAULT_RECIPE, Studio, recipe_for

router = APIRouter(prefix="/api/clone", tags=["Video clone"])
SpeakerName = Annotated[str, Query(max_length=40, description="One of /api/clone/speakers.")]


class CloneForm(BaseModel):
    """A video of one person."""

    video_file: UploadFile = Field(description="A video in which one face looks towards the camera.")
    name: OptionalText = Field(None, max_length=200)
    consent: OptionalRight = Field(None, description=RIGHT_HELP)


class SayForm(SpeechFields):
    """An avatar, a voice and a text."""

    avatar_id: str = Field(max_length=40)
    text: str = Field(max_length=20_000, description="What to say.")


class SpeakerBody(BaseModel):
    """A voice engine; ``missing`` and ``notice`` are sentences or empty."""

    engine: str
    title: str
    voices: int
    missing: str
    notice: str
    licence: str


class VoiceBody(BaseModel):
    """A voice; ``id`` goes into requests. One without a language may be given one: "openai:alloy@de"."""

    id: str
    name: str
    language: str
    language_name: str


@router.post("/avatar", status_code=201)
def create_avatar(
    form: Annotated[CloneForm, Form(media_type="multipart/form-data")],
    studio: TheStudio,
    owner: Owner,
    preparer: ThePreparer,
) -> AvatarStatus:
    """Begin to make an avatar of a video; ask for its state with the id."""
    record = ConsentRecord.state(form.consent, BY_API)
    with upload_folder(studio) as folder:
        clip = keep(form.video_file.file, folder, f"video{Path(form.video_file.filename or '').suffix[:6]}")
        shoot = studio.shoots.submit(owner, clip, form.name or "Avatar", record, FilmOptions())
    return _status(studio, owner, shoot, preparer)


@router.get("/avatar/{avatar_id}")
def clone_status(avatar_id: Id, studio: TheStudio, owner: Owner, preparer: ThePreparer) -> AvatarStatus:
    """How far an avatar is: its video is looked through, then its face is prepared."""
    return _status(studio, owner, avatar_id, preparer)


@router.post("/generate", status_code=202)
def say(form: Annotated[SayForm, Form()], studio: TheStudio, owner: Owner) -> Accepted:
    """Queue a clip of an avatar that says a text with a voice."""
    avatar, name = own_avatar(studio, owner, form.avatar_id)
    if form.recipe == DEFAULT_RECIPE:
        recipe = recipe_for(studio.library.avatar(owner, form.avatar_id))
        form = form.model_copy(update={"recipe": recipe})
    order = order_of(avatar, SentFiles(), form)
    return accepted(studio, owner, submit(studio, owner, order.request, Terms(name)), order.notes)


def _status(studio: Studio, owner: str, avatar_id: str, preparer: Preparer) -> AvatarStatus:
    """The state of an avatar, or of the video that becomes it; 404 if there is neither."""
    with suppress(StudioError):
        avatar = studio.library.avatar(owner, avatar_id)
        return status_of_avatar(preparer, avatar, recipe_for(avatar))
    view = known(studio.shoots.view, owner, avatar_id)
    failed = view.state in ("failed", "cancelled")
    return AvatarStatus(
        image_id=avatar_id,
        name=view.name,
        consent=view.consent,
        status="failed" if failed else "processing",
        preparation_time=None,
        cached=False,
        error=view.message or None,
        progress=round(view.fraction, 3),
    )


@router.get("/voices")
def voices(studio: TheStudio, engine: SpeakerName = EMBEDDED) -> list[VoiceBody]:
    """Every voice of a voice engine that a text can be said with here; none where something is missing."""
    return [VoiceBody(**asdict(voice)) for voice in studio.offer(engine).voices]


@router.get("/speakers")
def speakers(studio: TheStudio) -> list[SpeakerBody]:
    """Every voice engine: what it has, what is missing until it speaks, and what to know before it does."""
    return [SpeakerBody(**asdict(speaker)) for speaker in studio.speakers()]


@router.get("/status/{session_id}")
def clip_status(session_id: Id, studio: TheStudio, owner: Owner) -> SessionStatus:
    """How far a clip is."""
    return status_of(view_of(studio, owner, session_id))


@router.get("/download/{session_id}", response_class=FileResponse, responses=VIDEO)
def clip_download(session_id: Id, studio: TheStudio, owner: Owner) -> FileResponse:
    """The finished clip."""
    return download_of(view_of(studio, owner, session_id))


@router.get("/health")
def clone_health(studio: TheStudio) -> HealthBody:
    """The state of the parts."""
    return health_of(studio)
