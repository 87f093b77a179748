"""Motion for animators: words or a recording go in, a file of a format of their choice comes out."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask

from engines.exports import FORMATS, ExportFormat, get_format, perform, write_export
from engines.inputs import check_text
from engines.progress import Watch
from engines.types import AvatarRef, RenderRequest
from studio.api.context import TheStudio, upload_folder
from studio.api.renders import Rate, SaidFields, SentFiles, SpeechFields, kept, request_of

router = APIRouter(prefix="/api/motion", tags=["Motion for animators"])
FormatName = Annotated[str, Field(max_length=40, json_schema_extra={"enum": list(FORMATS)})]
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {
            each.media_type: {"schema": {"type": "string", "format": "binary"}} for each in FORMATS.values()
        },
    }
}


class ExportForm(SaidFields):
    """Words or a recording, how they should feel, and as what the motion should come back."""

    audio: UploadFile | None = Field(None, description="A recording; with a text, what is said in it.")
    character: UploadFile | None = Field(
        None, description="A .glb of your own with ARKit morph targets, for formats that move one."
    )
    format: FormatName = Field(description="One of /api/motion/formats.")
    fps: Rate = Field(30.0, description="Frames per second.")


class FormatBody(BaseModel):
    """A format; ``moves_character``: whether a .glb of one's own can be moved."""

    name: str
    title: str
    suffix: str
    media_type: str
    about: str
    moves_character: bool


@router.get("/formats")
def formats() -> list[FormatBody]:
    """What motion can be exported as."""
    return [_body(each) for each in FORMATS.values()]


@router.post("/export", response_class=FileResponse, responses=FILE)
def export(
    form: Annotated[ExportForm, Form(media_type="multipart/form-data")], studio: TheStudio
) -> FileResponse:
    """The motion of words or of a recording as a file."""
    chosen = get_format(form.format)
    with ExitStack() as stack:
        folder = stack.enter_context(upload_folder(studio))
        audio, character = kept(form.audio, folder, "audio"), kept(form.character, folder, "character.glb")
        request = _request(form, audio, studio.settings.max_seconds)
        performance, _ = perform(studio.pipeline, request, Watch(), character)
        path = folder / f"motion{chosen.suffix}"
        write_export(path, performance, chosen)
        done = BackgroundTask(stack.pop_all().close)
    return FileResponse(path, media_type=chosen.media_type, filename=path.name, background=done)


def _request(form: ExportForm, audio: Path | None, max_seconds: float) -> RenderRequest:
    """What to perform. Raises StudioError."""
    if audio is None:
        check_text(form.text or "", max_seconds)
    said = {name: getattr(form, name) for name in SaidFields.model_fields}
    return request_of(AvatarRef(""), SentFiles(audio), SpeechFields(**said, fps=form.fps))


def _body(each: ExportFormat) -> FormatBody:
    return FormatBody(**{name: getattr(each, name) for name in FormatBody.model_fields})
