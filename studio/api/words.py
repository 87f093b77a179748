"""Form fields that hold more than one value, as the engines' types."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from engines.errors import StudioError
from engines.requests import check_emotions
from engines.types import EmotionKey, Expression

HOW = 'write them as {"joy": 0.8} or [{"time": 2, "weights": {"fear": 1}}]'
MOST_KEYS = 1000


def parse_emotions(field: str | None) -> tuple[EmotionKey, ...]:
    """Emotions of a JSON form field: names with weights in [0, 1], or a list of such over time.

    Raises StudioError for anything else.
    """
    if field is None or not field.strip():
        return ()
    try:
        document = json.loads(field)
        keys = _keys().validate_python(_as_keys(document))
    except (ValueError, RecursionError, ValidationError):
        raise StudioError(f"The emotions are not right; {HOW}, strengths from 0 to 1.") from None
    if len(keys) > MOST_KEYS or not all(math.isfinite(key.time) for key in keys):
        raise StudioError(f"There are too many emotions or wrong times; {HOW}.")
    check_emotions(keys)
    return keys


def parse_strengths(field: str | None) -> dict[str, float]:
    """Strengths of an Expression of a JSON form field, ranges not checked yet. Raises StudioError."""
    strengths = parse_object(field, "expression")
    known = {entry.name for entry in fields(Expression)} - {"emotions", "seed"}
    for name in strengths.keys() - known:
        raise StudioError(f"There is no strength '{name[:40]}'; choose from: {', '.join(sorted(known))}.")
    return strengths


def parse_object(field: str | None, name: str) -> dict[str, Any]:
    """The JSON object of a form field, empty if there is none. Raises StudioError for anything else."""
    try:
        document = json.loads(field) if field and field.strip() else {}
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise StudioError(f"The field '{name}' is not a JSON object; /docs shows how it is written.")
    return document


def _as_keys(document: Any) -> Any:
    return [{"time": 0.0, "weights": document}] if isinstance(document, dict) else document


@lru_cache(maxsize=1)
def _keys() -> TypeAdapter[tuple[EmotionKey, ...]]:
    return TypeAdapter(tuple[EmotionKey, ...])
