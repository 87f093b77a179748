"""What people are told of a clip that SadTalker made."""

from __future__ import annotations

from collections.abc import Iterator

from engines.stages import Given
from engines.types import Expression

NO_EMOTIONS = (
    "SadTalker knows no emotions: the face takes its expression from the photo and the sound alone. Choose "
    "another recipe for a face that feels, or a photo that shows the feeling."
)
OWN_LIFE = "SadTalker moves brows and gaze by itself: their strengths, and that of breathing, do nothing here."
SLOW = (
    "SadTalker drew this on the processor, where each frame takes many seconds; on an NVIDIA GPU it takes a "
    "small part of that."
)


def notes_on(given: Given, device: str) -> Iterator[str]:
    """Sentences on what was asked for and could not be done."""
    felt = given.expression
    if any(weight > 0 for key in felt.emotions for weight in key.weights.values()):
        yield NO_EMOTIONS
    usual = Expression()
    if (felt.brows, felt.gaze, felt.breathing) != (usual.brows, usual.gaze, usual.breathing):
        yield OWN_LIFE
    if device == "cpu":
        yield SLOW
