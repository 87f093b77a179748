"""Festival's voices, cut from recordings of speakers of five languages, with exact phone times.

Every voice reads English words by the rules of its own language: its own sounds in much varied order.
Needs the ``festival`` program and the voices below (Debian packages festvox-*).
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import soundfile

from engines.types import Phone
from models.speech2face.phones import ARPABET_IPA
from models.speech2face.text import english_prompt

VOICES: dict[str, str] = {
    "kal_diphone": "en-us", "ked_diphone": "en-us", "cmu_us_slt_arctic_hts": "en-us",
    "lp_diphone": "it", "pc_diphone": "it", "upc_ca_ona_hts": "ca",
    "czech_dita": "cs", "czech_krb": "cs", "czech_machac": "cs", "czech_ph": "cs",
    "hy_fi_mv_diphone": "fi", "suo_fi_lj_diphone": "fi", "msu_ru_nsh_clunits": "ru",
}  # fmt: skip

_SAMPA = {"S": "ʃ", "Z": "ʒ", "J": "ɲ", "L": "ʎ", "N": "ŋ", "ng": "ŋ", "nf": "ɱ", "E": "ɛ", "O": "ɔ", "g": "ɡ"}
_NAMES: dict[str, dict[str, str]] = {
    "en-us": ARPABET_IPA,
    "it": _SAMPA | {"tS": "tʃ", "dZ": "dʒ"},
    "ca": _SAMPA | {"ax": "ə", "rr": "r"},
    "cs": {"c": "ts", "c~": "tʃ", "ch": "x", "d~": "ɟ", "t~": "c", "n~": "ɲ", "n*": "ŋ", "s~": "ʃ", "z~": "ʒ",
           "r~": "r", "r~*": "r", "dz~": "dʒ", "g": "ɡ", "_": ""},
    "fi": {"@": "æ", "7": "ø", "&": "œ", "T": "θ", "D": "ð", "S": "ʃ", "Z": "ʒ", "N": "ŋ", "L": "l", "g": "ɡ"},
    "ru": {"y": "ɨ", "ay": "ə", "ae": "ɪ", "ur": "ʊ", "c": "ts", "ch": "tɕ", "sh": "ʂ", "sch": "ɕ", "zh": "ʐ",
           "h": "x", "g": "ɡ"},
}  # fmt: skip
_PAUSES = ("#", "##", "pau", "")


def ipa_of_festival(name: str, language: str) -> str:
    """A phone name of one of the voices in IPA; a pause is empty."""
    plain = name.rstrip("1:")
    names = _NAMES[language]
    if plain in _PAUSES:
        return ""
    if language == "ru" and plain not in names and len(plain) == 2 and plain[0] == plain[1]:
        plain = plain[0]  # doubled: stressed vowels, palatal consonants
    return names.get(plain, plain)


def _phones(path: Path, language: str) -> list[Phone]:
    """Phones of a file of ``end 100 name`` lines."""
    rows = (line.split() for line in path.read_text(encoding="latin-1").splitlines())
    timed = [(float(row[0]), ipa_of_festival(row[2], language)) for row in rows if len(row) == 3]
    starts = [0.0, *(end for end, _ in timed)]
    return [Phone(start, end, ipa) for start, (end, ipa) in zip(starts, timed, strict=False) if end > start]


def _script(voice: str, texts: list[str], folder: Path, rng: random.Random) -> str:
    lines = [f"(voice_{voice})"]
    for index, text in enumerate(texts):
        stretch, name = rng.uniform(0.8, 1.3), folder / str(index)
        lines += [
            f"(Parameter.set 'Duration_Stretch {stretch:.2f})",
            f'(set! u (utt.synth (Utterance Text "{text}")))',
            f'(utt.save.wave u "{name}.wav" \'riff)(utt.save.segs u "{name}.seg")',
        ]
    return "\n".join(lines)


def festival_speech(
    voice: str, count: int, rng: random.Random
) -> Iterator[tuple[soundfile.SoundFile, list[Phone]]]:
    """``count`` utterances of one voice: the open sound and its phones."""
    texts = [re.sub(r"[^A-Za-z ,.?!]", " ", english_prompt(rng)).lower() for _ in range(count)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = _script(voice, texts, folder, rng)
        command = [_festival(), "--pipe"]
        subprocess.run(command, input=script, text=True, check=False, capture_output=True)
        if not any(folder.glob("*.wav")):
            raise FileNotFoundError(f"Training needs festival's voice {voice}: see MODEL_CARD.md.")
        for index in range(count):
            wave, segments = folder / f"{index}.wav", folder / f"{index}.seg"
            if wave.exists() and segments.exists():
                with soundfile.SoundFile(wave) as sound:
                    yield sound, _phones(segments, VOICES[voice])


def _festival() -> str:
    path = shutil.which("festival")
    if path is None:
        raise FileNotFoundError("Training needs the festival program and its voices: see MODEL_CARD.md.")
    return path
