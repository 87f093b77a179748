"""The SadTalker service's endpoints: send a face once, then make clips of it that go first in the queue."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from engines.errors import StudioError
from engines.quality import enhancers
from engines.registry import engine_readiness, get_engine
from engines.sniff import is_video
from engines.types import AvatarRef
from studio.api.avatars import (
    AvatarStatus,
    AvatarTerms,
    Mode,
    ThePreparer,
    add_avatar,
    status_of_avatar,
)
from studio.api.context import Id, Owner, TheStudio, upload_folder
from studio.api.errors import Refused, known
from studio.api.renders import (
    EMOTIONS_HELP,
    OPTIONS_HELP,
    RIGHT_HELP,
    OptionalRight,
    OptionalText,
    SentFiles,
    SpeechFields,
    Terms,
    kept,
    kept_options,
    order_of,
    own_avatar,
    submit,
    taking_files,
)
from studio.api.sessions import Accepted, SessionStatus, accepted, download_of, status_of, view_of
from studio.api.speedup import PerformanceBody, performance
from studio.api.visema import VIDEO
from studio.api.words import parse_object
from studio.services import DEFAULT_RECIPE, FILM_RECIPE, recipe_for

router = APIRouter(prefix="/api", tags=["SadTalker service"])
Quality = Literal["low", "medium", "high"]
WITHOUT = "Leave 'enhancer' out."
ENGINE = "sadtalker"
DRAWN: dict[str, tuple[str, ...]] = {"low": ("256",), "medium": ("256",), "high": ("512", "256")}
"""Side of the face that SadTalker draws: the first whose model file is there."""
NO_SADTALKER = "This was not made by SadTalker, which is not ready here: "


class UploadForm(BaseModel):
    """A picture and whose face it shows."""

    image_file: UploadFile = Field(description="A picture of a face.")
    preprocess_mode: Mode = Field(
        "full", description="crop and extcrop keep the surroundings of the face only."
    )
    name: OptionalText = Field(None, max_length=200)
    consent: OptionalRight = Field(None, description=RIGHT_HELP)


@taking_files
class VipForm(BaseModel):
    """An avatar, and a recording for it to say."""

    image_id: str = Field(max_length=40)
    audio_file: UploadFile
    enhancer: OptionalText = Field(None, max_length=80, description="gfpgan or another that is there, or none.")
    quality: Quality = "medium"
    preprocess_mode: Mode = Field("full", description="What SadTalker cuts out, and whether it is put back.")
    still: bool = Field(False, description="The head keeps its pose (SadTalker).")
    pose_style: int = Field(0, ge=0, le=45, description="Style of the head's motion (SadTalker).")
    expression_scale: float = Field(1.0, ge=0.0, le=3.0, description="Strength of the face (SadTalker).")
    options: OptionalText = Field(None, max_length=20_000, description=OPTIONS_HELP)
    text: OptionalText = Field(None, max_length=20_000, description="The words of the recording, if known.")
    emotions: OptionalText = Field(None, max_length=100_000, description=EMOTIONS_HELP)


class VipAccepted(Accepted):
    """``recipe``: which engines make the clip; ``note``: why not SadTalker, or "" if it does."""

    recipe: str
    note: str


class VipStatus(SessionStatus):
    """``performance``, ``recipe`` and ``notes``, sentences on the clip, are known once it is there."""

    performance: PerformanceBody | None
    recipe: str | None
    notes: list[str]


@dataclass(frozen=True)
class Making:
    """What makes a clip of an avatar, with which options, and a sentence if it is not SadTalker."""

    recipe: str
    options: dict[str, Any] = field(default_factory=dict)
    note: str = ""


def making(avatar: AvatarRef, form: VipForm) -> Making:
    """SadTalker if it is ready, else the usual recipe. Raises StudioError for options that do not fit."""
    wanted = parse_object(form.options, "options")
    own = _own_options(form, wanted.get(ENGINE, {}))
    if is_video(Path(avatar.source)):
        return Making(FILM_RECIPE, wanted, f"{NO_SADTALKER}it takes pictures, and this avatar is a video.")
    problem = ""
    for size in DRAWN[form.quality]:
        chosen = {"size": size, **own}
        problem = engine_readiness(get_engine(ENGINE), chosen).problem
        if not problem:
            return Making(ENGINE, {**wanted, ENGINE: chosen})
    return Making(DEFAULT_RECIPE, wanted, NO_SADTALKER + problem)


def _own_options(form: VipForm, given: Any) -> dict[str, Any]:
    """SadTalker's, from the fields of ``form`` and what is ``given`` with all engines' options."""
    if not isinstance(given, dict):
        raise StudioError(f"The options of {ENGINE} are not a JSON object; /docs shows how they are written.")
    fields = {name: getattr(form, name) for name in ("still", "pose_style", "expression_scale")}
    return {"mode": form.preprocess_mode, **fields, **given}


def usual_recipe() -> str:
    """The recipe that a picture is prepared for."""
    return DEFAULT_RECIPE if engine_readiness(get_engine(ENGINE), {}).problem else ENGINE


@router.post("/avatar/upload", status_code=201)
def upload_avatar(
    form: Annotated[UploadForm, Form(media_type="multipart/form-data")],
    studio: TheStudio,
    owner: Owner,
    preparer: ThePreparer,
) -> AvatarStatus:
    """Keep a picture as an avatar and begin to prepare it."""
    terms = AvatarTerms(name=form.name or "Avatar", consent=form.consent, mode=form.preprocess_mode)
    avatar = add_avatar(studio, owner, form.image_file, terms)
    return status_of_avatar(preparer, avatar, usual_recipe())


@router.get("/avatar/status/{image_id}")
def avatar_status(image_id: Id, studio: TheStudio, owner: Owner, preparer: ThePreparer) -> AvatarStatus:
    """Whether an avatar is prepared."""
    avatar = known(studio.library.avatar, owner, image_id)
    return status_of_avatar(preparer, avatar, recipe_for(avatar, usual_recipe()))


@router.post("/vip/generate", status_code=202)
def vip_generate(
    form: Annotated[VipForm, Form(media_type="multipart/form-data")], studio: TheStudio, owner: Owner
) -> VipAccepted:
    """Queue a clip of an avatar before all that are no VIPs: by SadTalker if it is ready here."""
    enhancer = (form.enhancer or "none").lower()
    if enhancer != "none":
        _check_enhancer(enhancer)
    avatar, name = own_avatar(studio, owner, form.image_id)
    made = making(avatar, form)
    said = {"text": form.text, "emotions": form.emotions, "options": json.dumps(made.options)}
    by = {"recipe": made.recipe, "quality": form.quality, "enhance": None if enhancer == "none" else enhancer}
    fields = SpeechFields.model_validate({**said, **by})
    with upload_folder(studio) as folder:
        audio = kept(form.audio_file, folder, "audio")
        if audio is None:
            raise Refused(422, "'audio_file' is empty.", "Send a recording.")
        order = order_of(avatar, SentFiles(audio, options=kept_options(form, folder)), fields)
        job = submit(studio, owner, order.request, Terms(name, vip=True))
        queued = accepted(studio, owner, job, order.notes)
        return VipAccepted(**queued.model_dump(), recipe=made.recipe, note=made.note)


def _check_enhancer(name: str) -> None:
    if name not in enhancers():
        raise Refused(501, f"That needs the enhancer '{name}', which this studio does not have.", WITHOUT)


@router.get("/vip/status/{session_id}")
def vip_status(session_id: Id, studio: TheStudio, owner: Owner) -> VipStatus:
    """How far a clip is, and once it is done, how much the cache helped."""
    view = view_of(studio, owner, session_id)
    made = performance(view.clip.manifest, studio.jobs.timings()) if view.clip else None
    manifest = view.clip.manifest if view.clip else {}
    recipe = manifest["request"]["recipe"] if manifest else None
    notes = list(manifest.get("notes", ()))
    return VipStatus(**status_of(view).model_dump(), performance=made, recipe=recipe, notes=notes)


@router.get("/vip/download/{session_id}", response_class=FileResponse, responses=VIDEO)
def vip_download(session_id: Id, studio: TheStudio, owner: Owner) -> FileResponse:
    """The finished clip."""
    return download_of(view_of(studio, owner, session_id))
