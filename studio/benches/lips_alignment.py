"""How exactly the lips close where a known text is placed on a recording.

The recordings are synthetic, since only they come with the true times. Other synthesisers than the one that
pronounces the text count most: flite and festival are made of recorded voices, and some of those the network
never heard. Rows of programs that are not installed are left out.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from engines.errors import StudioError
from engines.espeak.voice import EspeakVoice
from engines.progress import Watch
from engines.speech2face.align import align
from engines.types import Phone, Speech
from models.speech2face.text import sentences
from studio.benches.table import Row

Spans = tuple[tuple[float, float], ...]

SENTENCES = 40
CLOSE = 0.04
"""Seconds within which a closure looks right."""
LIPS = re.compile("[ˈˌ]*[pbmɓ]")
FLITE_VOICES = ("slt", "rms")
FLITE_ENTRY = re.compile(r"([a-z]+):([\d.]+)")
FESTIVAL_VOICES = {"ked_diphone": "en-us", "hindi_NSK_diphone": "hi"}
FESTIVAL_LIPS = ("p", "b", "m", "bh", "ph")
NEVER_HEARD = ("hindi_NSK_diphone",)
"""Voices that the training of the network leaves out; so it does the timbre below."""
TIMBRE = "edward"
TEXTS: dict[str, tuple[str, ...]] = {
    "de": (
        "Der Bäcker backt am Morgen braune Brote und bietet sie billig an.",
        "Meine Mutter möchte im Sommer mit dem Bus zum Museum am Bahnhof fahren.",
        "Bitte probieren Sie den Apfelkuchen, bevor Peter alles bekommt.",
    ),
    "es": (
        "Mi padre compra pan blanco y un buen vino para la comida del domingo.",
        "Por la mañana el bombero sube a la montaña con su amigo Pablo.",
        "El mapa muestra un pueblo pequeño con un campo muy amplio.",
    ),
    "cmn": (
        "我们明天早上不去北京，妈妈跑步买苹果和面包。",
        "朋友们把票放在门旁边的白色桌子上面。",
        "爸爸每天晚上慢慢地走路回家。",
    ),
    "ja": (
        "こんばんは、ぼくはみなみまちのびょういんでまちます。",
        "ママはパンとぶどうをかばんにいれて、バスでうみへむかった。",
        "あめがふるまえに、ともだちとぶんぼうぐをみた。",
    ),
    "hi": (
        "मेरा भाई बाज़ार में मीठे आम और पपीता बेचता है।",
        "बारिश में बच्चे पानी में बहुत मज़े करते हैं।",
        "कृपया मुझे एक प्याला गरम चाय और बिस्कुट दीजिए।",
        "पिताजी ने मेरे लिए एक बड़ी किताब और पेन भेजा।",
        "मुंबई में समुद्र के पास बहुत भीड़ रहती है।",
        "अपने माता पिता की बात मानना बहुत ज़रूरी है।",
        "कल सुबह हम बस में बैठकर भोपाल जाएँगे।",
        "मोहन ने अपनी बहन को फूल और मिठाई दी।",
    ),
    "ar": (
        "ذهب محمد مع أبيه إلى المكتبة ليشتري كتابا جديدا.",
        "بيت صديقي كبير وجميل وبابه مفتوح دائما.",
        "من فضلك أحضر الماء والخبز من المطبخ.",
    ),
}


@dataclass(frozen=True)
class Timed:
    """A recording of ``text``, and when its lips are closed (seconds)."""

    text: str
    recording: Speech
    closed: Spans


def english() -> list[str]:
    """Plain sentences, the same each time."""
    usable = [text.replace("-", " ") for text in sentences() if 30 < len(text) < 110 and '"' not in text]
    return random.Random(11).sample(usable, SENTENCES)  # noqa: S311 - not for secrets


def alignment_rows() -> tuple[Row, ...]:
    """Measure; takes about half a minute."""
    with closing(EspeakVoice()) as voice:
        rows: list[Row] = []
        for language in ("en-us", *TEXTS):
            rows += _rows(voice, f"espeak {language}+{TIMBRE}, never heard", language, _espeak(voice, language))
        for name in FLITE_VOICES if shutil.which("flite") else ():
            rows += _rows(voice, f"flite {name}, heard in training", "en-us", _flite(name))
        for name, language in FESTIVAL_VOICES.items():
            heard = "never heard" if name in NEVER_HEARD else "heard in training"
            if has_festival(name):
                rows += _rows(voice, f"festival {name}, {heard}", language, _festival(name, language))
    return tuple(rows)


def _texts(language: str) -> Sequence[str]:
    return english() if language == "en-us" else TEXTS[language]


def _espeak(voice: EspeakVoice, language: str) -> Iterator[Timed]:
    """In a timbre that is not in the training."""
    for text in _texts(language)[: SENTENCES // 2]:
        spoken = voice.speak(text, f"{language}+{TIMBRE}", None, Watch())
        yield Timed(text, replace(spoken, phones=(), word_starts=()), closures(spoken.phones))


def _flite(name: str) -> Iterator[Timed]:
    return (flite(text, name) for text in english())


def _festival(name: str, language: str) -> Iterator[Timed]:
    return (festival(text, name) for text in _texts(language))


def closures(phones: Iterable[Phone]) -> Spans:
    """When P, B and M are said."""
    return tuple((phone.start, phone.end) for phone in phones if LIPS.match(phone.ipa))


def _timed(text: str, path: Path, ends: Sequence[tuple[str, float]], lips: Sequence[str]) -> Timed:
    samples, rate = soundfile.read(path, dtype="float32")
    starts = [0.0, *(end for _, end in ends[:-1])]
    closed = tuple((start, end) for start, (name, end) in zip(starts, ends, strict=True) if name in lips)
    return Timed(text, Speech(samples, rate), closed)


def flite(text: str, voice: str = FLITE_VOICES[0]) -> Timed:
    """``text`` in a voice of the flite program."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        command = [str(shutil.which("flite")), "-voice", voice, "-t", text, "-psdur", "-o", str(path)]
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        ends = [(match[1], float(match[2])) for match in FLITE_ENTRY.finditer(listing)]
        return _timed(text, path, ends, FESTIVAL_LIPS)


def has_festival(voice: str) -> bool:
    """Whether the program and the voice are installed."""
    return shutil.which("festival") is not None and any(Path("/usr/share/festival/voices").glob(f"*/{voice}"))


def festival(text: str, voice: str) -> Timed:
    """``text`` in a voice of the festival program. Raises StudioError if the voice cannot speak."""
    with tempfile.TemporaryDirectory() as folder:
        wav, labels, script = (Path(folder) / name for name in ("speech.wav", "speech.lab", "speak.scm"))
        script.write_text(
            f'(voice_{voice})\n(set! spoken (utt.synth (Utterance Text "{text}")))\n'
            f'(utt.save.wave spoken "{wav}")\n(utt.save.segs spoken "{labels}")\n',
            "utf-8",
        )
        subprocess.run([str(shutil.which("festival")), "-b", str(script)], capture_output=True, check=False)
        if not labels.exists():
            raise StudioError(
                f"Festival cannot speak with {voice}; install its language (festival-hi for Hindi)."
            )
        rows = [line.split() for line in labels.read_text("utf-8").splitlines()[1:]]
        return _timed(text, wav, [(row[2], float(row[0])) for row in rows], FESTIVAL_LIPS)


def centre_errors(item: Timed, spoken: Speech) -> NDArray[np.float64]:
    """Seconds from the middle of each closure to that of the nearest one that was placed."""
    found = closures(align(item.recording, spoken, Watch()).speech.phones)
    middles = np.array([sum(span) / 2 for span in found] or [np.inf])
    return np.array([np.abs(middles - sum(span) / 2).min() for span in item.closed])


def _rows(voice: EspeakVoice, name: str, language: str, items: Iterable[Timed]) -> Iterator[Row]:
    errors = [centre_errors(item, voice.speak(item.text, language, None, Watch())) for item in items]
    all_errors = np.concatenate(errors)
    yield Row(
        f"known text, {name}: lips shut off by", 1000.0 * float(np.median(all_errors)), "ms", "15 or less"
    )
    share = 100.0 * float(np.mean(all_errors <= CLOSE))
    yield Row(f"  of {len(all_errors)} within 40 ms", share, "%", "95 or more")
