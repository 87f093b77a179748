"""From what a client sends to a job in the queue."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import UploadFile
from pydantic import BaseModel, BeforeValidator, Field

from engines.audio import AudioLimits, read_speech
from engines.errors import StudioError
from engines.inputs import check_text
from engines.registry import Recipe, all_recipes
from engines.requests import parse_request, request_document
from engines.types import AvatarRef, Expression, Output, RenderRequest, Words
from studio.api.context import is_file, keep
from studio.api.errors import Refused, known
from studio.api.words import parse_emotions
from studio.services import Studio, avatar_ref


def _nothing(value: Any) -> Any:
    """An empty form field is one that was left out."""
    return None if value == "" else value


OptionalText = Annotated[str | None, BeforeValidator(_nothing)]
OptionalSize = Annotated[int | None, BeforeValidator(_nothing)]
Rate = Annotated[float, Field(ge=5.0, le=60.0, allow_inf_nan=False)]
EMOTIONS_HELP = 'JSON: {"joy": 0.8}, or over time [{"time": 2, "weights": {"fear": 1}}].'


class SpeechFields(BaseModel):
    """What is said and how it should feel."""

    text: OptionalText = Field(None, max_length=20_000, description="What to say; with a recording: its words.")
    voice: str = Field("en-us", max_length=80, description="Voice of the text.")
    emotions: OptionalText = Field(None, max_length=100_000, description=EMOTIONS_HELP)
    recipe: str = Field("instant", max_length=80, description="Which engines work together.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="The same seed gives the same motion.")
    fps: Rate = Field(25.0, description="Frames per second.")
    size: OptionalSize = Field(None, ge=64, le=2160, description="Long side in pixels; the photo's otherwise.")


def request_of(avatar: AvatarRef, audio: Path | None, fields: SpeechFields) -> RenderRequest:
    """The request, every range checked. Raises StudioError."""
    words = Words(fields.text, fields.voice, str(audio) if audio else None)
    expression = Expression(parse_emotions(fields.emotions), seed=fields.seed)
    output = Output(fields.fps, fields.size)
    request = RenderRequest(avatar, words, expression, fields.recipe, output=output)
    return parse_request(request_document(request))


def submit(studio: Studio, owner: str, request: RenderRequest, name: str, vip: bool = False) -> str:
    """Check what can be checked at once, then queue. Raises StudioError for what can never work."""
    limit = studio.settings.max_seconds
    if request.words.audio is None:
        check_text(request.words.text or "", limit)
    else:
        read_speech(Path(request.words.audio), AudioLimits(max_seconds=limit))
    studio.pipeline.key(request)
    return studio.jobs.submit(owner, request, name, vip)


def kept_audio(upload: UploadFile | None, folder: Path) -> Path | None:
    """A recording that was sent, as a file, or None."""
    return keep(upload.file, folder, "audio") if upload is not None and is_file(upload) else None


def kept_picture(studio: Studio, upload: UploadFile, folder: Path) -> AvatarRef:
    """A picture that was sent, as a file. Raises StudioError unless there is a face that can talk."""
    path = keep(upload.file, folder, "image")
    problem = studio.inspect(path).problem
    if problem:
        raise StudioError(problem)
    return AvatarRef(str(path))


def own_avatar(studio: Studio, owner: str, avatar_id: str) -> tuple[AvatarRef, str]:
    """An avatar of the library and its name; 404 if the owner has none of that id."""
    avatar = known(studio.library.avatar, owner, avatar_id)
    return avatar_ref(avatar), avatar.name


def recipe_with(engine: str, what: str, instead: str) -> Recipe:
    """The first recipe that ``engine`` is part of; 501 if there is none, saying ``what`` is missing and what to
    do ``instead``."""
    for recipe in all_recipes().values():
        if engine in _parts(asdict(recipe)):
            return recipe
    raise Refused(501, f"That needs {what}, which this studio does not have.", instead)


def _parts(recipe: dict[str, Any]) -> set[str]:
    """Every engine that a recipe names."""
    texts = {"name", "title", "summary", "needs"}
    values = [value for field, value in recipe.items() if field not in texts]
    return {name for value in values for name in ([value] if isinstance(value, str) else value or ())}
