"""Feelings written into a text: "[joy] Hello there! [sad:0.5] But then ... [neutral] fine."

A tag names one or several of the ten emotions, each with a strength from 0 to 1 if wanted
("[joy:0.8 fear:0.3]"), and holds until the next one. "[neutral]" and "[]" go back to what the sliders say.
Brackets around anything else are part of the text and are spoken.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from engines.errors import StudioError
from engines.types import EMOTIONS, EmotionKey, Expression, Speech, Words
from engines.word_times import times_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = Path(__file__).resolve().parents[1] / "assets" / "tables" / "feelings.toml"
TAG = re.compile(r"\[([^\[\]\n]{0,200})\]")
_ENTRY = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)(?:\s*[:=]\s*(\d*[.,]?\d+)(\s*%)?)?(?:\s*[,;+&]\s*|\s+|$)")
_ATTACHED = frozenset(",.;:!?…)]}»”’。，！？、")
EARLY = 0.15
"""Seconds by which a face is ahead of the first word of a new feeling."""


@dataclass(frozen=True)
class FeelingCue:
    """From character ``offset`` of the plain text on, these ``weights`` hold; none mean the sliders' own.

    ``written`` is what stood between the brackets, if somebody wrote it.
    """

    offset: int
    weights: Mapping[str, float]
    written: str = field(default="", compare=False)


@dataclass(frozen=True)
class TaggedText:
    """The plain ``text`` that is spoken, and ``cues`` in its order, at most one at an offset."""

    text: str
    cues: tuple[FeelingCue, ...] = ()


@lru_cache(maxsize=1)
def feeling_table() -> Mapping[str, Any]:
    """assets/tables/feelings.toml."""
    with TABLE.open("rb") as file:
        return tomllib.load(file)


@lru_cache(maxsize=1)
def feeling_names() -> Mapping[str, Mapping[str, float]]:
    """Every name that a tag may use, in lower case, and the weights that it means; neutral means none."""
    table = feeling_table()
    names: dict[str, Mapping[str, float]] = {name: {} for name in table["neutral"].split()}
    for emotion in EMOTIONS:
        names |= {name: {emotion: 1.0} for name in (emotion, *table["names"][emotion].split())}
    return {**names, **table["mixtures"]}


def parse_feelings(text: str) -> TaggedText:
    """The text without its tags, and the tags. Raises StudioError for a strength beyond 0 to 1."""
    plain, cues, done = "", list[FeelingCue](), 0
    for match in TAG.finditer(text):
        weights = parse_weights(match[1])
        if weights is None:
            continue
        plain += text[done : match.start()]
        done = match.end()
        plain, done = _closed_up(plain, text, done)
        cues = [cue for cue in cues if cue.offset < len(plain)]
        cues.append(FeelingCue(len(plain), weights, match[1].strip()))
    return TaggedText(plain + text[done:], tuple(cues))


def parse_weights(words: str) -> dict[str, float] | None:
    """The weights that the inside of a tag means; None if it is no tag. Raises StudioError like the above."""
    words = words.strip()
    weights: dict[str, float] = {}
    at = 0
    while at < len(words):
        entry = _ENTRY.match(words, at)
        meant = feeling_names().get(entry[1].lower()) if entry else None
        if entry is None or meant is None:
            return None
        strength = _strength(entry, words)
        for name, share in meant.items():
            weights[name] = round(max(weights.get(name, 0.0), strength * share), 4)
        at = entry.end()
    return weights


def _strength(entry: re.Match[str], words: str) -> float:
    if entry[2] is None:
        return float(feeling_table()["strength"])
    strength = float(entry[2].replace(",", ".")) / (100.0 if entry[3] else 1.0)
    if not 0.0 <= strength <= 1.0:
        raise StudioError(f"'[{words}]' is too strong; strengths go from 0 to 1, such as [{entry[1]}:0.5].")
    return strength


def _closed_up(plain: str, text: str, done: int) -> tuple[str, int]:
    """Text before and after a tag, without the space that was there for the tag's sake."""
    after = text[done : done + 1]
    if after in _ATTACHED and after:
        return plain.rstrip(" "), done
    if not plain or plain[-1].isspace():
        while text[done : done + 1] == " ":
            done += 1
    elif after.isalnum():
        plain += " "
    return plain, done


def write_feelings(tagged: TaggedText) -> str:
    """The text with its tags: what ``parse_feelings`` reads."""
    out, done = "", 0
    for cue in tagged.cues:
        out += tagged.text[done : cue.offset]
        gap = " " if out and not out[-1].isspace() else ""
        space = "" if tagged.text[cue.offset : cue.offset + 1] in _ATTACHED else " "
        out += f"{gap}[{cue.written or weights_words(cue.weights)}]{space}"
        done = cue.offset
    return (out + tagged.text[done:]) if done < len(tagged.text) else out.rstrip(" ")


def weights_words(weights: Mapping[str, float]) -> str:
    """How weights are written inside a tag; the usual strength is not spelled out."""
    usual = float(feeling_table()["strength"])
    words = [name if value == usual else f"{name}:{value:.2g}" for name, value in weights.items()]
    return " ".join(words) or "neutral"


def with_cue(tagged: TaggedText, cue: FeelingCue) -> TaggedText:
    """``cue`` added, in the place of the one at its offset if there is one."""
    others = [one for one in tagged.cues if one.offset != cue.offset]
    return TaggedText(tagged.text, tuple(sorted([*others, cue], key=lambda one: one.offset)))


def without_cue(tagged: TaggedText, offset: int) -> TaggedText:
    """Without the cue at ``offset``."""
    return TaggedText(tagged.text, tuple(cue for cue in tagged.cues if cue.offset != offset))


def keyed(
    keys: Sequence[EmotionKey], cues: Sequence[FeelingCue], times: Sequence[float]
) -> tuple[EmotionKey, ...]:
    """``keys`` with ``cues`` laid over them at ``times`` (s): the later of two always holds.

    A cue without weights brings back what ``keys`` say at its time.
    """
    own = sorted(keys, key=lambda key: key.time)
    laid = []
    for cue, time in zip(cues, times, strict=True):
        before = [key.weights for key in own if key.time <= time]
        weights = dict(cue.weights) if cue.weights else dict(before[-1]) if before else {}
        laid.append(EmotionKey(max(time, 0.0), weights))
    merged = {key.time: key for key in [*own, *laid]}
    return tuple(merged[time] for time in sorted(merged))


def felt_over_time(expression: Expression, words: Words, speech: Speech) -> Expression:
    """``expression`` with the feelings that are written into the text of ``words``, timed by ``speech``."""
    known = words.audio is None or bool(speech.phones)
    tagged = parse_feelings(words.text or "") if known else TaggedText("")
    if not tagged.cues:
        return expression
    starts = times_of(tagged.text, [cue.offset for cue in tagged.cues], speech)
    times = [max(start - EARLY, 0.0) for start in starts]
    return replace(expression, emotions=keyed(expression.emotions, tagged.cues, times))
