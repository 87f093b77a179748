"""A recording whose text is known: its sounds as bytes for the cache, what the user is told about the fit."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from engines.types import Alignment, Phone, Speech, Words

OTHER_TEXT = "The recording does not say this text; the mouth follows the sound alone."
OTHER_IN_PARTS = (
    "About {percent:.0f} % of what the recording says is not in the text; "
    "there the mouth follows the sound alone."
)
IN_FULL = 0.7
"""Share of the speech that follows the text from which nothing needs to be said: hesitations and other ways to
pronounce a word are no other text."""


def has_transcript(words: Words) -> bool:
    """Whether ``words`` is a recording of which the text is given too."""
    return words.audio is not None and bool((words.text or "").strip())


def pack_alignment(alignment: Alignment) -> bytes:
    """All that an alignment adds to its recording."""
    speech = alignment.speech
    found = {
        "share": alignment.share,
        "phones": [asdict(phone) for phone in speech.phones],
        "word_starts": list(speech.word_starts),
        "text": speech.text,
        "language": speech.language,
    }
    return json.dumps(found).encode()


def unpack_alignment(data: bytes, recording: Speech) -> Alignment:
    """What ``pack_alignment`` packed, with ``recording`` for its sound."""
    found = json.loads(data)
    speech = replace(
        recording,
        phones=tuple(Phone(**phone) for phone in found["phones"]),
        word_starts=tuple(found["word_starts"]),
        text=found["text"],
        language=found["language"],
    )
    return Alignment(speech, found["share"])


def fit_notes(alignment: Alignment) -> tuple[str, ...]:
    """What the user should know where text and recording differ."""
    if alignment.share == 0.0:
        return (OTHER_TEXT,)
    if alignment.share < IN_FULL:
        return (OTHER_IN_PARTS.format(percent=round(100.0 * (1.0 - alignment.share), -1)),)
    return ()
