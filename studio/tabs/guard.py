"""Every event of the page runs inside ``Guard``: people see sentences, never tracebacks.

Handlers return (or yield) a dict of component -> update. The guard shows errors in the notice that stands next
to what caused them, clears that notice when all is well again, and leaves everything else as it was, so that
nothing typed is lost.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from engines.errors import StudioError
from studio.tabs import markup

logger = logging.getLogger(__name__)

Updates = dict[Any, Any]
"""Component -> its new value or ``gr.update``; components that are left out stay as they are."""
SECONDS_IN_SIGHT = 6.0
UNEXPECTED = "Something went wrong inside the studio. Try again; the studio's log says what it was."


class Guard:
    """Wraps handlers so that what they raise becomes a sentence in ``notice``."""

    def __init__(self, notice: gr.HTML) -> None:
        self._notice = notice

    def event(self, handler: Callable[..., Updates]) -> Callable[..., Updates]:
        """A handler that answers once."""

        @functools.wraps(handler)
        def wrapper(*args: Any, **kwargs: Any) -> Updates:
            try:
                return {self._notice: "", **handler(*args, **kwargs)}
            except Exception as error:
                return self._tell(error)

        return wrapper

    def stream(self, handler: Callable[..., Iterator[Updates]]) -> Callable[..., Iterator[Updates]]:
        """A handler that answers again and again."""

        @functools.wraps(handler)
        def wrapper(*args: Any, **kwargs: Any) -> Iterator[Updates]:
            try:
                yield from handler(*args, **kwargs)
            except Exception as error:
                yield self._tell(error)

        return wrapper

    def _tell(self, error: Exception) -> Updates:
        return {self._notice: warning(sentence_for(error))}


def warning(sentence: str) -> str:
    """Pop ``sentence`` up for whoever looks elsewhere; returns it as HTML for the notice that stays."""
    gr.Warning(sentence, duration=SECONDS_IN_SIGHT)
    return markup.notice(sentence)


def sentence_for(error: Exception) -> str:
    """What to tell the user of ``error``; whatever was not foreseen goes to the log instead."""
    if isinstance(error, StudioError):
        return str(error)
    logger.error("An event of the page failed", exc_info=error)
    return UNEXPECTED
