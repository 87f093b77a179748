"""A recording whose text is known: its sounds as bytes for the cache, what the user is told about the fit."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from engines.types import Alignment, Phone, Speech, Words

OTHER_TEXT = "The {source} does not say this text; the mouth follows the sound alone."
OTHER_IN_PARTS = (
    "About {percent:.0f} % of what the {source} says is not in the text, most of it from "
    "{minutes}:{seconds:02} on; there the mouth follows the sound alone."
)
HARDLY = 0.5
"""Share of the speech that follows the text below which the user is told in any case."""
ASTRAY_S = 1.25
"""Seconds of speech in a row without the text from which it is another sentence. Hesitations and words that are
said in another way took at most 1.2 s, 0.2 s in English; wrong sentences amid right ones mostly over 1.3."""


def has_transcript(words: Words) -> bool:
    """Whether ``words`` is a recording of which the text is given too."""
    return words.audio is not None and bool((words.text or "").strip())


def pack_alignment(alignment: Alignment) -> bytes:
    """All that an alignment adds to its recording."""
    speech = alignment.speech
    found = {
        "share": alignment.share,
        "astray": alignment.astray,
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
    return Alignment(speech, found["share"], tuple(found["astray"]))


def fit_notes(alignment: Alignment, source: str = "recording") -> tuple[str, ...]:
    """What the user should know where text and ``source``, the recording or the voice, differ."""
    if alignment.share == 0.0:
        return (OTHER_TEXT.format(source=source),)
    start, length = alignment.astray
    if alignment.share < HARDLY or length > ASTRAY_S:
        percent = max(round(100.0 * (1.0 - alignment.share), -1), 10.0)
        minutes, seconds = divmod(int(start), 60)
        return (OTHER_IN_PARTS.format(percent=percent, source=source, minutes=minutes, seconds=seconds),)
    return ()
