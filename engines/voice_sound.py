"""What voices over the network give: sound in a file's form, for one piece of the text after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soxr

from engines.audio import AudioLimits, read_speech, tame_peaks
from engines.errors import StudioError
from engines.espeak.text import clean, sentences
from engines.progress import Watch
from engines.types import Float32, Speech

PIECE = 1000
"""Characters that are spoken at once: long enough for a natural melody, short enough to report and cancel."""
LEAD_S, TAIL_S, PAUSE_S = 0.15, 0.35, 0.3
"""Silence before and after everything, for a face to begin and come to rest, and between pieces."""
SLOWEST, SLACK_S = 0.6, 30.0
"""Seconds that a character takes at most, and what comes on top: more sound than that is not believed."""
MOST_BYTES_PER_S = 48_000 * 4
NOTHING_TO_SAY = "There is nothing to say in this text; type some words."


def pieces_of(text: str, most: int = PIECE) -> list[str]:
    """``text`` without emoji and odd characters, in parts of whole sentences with at most ``most`` characters.

    Raises StudioError if there is nothing to say.
    """
    found: list[str] = []
    for sentence in sentences(clean(text)):
        if found and len(found[-1]) + len(sentence.text) < most:
            found[-1] += f" {sentence.text}"
        else:
            found.append(sentence.text)
    if not found:
        raise StudioError(NOTHING_TO_SAY)
    return found


def most_seconds(text: str) -> float:
    """The longest time that speaking ``text`` may take."""
    return SLACK_S + SLOWEST * len(text)


def most_bytes(text: str) -> int:
    """The most bytes that its sound may have."""
    return int(most_seconds(text) * MOST_BYTES_PER_S)


def heard(data: bytes, text: str, title: str, watch: Watch) -> Speech:
    """The sound of a file that ``title`` sent for ``text``. Raises StudioError if it is none, Cancelled."""
    limits = AudioLimits(max_bytes=most_bytes(text), max_seconds=most_seconds(text), min_seconds=0.05)
    with TemporaryDirectory(prefix="voice-") as folder:
        path = Path(folder) / "speech"
        path.write_bytes(data)
        try:
            return read_speech(path, limits, watch)
        except StudioError:
            raise StudioError(
                f"{title} sent no speech that can be used; try other words or another voice."
            ) from None


def join(parts: Sequence[Speech], text: str, language: str | None) -> Speech:
    """One speech of all ``parts``, at the rate of the first, with silence around and between them."""
    rate = parts[0].sample_rate
    silence = [np.zeros(int(seconds * rate), np.float32) for seconds in (LEAD_S, PAUSE_S, TAIL_S)]
    sound: list[Float32] = [silence[0]]
    starts: list[float] = []
    for part in parts:
        begun = sum(map(len, sound)) / rate
        starts += [begun + start for start in part.word_starts]
        sound += [_at_rate(part, rate), silence[1]]
    samples = tame_peaks(np.concatenate([*sound[:-1], silence[2]]))
    return Speech(samples, rate, text, language, word_starts=tuple(starts))


def reported(pieces: Sequence[str], watch: Watch) -> Iterator[str]:
    """``pieces`` one by one, with progress."""
    for index, piece in enumerate(pieces):
        watch.report("voice", index / len(pieces))
        yield piece
    watch.report("voice", 1.0)


def _at_rate(part: Speech, rate: int) -> Float32:
    if part.sample_rate == rate:
        return part.samples
    return np.asarray(soxr.resample(part.samples, part.sample_rate, rate), np.float32)
