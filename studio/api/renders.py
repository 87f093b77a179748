"""From what a client sends to a job in the queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from fastapi import UploadFile
from pydantic import BaseModel, BeforeValidator, Field, create_model

from engines.audio import AudioLimits, read_speech
from engines.errors import StudioError
from engines.inputs import check_text
from engines.options import FILES, OptionField, option_fields
from engines.quality import at_quality, enhanced
from engines.registry import all_engines, get_engine, get_recipe
from engines.requests import OptionPlace, engines_of, option_files, parse_request, with_files
from engines.types import AvatarRef, Output, RenderRequest
from studio.api.context import is_file, keep
from studio.api.errors import known
from studio.api.words import parse_emotions, parse_object, parse_strengths
from studio.consent import BY_API, Consent, ConsentRecord
from studio.services import Studio, avatar_ref


def _nothing(value: Any) -> Any:
    """An empty form field is one that was left out."""
    return None if value == "" else value


OptionalText = Annotated[str | None, BeforeValidator(_nothing)]
OptionalRight = Annotated[Literal["mine", "permission", "invented"] | None, BeforeValidator(_nothing)]
RIGHT_HELP = "Whose face it is: your own, somebody's who permits it, or nobody's. Recorded with what is made."
OptionalSize = Annotated[int | None, BeforeValidator(_nothing)]
Form = TypeVar("Form", bound=BaseModel)
Rate = Annotated[float, Field(ge=5.0, le=60.0, allow_inf_nan=False)]
OptionalRate = Annotated[Rate | None, BeforeValidator(_nothing)]
OptionalShare = Annotated[float | None, BeforeValidator(_nothing)]
OptionalQuality = Annotated[Literal["low", "medium", "high"] | None, BeforeValidator(_nothing)]
EMOTIONS_HELP = 'JSON: {"joy": 0.8}, or over time [{"time": 2, "weights": {"fear": 1}}].'

STRENGTHS_HELP = 'JSON: {"head": 0.5, "blink": 1}: mouth, brows, blink, gaze, head, breathing.'
FINISH_HELP = "What goes over the frames, by name, with commas between: wav2lip,gfpgan."
ENHANCE_HELP = "What makes the face clearer at the end: gfpgan."
QUALITY_HELP = "Size, frame rate, encoder and enhancer in one word; fields that are sent go before it."
OPTIONS_HELP = 'JSON, options by engine: {"facemesh": {"background": "blurred"}}.'


class SaidFields(BaseModel):
    """What is said and how it should feel."""

    text: OptionalText = Field(None, max_length=20_000, description="What to say; with a recording: its words.")
    voice: str = Field("en-us", max_length=80, description="Voice of the text: de, piper:NAME, openai:NAME@de.")
    emotions: OptionalText = Field(None, max_length=100_000, description=EMOTIONS_HELP)
    expression: OptionalText = Field(None, max_length=2000, description=STRENGTHS_HELP)
    options: OptionalText = Field(None, max_length=20_000, description=OPTIONS_HELP)
    recipe: str = Field("instant", max_length=80, description="Which engines work together.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="The same seed gives the same motion.")


class SpeechFields(SaidFields):
    """The same, and how it should look."""

    finish: OptionalText = Field(None, max_length=200, description=FINISH_HELP)
    enhance: OptionalText = Field(None, max_length=80, description=ENHANCE_HELP)
    enhance_strength: OptionalShare = Field(None, ge=0, le=1, description="How much of that is seen.")
    quality: OptionalQuality = Field(None, description=QUALITY_HELP)
    fps: OptionalRate = Field(None, description="Frames per second; 25 otherwise.")
    size: OptionalSize = Field(None, ge=64, le=3840, description="Long side in pixels; the photo's otherwise.")


@dataclass(frozen=True)
class SentFiles:
    """Files that came with a request, kept for as long as it is read."""

    audio: Path | None = None
    background: Path | None = None
    options: Mapping[OptionPlace, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """What is to be made, and sentences on what of the wish had to be left out."""

    request: RenderRequest
    notes: tuple[str, ...] = ()


def order_of(avatar: AvatarRef, files: SentFiles, fields: SpeechFields) -> Order:
    """The order, every range checked. Raises StudioError, also for files named by a path of ours."""
    request = request_of(avatar, files, fields)
    if fields.enhance:
        request = enhanced(request, fields.enhance, fields.enhance_strength)
    if not fields.quality:
        return Order(request)
    given = [name for name in ("fps", "size") if getattr(fields, name) is not None]
    return Order(*at_quality(request, fields.quality, given))


def request_of(avatar: AvatarRef, files: SentFiles, fields: SpeechFields) -> RenderRequest:
    """What is asked for, without levels of quality. Raises StudioError as ``order_of`` does."""
    felt = {"emotions": [asdict(key) for key in parse_emotions(fields.emotions)], "seed": fields.seed}
    audio = str(files.audio) if files.audio else None
    document = {
        "avatar": asdict(avatar),
        "words": {"text": fields.text, "voice": fields.voice, "audio": audio},
        "expression": {**parse_strengths(fields.expression), **felt},
        "recipe": fields.recipe,
        "options": parse_object(fields.options, "options"),
        "output": {"fps": fields.fps or Output().fps, "size": fields.size},
        "finish": [name.strip() for name in (fields.finish or "").split(",") if name.strip()],
    }
    request = parse_request(document)
    for name, values in request.options.items():
        get_engine(name).parse_options(values)
    for place in option_files(request):
        raise StudioError(f"No file can be named by a path here; send it as '{_sent_as(place)}'.")
    taking = {engine.name for engine in engines_of(request)}
    for place in files.options:
        if place[0] not in taking:
            raise StudioError(
                f"'{_sent_as(place)}' is of no use to this recipe; leave it out, or choose another."
            )
    request = with_files(request, {place: str(path) for place, path in files.options.items()})
    return request if files.background is None else _with_background(request, str(files.background))


def _with_background(request: RenderRequest, path: str) -> RenderRequest:
    """``request`` with a picture for the first option of its animator that is one."""
    animator = get_engine(get_recipe(request.recipe).animator)
    option = next((each.name for each in option_fields(animator.options) if each.kind == "picture"), None)
    if option is None:
        raise StudioError(f"{animator.title} takes no picture for the background; leave 'background' out.")
    values = {**request.options.get(animator.name, {}), option: path}
    return replace(request, options={**request.options, animator.name: values})


@dataclass(frozen=True)
class Terms:
    """How a job is queued: under which avatar's name, before others or not, and whose face it shows if that is
    said with it."""

    name: str
    vip: bool = False
    consent: ConsentRecord | None = None


def submit(studio: Studio, owner: str, request: RenderRequest, terms: Terms) -> str:
    """Check what can be checked at once, then queue. Raises StudioError for what can never work."""
    limit = studio.settings.max_seconds
    if request.words.audio is None:
        check_text(request.words.text or "", limit)
    else:
        read_speech(Path(request.words.audio), AudioLimits(max_seconds=limit))
    studio.pipeline.key(request)
    return studio.jobs.submit(owner, request, terms.name, terms.vip, terms.consent)


def kept(upload: UploadFile | None, folder: Path, name: str) -> Path | None:
    """What was sent, as a file called ``name``, or None."""
    return keep(upload.file, folder, name) if upload is not None and is_file(upload) else None


def taking_files(form: type[Form]) -> type[Form]:
    """``form`` with a field for every file that an option of an engine names."""
    fields: dict[str, Any] = {
        _sent_as(place): (UploadFile | None, Field(None, description=option.description or option.title))
        for place, option in _file_options().items()
    }
    return create_model(form.__name__, __base__=form, __doc__=form.__doc__, **fields)


def kept_options(form: BaseModel, folder: Path) -> dict[OptionPlace, Path]:
    """The files that came in the fields of ``taking_files``."""
    found = {}
    for place, option in _file_options().items():
        upload = getattr(form, _sent_as(place))
        ending = Path(getattr(upload, "filename", None) or "").suffix.lower()
        path = kept(upload, folder, _sent_as(place) + (ending if ending in option.endings else ""))
        if path is not None:
            found[place] = path
    return found


def _file_options() -> dict[OptionPlace, OptionField]:
    return {
        (engine.name, option.name): option
        for engine in all_engines().values()
        for option in option_fields(engine.options)
        if option.kind in FILES
    }


def _sent_as(place: OptionPlace) -> str:
    return "_".join(place)


def kept_picture(studio: Studio, upload: UploadFile, folder: Path) -> AvatarRef:
    """A picture that was sent, as a file. Raises StudioError unless there is a face that can talk."""
    path = keep(upload.file, folder, "image")
    problem = studio.inspect(path).problem
    if problem:
        raise StudioError(problem)
    return AvatarRef(str(path))


def state_right(studio: Studio, owner: str, avatar_id: str, right: Consent | None) -> None:
    """Write down what is said of an avatar of the owner's, unless somebody said so before."""
    if right and known(studio.library.avatar, owner, avatar_id).consent == "not stated":
        studio.library.state_consent(owner, avatar_id, ConsentRecord.state(right, BY_API))


def own_avatar(studio: Studio, owner: str, avatar_id: str) -> tuple[AvatarRef, str]:
    """An avatar of the library and its name; 404 if the owner has none of that id."""
    avatar = known(studio.library.avatar, owner, avatar_id)
    return avatar_ref(avatar), avatar.name
