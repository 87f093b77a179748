"""Form fields that hold more than one value, as the engines' types."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from engines.errors import StudioError
from engines.requests import check_emotions
from engines.types import EmotionKey

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


def _as_keys(document: Any) -> Any:
    return [{"time": 0.0, "weights": document}] if isinstance(document, dict) else document


@lru_cache(maxsize=1)
def _keys() -> TypeAdapter[tuple[EmotionKey, ...]]:
    return TypeAdapter(tuple[EmotionKey, ...])
