"""The voices that are offered, from a table of voices that were tried (``try_voices.py`` writes it)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engines.errors import StudioError
from engines.stages import VoiceInfo

TABLE = Path(__file__).with_name("voices.json")
DEFAULT = "en-us"

ALIASES: Mapping[str, str] = {
    "en": "en-gb", "zh": "cmn", "zh-yue": "yue", "zh-hk": "yue", "no": "nb", "nn": "nb", "iw": "he", "in": "id",
    "fil": "id", "tl": "id", "mo": "ro", "sh": "hr", "en-au": "en-gb", "en-ca": "en-us", "es-mx": "es-419",
    "es-ar": "es-419", "es-us": "es-419",
}  # fmt: skip
"""What people and browsers call a language that the table has under another tag."""

READERS: Mapping[str, str] = {
    "LATIN": "en-us", "GREEK": "el", "CYRILLIC": "ru", "ARMENIAN": "hy", "HEBREW": "he", "ARABIC": "ar",
    "DEVANAGARI": "hi", "BENGALI": "bn", "GURMUKHI": "pa", "GUJARATI": "gu", "ORIYA": "or", "TAMIL": "ta",
    "TELUGU": "te", "KANNADA": "kn", "MALAYALAM": "ml", "SINHALA": "si", "THAI": "th", "MYANMAR": "my",
    "GEORGIAN": "ka", "HANGUL": "ko", "ETHIOPIC": "am", "CHEROKEE": "chr-us-qaaa-x-west", "HIRAGANA": "ja",
    "KATAKANA": "ja", "CJK": "cmn", "SHAVIAN": "en-shaw",
}  # fmt: skip
"""Who reads a script that the chosen voice does not know."""

TELLING_LETTERS: Mapping[str, str] = {
    "іїєґІЇЄҐ": "uk", "ўЎ": "be", "ٹڈڑںے": "ur", "پچژگ": "fa",
    "ぁぃぅぇぉっゃゅょんのはがをにでもァィゥェォッン": "ja",
}  # fmt: skip
"""Letters that give away another language than the script's usual reader."""


@dataclass(frozen=True)
class Language:
    """One language of the table.

    ``espeak``: the data file that the library accepts as a name; ``scripts``: those it reads itself;
    ``variants``: suffixes of the voices that passed; ``sample``: a sentence in the language, if known.
    """

    id: str
    espeak: str
    name: str
    scripts: tuple[str, ...]
    variants: tuple[str, ...]
    sample: str | None


@dataclass(frozen=True)
class ChosenVoice:
    """A language and one of the library's timbres, "" for the plain one."""

    language: Language
    variant: str

    @property
    def espeak(self) -> str:
        """The name for the library."""
        return f"{self.language.espeak}+{self.variant}" if self.variant else self.language.espeak

    def reader_of(self, script: str, text: str) -> ChosenVoice | None:
        """The same timbre in the language that reads ``script``; None if there is none."""
        if script in self.language.scripts:
            return self
        if script not in READERS:
            return None
        told = [tag for letters, tag in TELLING_LETTERS.items() if set(letters) & set(text)]
        known = languages()
        language = next(known[tag] for tag in (*told, READERS[script]) if script in known[tag].scripts)
        return ChosenVoice(language, self.variant if self.variant in language.variants else "")


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table


@lru_cache(maxsize=1)
def languages() -> Mapping[str, Language]:
    """Every language by id."""
    rows = [
        Language(
            row["id"], row["espeak"], row["name"], tuple(row["scripts"]), tuple(row["variants"]), row["sample"]
        )
        for row in _table()["languages"]
    ]
    return {row.id: row for row in rows}


@lru_cache(maxsize=1)
def variant_names() -> Mapping[str, str]:
    """What each variant is called: suffix -> name; "" is the plain voice."""
    names: dict[str, str] = _table()["variants"]
    return names


@lru_cache(maxsize=1)
def voice_infos() -> tuple[VoiceInfo, ...]:
    """Every voice, by language name, then in the order of the variants (the plainest first)."""
    return tuple(
        VoiceInfo(f"{language.id}+{suffix}" if suffix else language.id, name, language.id, language.name)
        for language in sorted(languages().values(), key=lambda row: row.name)
        for suffix, name in variant_names().items()
        if suffix == "" or suffix in language.variants
    )


def find_voice(voice: str) -> ChosenVoice:
    """The voice with id ``voice``; "en_US", "fr-FR", "zh" and "de-AT" do too. Raises StudioError if unknown."""
    tag, _, variant = voice.strip().lower().replace("_", "-").partition("+")
    language = _find_language(tag)
    if language is None or variant not in ("", *language.variants):
        raise StudioError(f"There is no voice '{voice[:40]}'; choose one from the list, such as '{DEFAULT}'.")
    return ChosenVoice(language, variant)


def _find_language(tag: str) -> Language | None:
    """The language for ``tag``, else for ``tag`` without its last subtags."""
    while tag:
        tag = ALIASES.get(tag, tag)
        if tag in languages():
            return languages()[tag]
        tag = tag.rpartition("-")[0]
    return None


def sample_sentence(voice: str) -> str | None:
    """A friendly sentence in the language of ``voice`` to try it with, where the table has one."""
    return find_voice(voice).language.sample
