"""What is exported: a motion and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engines.errors import StudioError
from engines.pipeline import Pipeline
from engines.progress import Watch
from engines.registry import get_recipe
from engines.types import Motion, RenderRequest, Speech


@dataclass(frozen=True)
class Performance:
    """``motion`` with the ``speech`` it was made for, None for an idle face.

    ``character``: a .glb of the user's own with ARKit morph targets, moved in the place of the neutral head.
    """

    motion: Motion
    speech: Speech | None = None
    character: Path | None = None

    @property
    def sound(self) -> Speech:
        """The speech. Raises StudioError where there is none."""
        if self.speech is None:
            raise StudioError(
                "An idle face says nothing, so there is no sound to export; choose another format."
            )
        return self.speech


def perform(
    pipeline: Pipeline, request: RenderRequest, watch: Watch, character: Path | None = None
) -> tuple[Performance, tuple[str, ...]]:
    """The motion for what ``request`` says and feels, by its recipe's driver, and notes for the user.

    The request's picture plays no part. Raises StudioError, Cancelled.
    """
    recipe = get_recipe(request.recipe)
    spoken = pipeline.speak(request.words, recipe, request.options, watch)
    spoken = pipeline.align(spoken, request.words, recipe, watch)
    motion, _ = pipeline.move(spoken.speech, request, recipe, watch)
    return Performance(motion, spoken.speech, character), tuple(spoken.notes)
