"""Every language that the voice speaks has a mouth shape for each of its sounds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engines.espeak.voice import EspeakVoice
from engines.espeak.voices import languages
from engines.progress import Watch
from engines.speech2face.phonemes import UNKNOWN, letters, phone_segments
from engines.speech2face.tables import Sound, viseme_table
from engines.types import Phone

NUMBERS = "0 1 2 3 4 5 6 7 8 9 10 11 12 13 20 30 40 50 60 70 80 90 100 1000 1000000"
LOOKED_AT = ("cmn", "ja", "ar", "hi", "es", "de")


@pytest.fixture(scope="module")
def voice() -> Iterator[EspeakVoice]:
    voice = EspeakVoice()
    yield voice
    voice.close()


def shapes(phone: Phone, language: str) -> list[Sound]:
    return [Sound(segment.viseme, segment.amount) for segment in phone_segments(phone, language)]


@pytest.mark.parametrize("language", languages())
def test_no_sound_is_unknown(voice: EspeakVoice, language: str) -> None:
    table = viseme_table()
    unknown = Sound(table.index(UNKNOWN[0]), UNKNOWN[1])
    text = f"{languages()[language].sample or ''}\n{NUMBERS}"
    phones = [phone for phone in voice.phones(text, language, Watch()) if phone.ipa]
    assert len(phones) > 5
    strange = {phone.ipa for phone in phones if unknown in shapes(phone, language) or not letters(phone.ipa)}
    assert strange == set()


def test_a_sound_that_no_table_knows_would_be_noticed() -> None:
    table = viseme_table()
    unknown = Sound(table.index(UNKNOWN[0]), UNKNOWN[1])
    assert shapes(Phone(0.0, 0.1, "ƾ"), "en-us") == [unknown]
    assert unknown not in table.sounds.values()


@pytest.mark.parametrize("language", LOOKED_AT)
def test_the_sounds_of_a_sentence_use_many_shapes(voice: EspeakVoice, language: str) -> None:
    sample = languages()[language].sample
    assert sample
    phones = [phone for phone in voice.phones(sample, language, Watch()) if phone.ipa]
    used = {sound.viseme for phone in phones for sound in shapes(phone, language)}
    assert len(used) >= 7
    silent = sum(not shapes(phone, language) for phone in phones)
    assert silent < 0.2 * len(phones)
