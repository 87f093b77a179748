"""Speak with every voice of the installed eSpeak NG and write down those that work: ``voices.json``.

Run ``python -m engines.espeak.try_voices`` after a new espeakng-loader or a change of ``samples.json``.
A language is kept if it speaks, a variant of it if it does so too, and a script if the language reads a word
in it as a word: letters that are spelled out by their names give far more sounds than there are letters.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import espeakng_loader
import numpy as np

from engines.espeak.client import EspeakHelper, Request, Utterance, UtteranceRefused
from engines.espeak.text import script_of
from engines.espeak.voices import TABLE
from engines.progress import Watch

SAMPLES = Path(__file__).with_name("samples.json")
NUMBERS = "1, 2, 3, 10, 25."
# Chosen by how many words a recogniser got right of them, their pitch, and for variety.
VARIANTS = {
    "": "Man",
    "f5": "Woman",
    "edward": "Man 2",
    "f2": "Woman 2",
    "m6": "Man 3",
    "f3": "Woman 3",
    "robosoft3": "Robot",
}
# A test entry of the library.
LEFT_OUT = frozenset({"xex"})
NAMES = {
    "cmn": "Chinese (Mandarin)",
    "cmn-latn-pinyin": "Chinese (Mandarin in Pinyin)",
    "yue": "Chinese (Cantonese)",
    "yue-latn-jyutping": "Chinese (Cantonese in Jyutping)",
    "hak": "Chinese (Hakka)",
    "fa-latn": "Persian (in Latin letters)",
}
IDS = {"fr-fr": "fr"}
# word, most sounds that it may take
SCRIPT_WORDS = {
    "LATIN": ("hello water", 15), "CYRILLIC": ("привет вода", 14), "ARABIC": ("سلام بيت", 14),
    "GREEK": ("καλημέρα νερό", 19), "HEBREW": ("שלום", 8), "DEVANAGARI": ("नमस्ते", 9), "BENGALI": ("নমস্কার", 10),
    "GURMUKHI": ("ਪਾਣੀ", 7), "GUJARATI": ("નમસ્તે", 9), "ORIYA": ("ନମସ୍କାର", 10), "TAMIL": ("வணக்கம்", 10),
    "TELUGU": ("నమస్కారం", 11), "KANNADA": ("ನಮಸ್ಕಾರ", 10), "MALAYALAM": ("നമസ്കാരം", 11),
    "SINHALA": ("ආයුබෝවන්", 11),
    "THAI": ("สวัสดี", 10), "MYANMAR": ("မြန်မာ", 10), "GEORGIAN": ("გამარჯობა", 13), "ARMENIAN": ("բարեւ", 9),
    "HANGUL": ("안녕하세요", 14), "ETHIOPIC": ("ሰላም", 8),
    "HIRAGANA": ("こんにちは", 12),
    "KATAKANA": ("コーヒー", 9), "CJK": ("你好世界", 16), "SHAVIAN": ("𐑣𐑩𐑤𐑴", 8),
}  # fmt: skip


@dataclass(frozen=True)
class DataFile:
    """A language that the library has data for: its tag, file name and name."""

    tag: str
    path: str
    name: str


def data_files() -> list[DataFile]:
    """Every language file of the installed library, by tag."""
    root = Path(espeakng_loader.get_data_path()) / "lang"
    found = [_read_data_file(path, root) for path in root.rglob("*") if path.is_file()]
    return sorted(found, key=lambda file: file.tag)


def _read_data_file(path: Path, root: Path) -> DataFile:
    rows = [line.split(maxsplit=1) for line in path.read_text(encoding="utf-8").splitlines()]
    values = {row[0]: row[1].split("//")[0].strip() for row in reversed(rows) if len(row) == 2}
    relative = path.relative_to(root).as_posix()
    tag = path.name.lower() if path.name.startswith("yue-") else values["language"].split()[0].lower()
    return DataFile(IDS.get(tag, tag), relative, values["name"])


def speak(helper: EspeakHelper, voice: str, text: str) -> Utterance | None:
    """What ``voice`` makes of ``text``; None if the library refuses."""
    try:
        return helper.speak(Request(text, voice, kana="jpx/ja" in voice), Watch())
    except UtteranceRefused:
        return None


def sounds_right(spoken: Utterance | None) -> bool:
    """Whether there is speech: half a second, loud enough, made of several sounds."""
    if spoken is None or len(spoken.samples) < spoken.sample_rate // 2:
        return False
    return (
        int(np.abs(spoken.samples.astype(np.int32)).max()) > 3000 and sum(map(_is_sound, _names(spoken))) >= 4
    )


def _names(spoken: Utterance) -> list[str]:
    return [name for _, name in spoken.phones]


def _is_sound(name: str) -> bool:
    return name != "" and not name.startswith("(")


def reads(spoken: Utterance | None, most: int, latin: bool) -> bool:
    """Whether a word was read as a word and, unless it is Latin, by the language itself."""
    names = _names(spoken) if spoken else []
    switched = any(name.startswith("(") for name in names)
    return 0 < sum(map(_is_sound, names)) <= most and (latin or not switched)


def sample_of(tag: str, samples: dict[str, str]) -> str | None:
    """The sample sentence for ``tag``: its own, else its language's unless that is in another script."""
    return samples.get(tag) or (None if "latn" in tag or "shaw" in tag else samples.get(tag.partition("-")[0]))


def try_language(helper: EspeakHelper, file: DataFile, sample: str | None) -> dict[str, Any] | None:
    """The table's row for a language; None if it does not speak."""
    text = sample or NUMBERS
    if not sounds_right(speak(helper, file.path, text)):
        return None
    own = {script for char in sample or "" if (script := script_of(char)) and script != "LATIN"}
    read = {
        script
        for script, (word, most) in SCRIPT_WORDS.items()
        if reads(speak(helper, file.path, word), most, latin=script == "LATIN")
    }
    variants = [
        suffix for suffix in VARIANTS if suffix and sounds_right(speak(helper, f"{file.path}+{suffix}", text))
    ]
    name = NAMES.get(file.tag, file.name)
    scripts = sorted(own | read) or ["LATIN"]
    return {
        "id": file.tag,
        "espeak": file.path,
        "name": name,
        "scripts": scripts,
        "variants": variants,
        "sample": sample,
    }


def main() -> None:
    """Try everything and write the table; say what was left out."""
    samples: dict[str, str] = json.loads(SAMPLES.read_text(encoding="utf-8"))
    helper, rows, voices = EspeakHelper(), [], 0
    for file in data_files():
        row = None if file.tag in LEFT_OUT else try_language(helper, file, sample_of(file.tag, samples))
        if row is None:
            sys.stdout.write(f"left out: {file.tag} ({file.name})\n")
        else:
            rows.append(row)
            voices += 1 + len(row["variants"])
    helper.close()
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    variants = json.dumps(VARIANTS, ensure_ascii=False)
    TABLE.write_text(f'{{"variants": {variants},\n"languages": [\n{lines}\n]}}\n', encoding="utf-8")
    sys.stdout.write(f"{len(rows)} languages, {voices} voices\n")


if __name__ == "__main__":
    main()
