"""The Audio2Face service's endpoints: a recording becomes face motion, in chunks or whole."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.datastructures import FormData, UploadFile

from engines.audio import AudioLimits, read_speech
from engines.errors import StudioError
from engines.motion_files import motion_document
from engines.registry import engine_readiness, get_engine, get_recipe
from engines.types import BLENDSHAPES, TONGUE_SHAPES, Expression
from studio.api.context import TheStudio, keep, upload_folder
from studio.api.errors import Refused, told
from studio.api.lines import lines
from studio.api.movers import Take, between, move, usual_recipe
from studio.api.renders import EMOTIONS_HELP
from studio.api.words import parse_emotions
from studio.services import Studio

router = APIRouter(tags=["Audio2Face service"])
AUDIO_FIELDS = ("audio_file", "file", "audio")
USUAL_FPS = 30.0
NDJSON = "application/x-ndjson"


class Wanted(BaseModel):
    """How a recording should be moved; times in seconds."""

    fps: float | None = Field(None, ge=5.0, le=60.0, allow_inf_nan=False)
    recipe: str | None = Field(
        None, max_length=80, description="Whose driver moves; see 'driver' in the answer."
    )
    start: float = Field(0.0, ge=0.0, allow_inf_nan=False)
    end: float | None = Field(None, gt=0.0, allow_inf_nan=False)


class MotionBody(BaseModel):
    """``blendshapes``: a row of weights in [0, 1] per frame in the order of ``names``; times in seconds."""

    blendshapes: list[list[float]]
    names: list[str]
    timestamps: list[float]
    fps: float
    duration: float
    num_frames: int
    blendshape_count: int
    driver: str
    result: dict[str, Any] = Field(description="The same as Audio2Face exports it, with the head.")


class WholeBody(MotionBody):
    """The motion, and once more under ``data``, where earlier clients look for it."""

    success: bool = True
    data: MotionBody


class Names(BaseModel):
    """Names of weights, in order."""

    blendshape_names: list[str]
    tongue_names: list[str]
    count: int


def _form(field: str) -> dict[str, Any]:
    """The OpenAPI description of a form that is read by hand, so that its base64 text may be long."""
    audio = {"type": "string", "format": "binary", "description": "A sound file, or its base64 text."}
    fields = {field: audio, "emotions": {"type": "string", "description": EMOTIONS_HELP}}
    schema = {"type": "object", "properties": fields, "required": [field]}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


async def _take(request: Request, wanted: Annotated[Wanted, Query()], studio: TheStudio) -> Take:
    """The recording and the emotions of the form. Raises StudioError."""
    recipe = get_recipe(wanted.recipe) if wanted.recipe else usual_recipe()
    problem = engine_readiness(get_engine(recipe.driver), {}).problem
    if problem:
        raise StudioError(problem)
    async with request.form(max_files=4, max_fields=16, max_part_size=studio.settings.upload_bytes) as form:
        return await run_in_threadpool(_read, form, recipe.name, studio)


TheTake = Annotated[Take, Depends(_take)]
TheWanted = Annotated[Wanted, Query()]


@router.post(
    "/process-audio/",
    response_class=StreamingResponse,
    responses={200: {"content": {NDJSON: {}}, "description": "One JSON line per 2 s."}},
    openapi_extra=_form("audio_file"),
)
def stream_motion(take: TheTake, wanted: TheWanted, studio: TheStudio) -> StreamingResponse:
    """Face motion line by line; without ``fps`` at a rate from 10 to 30 that this machine can do."""
    return StreamingResponse(_told_lines(lines(studio.pipeline, take, wanted.fps)), media_type=NDJSON)


@router.post("/process-audio", openapi_extra=_form("file"))
def whole_motion(take: TheTake, wanted: TheWanted, studio: TheStudio) -> WholeBody:
    """Face motion of a whole recording, or of its part from ``start`` to ``end``."""
    end = min(wanted.end or take.speech.duration, take.speech.duration)
    if wanted.start >= end:
        raise Refused(422, "There is no sound between 'start' and 'end'.", "Choose a part of the recording.")
    motion = move(studio.pipeline, take, wanted.fps or USUAL_FPS)
    part = between(motion, wanted.start, wanted.end or len(motion) / motion.fps)
    document = motion_document(part)
    first = round(wanted.start * motion.fps + 0.499999) / motion.fps
    body = MotionBody(
        blendshapes=document["weightMat"],
        names=document["facsNames"],
        timestamps=[round(first + frame / part.fps, 6) for frame in range(len(part))],
        fps=part.fps,
        duration=end - wanted.start,
        num_frames=len(part),
        blendshape_count=len(document["facsNames"]),
        driver=take.driver,
        result=document,
    )
    return WholeBody(**vars(body), data=body)


@router.get("/blendshape-names")
def blendshape_names() -> Names:
    """The names of the weights: the 52 of ARKit, then the 16 of the tongue."""
    return Names(blendshape_names=list(BLENDSHAPES), tongue_names=list(TONGUE_SHAPES), count=len(BLENDSHAPES))


def _read(form: FormData, recipe: str, studio: Studio) -> Take:
    emotions = form.get("emotions")
    if isinstance(emotions, UploadFile):
        raise StudioError("The emotions are a file; send them as a form field.")
    with upload_folder(studio) as folder:
        path = _sound(form, folder)
        speech = read_speech(path, AudioLimits(max_seconds=studio.settings.max_seconds))
    return Take(speech, Expression(parse_emotions(emotions)), recipe)


def _sound(form: FormData, folder: Path) -> Path:
    """The recording as a file, whether it came as one or as base64 text."""
    field = next((form[name] for name in AUDIO_FIELDS if form.get(name)), None)
    if field is None:
        raise Refused(422, "There is no recording.", f"Send it as '{AUDIO_FIELDS[0]}'.")
    if isinstance(field, UploadFile):
        return keep(field.file, folder, "audio")
    path = folder / "audio"
    try:
        path.write_bytes(base64.b64decode(field.partition("base64,")[2] or field, validate=True))
    except (binascii.Error, ValueError):
        raise StudioError("The recording is neither a file nor base64 text; send one of them.") from None
    return path


def _told_lines(made: Iterator[str]) -> Iterator[str]:
    """The lines; what goes wrong on the way is a last line, since the status is sent already."""
    try:
        yield from made
    except StudioError as error:
        wrong, todo = told(error)
        yield json.dumps({"error": wrong, "hint": todo}) + "\n"
