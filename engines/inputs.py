"""What is asked of a request before anything is computed."""

from __future__ import annotations

from pathlib import Path

from engines.errors import StudioError
from engines.requests import file_kind, option_files
from engines.types import RenderRequest

CHARACTERS_PER_SECOND = 17.0
"""Fast reading aloud: text that is longer than this allows cannot fit the time limit."""


def check_files(request: RenderRequest) -> None:
    """Raise StudioError if a file that the request names is not there."""
    given = ((path, file_kind(place)) for place, path in option_files(request).items())
    for path, what in ((request.avatar.source, "picture"), (request.words.audio, "recording"), *given):
        if path is not None and not Path(path).is_file():
            raise StudioError(f"There is no {what} '{Path(path).name}'; check the path.")


def check_text(text: str, max_seconds: float) -> str:
    """The text; raises StudioError if it is empty or cannot be said in ``max_seconds``."""
    limit = int(max_seconds * CHARACTERS_PER_SECOND)
    if not text.strip():
        raise StudioError("There is nothing to say yet; type a sentence or choose a recording.")
    if len(text) > limit:
        raise StudioError(
            f"The text has {len(text):,} characters; the limit is {limit:,}. Shorten it or render it in parts."
        )
    return text
