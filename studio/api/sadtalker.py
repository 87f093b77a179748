"""The SadTalker service's endpoints: send a face once, then make clips of it that go first in the queue."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from engines.quality import enhancers
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
    RIGHT_HELP,
    OptionalRight,
    OptionalText,
    SentFiles,
    SpeechFields,
    Terms,
    kept,
    order_of,
    own_avatar,
    submit,
)
from studio.api.sessions import Accepted, SessionStatus, accepted, download_of, status_of, view_of
from studio.api.speedup import PerformanceBody, performance
from studio.api.visema import VIDEO
from studio.services import DEFAULT_RECIPE, recipe_for

router = APIRouter(prefix="/api", tags=["SadTalker service"])
Quality = Literal["low", "medium", "high"]
WITHOUT = "Leave 'enhancer' out."


class UploadForm(BaseModel):
    """A picture and whose face it shows."""

    image_file: UploadFile = Field(description="A picture of a face.")
    preprocess_mode: Mode = Field(
        "full", description="crop and extcrop keep the surroundings of the face only."
    )
    name: OptionalText = Field(None, max_length=200)
    consent: OptionalRight = Field(None, description=RIGHT_HELP)


class VipForm(BaseModel):
    """An avatar, and a recording for it to say."""

    image_id: str = Field(max_length=40)
    audio_file: UploadFile
    enhancer: OptionalText = Field(None, max_length=80, description="gfpgan or another that is there, or none.")
    quality: Quality = "medium"
    text: OptionalText = Field(None, max_length=20_000, description="The words of the recording, if known.")
    emotions: OptionalText = Field(None, max_length=100_000, description=EMOTIONS_HELP)


class VipStatus(SessionStatus):
    """``performance`` is known once the clip is there."""

    performance: PerformanceBody | None


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
    return status_of_avatar(preparer, avatar, DEFAULT_RECIPE)


@router.get("/avatar/status/{image_id}")
def avatar_status(image_id: Id, studio: TheStudio, owner: Owner, preparer: ThePreparer) -> AvatarStatus:
    """Whether an avatar is prepared."""
    avatar = known(studio.library.avatar, owner, image_id)
    return status_of_avatar(preparer, avatar, recipe_for(avatar))


@router.post("/vip/generate", status_code=202)
def vip_generate(
    form: Annotated[VipForm, Form(media_type="multipart/form-data")], studio: TheStudio, owner: Owner
) -> Accepted:
    """Queue a clip of an avatar before all that are no VIPs."""
    enhancer = (form.enhancer or "none").lower()
    if enhancer != "none":
        _check_enhancer(enhancer)
    avatar, name = own_avatar(studio, owner, form.image_id)
    said = {"text": form.text, "emotions": form.emotions, "quality": form.quality, "recipe": DEFAULT_RECIPE}
    fields = SpeechFields.model_validate({**said, "enhance": None if enhancer == "none" else enhancer})
    with upload_folder(studio) as folder:
        audio = kept(form.audio_file, folder, "audio")
        if audio is None:
            raise Refused(422, "'audio_file' is empty.", "Send a recording.")
        order = order_of(avatar, SentFiles(audio), fields)
        job = submit(studio, owner, order.request, Terms(name, vip=True))
        return accepted(studio, owner, job, order.notes)


def _check_enhancer(name: str) -> None:
    if name not in enhancers():
        raise Refused(501, f"That needs the enhancer '{name}', which this studio does not have.", WITHOUT)


@router.get("/vip/status/{session_id}")
def vip_status(session_id: Id, studio: TheStudio, owner: Owner) -> VipStatus:
    """How far a clip is, and once it is done, how much the cache helped."""
    view = view_of(studio, owner, session_id)
    made = performance(view.clip.manifest, studio.jobs.timings()) if view.clip else None
    return VipStatus(**status_of(view).model_dump(), performance=made)


@router.get("/vip/download/{session_id}", response_class=FileResponse, responses=VIDEO)
def vip_download(session_id: Id, studio: TheStudio, owner: Owner) -> FileResponse:
    """The finished clip."""
    return download_of(view_of(studio, owner, session_id))
