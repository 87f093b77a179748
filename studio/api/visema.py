"""VISEMA's endpoints: a picture and a voice become a clip."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import FileResponse
from pydantic import Field

from studio.api.context import Id, Owner, TheStudio, is_file, upload_folder
from studio.api.errors import Refused
from studio.api.renders import (
    RIGHT_HELP,
    OptionalRight,
    OptionalText,
    SentFiles,
    SpeechFields,
    Terms,
    kept,
    kept_options,
    kept_picture,
    order_of,
    own_avatar,
    state_right,
    submit,
    taking_files,
)
from studio.api.sessions import (
    C2PA,
    Accepted,
    SessionStatus,
    accepted,
    credentials_of,
    download_of,
    status_of,
    view_of,
)
from studio.consent import BY_API, ConsentRecord

router = APIRouter(tags=["VISEMA"])
VIDEO: dict[int | str, dict[str, Any]] = {
    200: {"content": {"video/mp4": {}, "video/webm": {}}, "description": "The clip; WebM if transparent."}
}

SIDECAR: dict[int | str, dict[str, Any]] = {
    200: {"content": {C2PA: {}}, "description": "The content credentials, to keep beside the clip."}
}
PICTURE = "Picture"
"""What stands for the avatar of a clip whose face was sent along and not kept."""


@taking_files
class GenerateForm(SpeechFields):
    """A face, and something for it to say."""

    image: UploadFile | None = Field(None, description="A picture of a face.")
    avatar_id: OptionalText = Field(None, max_length=40, description="Or an avatar that is there already.")
    audio: UploadFile | None = Field(None, description="A recording; or send text.")
    consent: OptionalRight = Field(None, description=RIGHT_HELP)
    background: UploadFile | None = Field(None, description="A picture for engines whose options take one.")


@router.post("/generate", status_code=202)
def generate(
    form: Annotated[GenerateForm, Form(media_type="multipart/form-data")], studio: TheStudio, owner: Owner
) -> Accepted:
    """Queue a clip of a picture, or of an avatar, that says a text or a recording."""
    with upload_folder(studio) as folder:
        if form.image is not None and is_file(form.image):
            avatar, name = kept_picture(studio, form.image, folder), PICTURE
        elif form.avatar_id is not None:
            state_right(studio, owner, form.avatar_id, form.consent)
            avatar, name = own_avatar(studio, owner, form.avatar_id)
        else:
            raise Refused(422, "There is no face to talk.", "Send a picture as 'image', or an 'avatar_id'.")
        audio, background = (kept(getattr(form, name), folder, name) for name in ("audio", "background"))
        sent = SentFiles(audio, background, kept_options(form, folder))
        order = order_of(avatar, sent, form)
        terms = Terms(name, consent=ConsentRecord.state(form.consent, BY_API))
        return accepted(studio, owner, submit(studio, owner, order.request, terms), order.notes)


@router.get("/status/{session_id}")
def status(session_id: Id, studio: TheStudio, owner: Owner) -> SessionStatus:
    """How far a clip is."""
    return status_of(view_of(studio, owner, session_id))


@router.post("/cancel/{session_id}")
def cancel(session_id: Id, studio: TheStudio, owner: Owner) -> SessionStatus:
    """Stop a clip that waits or is being made; one that has ended stays as it is."""
    view_of(studio, owner, session_id)
    studio.jobs.cancel(owner, session_id)
    return status_of(view_of(studio, owner, session_id))


@router.post("/retry/{session_id}")
def retry(session_id: Id, studio: TheStudio, owner: Owner) -> SessionStatus:
    """Queue a clip that failed again."""
    if view_of(studio, owner, session_id).state != "failed":
        raise Refused(409, "Only a clip that failed can be tried again.")
    studio.jobs.retry(owner, session_id)
    return status_of(view_of(studio, owner, session_id))


@router.get("/download/{session_id}", response_class=FileResponse, responses=VIDEO)
def download(session_id: Id, studio: TheStudio, owner: Owner) -> FileResponse:
    """The finished clip."""
    return download_of(view_of(studio, owner, session_id))


@router.get("/download/{session_id}/credentials", response_class=FileResponse, responses=SIDECAR)
def credentials(session_id: Id, studio: TheStudio, owner: Owner) -> FileResponse:
    """The content credentials of a clip whose kind of file has no place for them (.webm)."""
    return credentials_of(view_of(studio, owner, session_id))
