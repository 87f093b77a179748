"""From what people type or paste to what can be spoken: sentences in one script each.

Nothing here is markup: "<b>" stays text. Emoji, control characters and private-use characters are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MAX_SENTENCE = 300
"""Characters; the library splits clauses of more than some 800 bytes at odd places."""

# Pictographs, dingbats, arrows, boxes and flags; ©, ® and ° lie elsewhere and are read out.
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\U000e0020-\U000e007f\u20e3\ufe00-\ufe0f"
    "\u2190-\u21ff\u2300-\u23ff\u2500-\u27bf\u2800-\u28ff\u2b00-\u2bff\u3030\u303d\u3297\u3299]+"
)
# Letters in fancy dress: mathematical alphabets, circled, full and half width. Full-width punctuation is left
# as it is: it ends sentences without a space after it.
_FANCY = re.compile(
    "[\U0001d400-\U0001d7ff\U0001f100-\U0001f189"
    "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uffdc\u2460-\u24ff]"
)
_LONE_JOINER = re.compile(r"(?<!\w)\u200d|\u200d(?!\w)")
_INVISIBLE = dict.fromkeys(
    [
        0x00AD,
        0x034F,
        0x061C,
        0x200B,
        0x200E,
        0x200F,
        0x2060,
        0xFEFF,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    ]
)
_LINE_BREAK = re.compile("\r\n?|[\u2028\u2029\x85\x0b\x0c]")
_URL = re.compile(r"\b(?:https?|ftp)://(?:www\.)?([^\s?#<>\"']+)(?:[?#][^\s<>\"']*)?", re.IGNORECASE)
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_WRAPPED_LINE = re.compile(r"(?<=[^\W\d_]|,)[^\S\n]*\n(?=[^\S\n]*[a-zß-ÿа-яё])")
_SENTENCE_END = re.compile(
    r"""(?:[.!?…]+["'”’»)\]]*(?=\s)|[。！？｡؟۔।॥።።။։]+["'”’»)\]」』】》]*)\s*""", re.VERBOSE
)
_TITLE = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|\d+|mrs?|ms|dr|prof|st|vs|no|nr|fig|approx|z\.b|d\.h|bzw|ca|mme|mlle|sra?|e\.g|i\.e|cf)\.$",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[,;:،、，；：—–]\s*")
_SCRIPTS: frozenset[str] = frozenset(
    (
        "LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "HEBREW", "ARABIC", "DEVANAGARI", "BENGALI", "GURMUKHI",
        "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "THAI", "LAO", "TIBETAN",
        "MYANMAR", "GEORGIAN", "HANGUL", "ETHIOPIC", "CHEROKEE", "KHMER", "MONGOLIAN", "HIRAGANA", "KATAKANA",
        "CJK", "SHAVIAN", "SYRIAC", "THAANA", "NKO", "TIFINAGH", "YI", "JAVANESE", "BALINESE", "COPTIC",
        "GOTHIC", "RUNIC", "OGHAM",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Sentence:
    """``text`` without line breaks; ``pause`` after it in sentence pauses (2 at the end of a paragraph)."""

    text: str
    pause: float


@dataclass(frozen=True)
class Run:
    """Part of a sentence in one ``script``; None where there are only digits and signs."""

    text: str
    script: str | None


def clean(text: str) -> str:
    """Letters, digits, punctuation and line feeds: composed, digits of ASCII, no emoji, short web addresses."""
    text = _LINE_BREAK.sub("\n", text).translate(_INVISIBLE)
    text = _FANCY.sub(lambda match: unicodedata.normalize("NFKC", match[0]), unicodedata.normalize("NFC", text))
    text = _LONE_JOINER.sub("", _EMOJI.sub(" ", text))
    text = _URL.sub(lambda match: match[1], text)
    return re.sub(r"[^\S\n]+", " ", "".join(map(_plain, text))).strip()


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    """A character that can be spoken: ASCII digits for all digits, a space for what is no text."""
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.digit(char))
    if char == "\n" or category == "Cf":  # format characters that are left shape letters, in Persian and Hindi
        return char
    return " " if category[0] in "CZ" else char


def has_words(text: str) -> bool:
    """Whether there is anything to pronounce in a cleaned text."""
    return any(char.isalnum() for char in text)


def sentences(text: str) -> list[Sentence]:
    """The sentences of a cleaned text in order, each with something to say, at most MAX_SENTENCE characters."""
    found: list[Sentence] = []
    for paragraph in _PARAGRAPH.split(text):
        lines = _WRAPPED_LINE.sub(" ", paragraph).split("\n")
        parts = [part for line in lines for part in _split_sentences(line)]
        spoken = [Sentence(piece, pause) for part in parts for piece, pause in _limit(part) if has_words(piece)]
        if spoken:
            found += [*spoken[:-1], Sentence(spoken[-1].text, 2.0)]
    return found


def _split_sentences(line: str) -> Iterator[str]:
    """Cut where a sentence surely ends; where in doubt the library finds the end by itself."""
    start = 0
    for match in _SENTENCE_END.finditer(line):
        if not line[match.end() : match.end() + 1].islower() and not _TITLE.search(
            line[start : match.start() + 1]
        ):
            yield line[start : match.end()].strip()
            start = match.end()
    yield line[start:].strip()


def _limit(sentence: str) -> Iterator[tuple[str, float]]:
    """Pieces of at most MAX_SENTENCE characters with the pause after each, cut at clauses, else words."""
    while len(sentence) > MAX_SENTENCE:
        head = sentence[:MAX_SENTENCE]
        clauses = [match.end() for match in _CLAUSE_END.finditer(head)]
        cut = max([end for end in clauses if end > MAX_SENTENCE // 3], default=0) or head.rfind(" ")
        cut = cut if cut > MAX_SENTENCE // 3 else MAX_SENTENCE
        yield sentence[:cut].strip(), 0.4
        sentence = sentence[cut:].strip()
    yield sentence, 1.0


@lru_cache(maxsize=4096)
def script_of(char: str) -> str | None:
    """The script of a letter, as Unicode's character names begin ("LATIN"); None for what all scripts share."""
    if unicodedata.category(char)[0] not in "LM":
        return None
    first = unicodedata.name(char, "").replace("-", " ").partition(" ")[0]
    return first if first in _SCRIPTS else None


def runs(sentence: str) -> list[Run]:
    """``sentence`` cut where the script changes; digits form runs without a script."""
    found: list[Run] = []
    for char in sentence:
        script = None if char.isdigit() else script_of(char)
        neutral = script is None and not char.isdigit()
        if found and (neutral or script == found[-1].script):
            found[-1] = Run(found[-1].text + char, found[-1].script)
        else:
            found.append(Run(char, script))
    return found
