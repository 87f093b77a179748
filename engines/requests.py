"""RenderRequest to and from its JSON document, with every range checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from engines.adjust import check_shifts
from engines.errors import StudioError
from engines.types import EMOTIONS, AvatarRef, EmotionKey, RenderRequest

_READ_BLOCK = 1 << 20


def parse_request(document: Mapping[str, Any]) -> RenderRequest:
    """A checked request; raises StudioError naming the first field that does not fit."""
    request: RenderRequest = _checked(RenderRequest, document)
    check_emotions(request.expression.emotions)
    check_shifts(request.avatar.adjust)
    return request


def parse_avatar(document: Mapping[str, Any]) -> AvatarRef:
    """The avatar of a request, checked; raises StudioError naming the first field that does not fit."""
    avatar: AvatarRef = _checked(AvatarRef, document)
    check_shifts(avatar.adjust)
    return avatar


def _checked(kind: type, document: Mapping[str, Any]) -> Any:
    try:
        return _adapter(kind).validate_python(dict(document))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StudioError(f"The request's '{where}' is not right: {first['msg']}.") from None


def request_document(request: RenderRequest) -> dict[str, Any]:
    """The request as plain JSON values."""
    document: dict[str, Any] = _adapter(RenderRequest).dump_python(request, mode="json")
    return document


def request_schema() -> dict[str, Any]:
    """The JSON schema of a request."""
    return _adapter(RenderRequest).json_schema()


def check_emotions(keys: tuple[EmotionKey, ...]) -> None:
    """Raise StudioError if an emotion has a name that is not one of the ten."""
    for name in (name for key in keys for name in key.weights):
        if name not in EMOTIONS:
            raise StudioError(f"There is no emotion '{name}'; choose from: {', '.join(EMOTIONS)}.")


@lru_cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    """Made once: building it takes longer than a whole check."""
    return TypeAdapter(kind)


def file_digest(path: str | Path) -> str:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(_READ_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def content_document(request: RenderRequest) -> str:
    """The request as JSON with files named by their content: equal requests give equal text."""
    document = request_document(request)
    document["avatar"]["source"] = file_digest(request.avatar.source)
    if request.words.audio is not None:
        document["words"]["audio"] = file_digest(request.words.audio)
    return json.dumps(document, sort_keys=True)
