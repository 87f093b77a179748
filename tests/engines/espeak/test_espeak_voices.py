"""The table of voices."""

from __future__ import annotations

import pytest

from engines.errors import StudioError
from engines.espeak.voice import EspeakVoice
from engines.espeak.voices import DEFAULT, find_voice, languages, sample_sentence, voice_infos
from engines.progress import Watch


def test_every_language_offers_a_man_and_a_woman() -> None:
    infos = voice_infos()
    assert len(languages()) > 120
    assert len({info.id for info in infos}) == len(infos)
    names = [info.language_name for info in infos]
    assert names == sorted(names)
    for language in languages():
        names = [info.name for info in infos if info.language == language]
        assert names[:2] == ["Man", "Woman"]
    assert DEFAULT in {info.id for info in infos}


def test_names_are_plain_words() -> None:
    by_id = {info.id: info for info in voice_infos()}
    assert by_id["en-us"].language_name == "English (America)"
    assert by_id["cmn"].language_name == "Chinese (Mandarin)"
    assert by_id["fr+f2"].language == "fr"
    for info in by_id.values():
        assert info.language_name == info.language_name.strip()
        assert "_" not in info.language_name


@pytest.mark.parametrize("info", voice_infos()[:: len(voice_infos()) // 40], ids=lambda info: info.id)
def test_offered_voices_speak(voice: EspeakVoice, info) -> None:
    speech = voice.speak(sample_sentence(info.id) or "1, 2, 3, 10", info.id, None, Watch())
    assert speech.duration > 0.8
    assert sum(phone.ipa != "" for phone in speech.phones) > 3
    assert speech.language == info.language


@pytest.mark.parametrize(
    ("asked", "language", "variant"),
    [
        ("en-us", "en-us", ""), ("EN_us", "en-us", ""), ("en", "en-gb", ""),
        ("fr-FR", "fr", ""),
        ("fr-fr+f2", "fr", "f2"), ("de-AT", "de", ""), ("zh-CN", "cmn", ""), ("no", "nb", ""),
        ("pt-PT", "pt", ""), ("zh", "cmn", ""), ("ja-JP", "ja", ""), (" es-MX+f5 ", "es-419", "f5"),
    ],
)  # fmt: skip
def test_ids_that_people_write(asked: str, language: str, variant: str) -> None:
    found = find_voice(asked)
    assert (found.language.id, found.variant) == (language, variant)


@pytest.mark.parametrize("asked", ["", "xx", "en-us+nobody", "klingon", "../../etc/passwd", "+f2"])
def test_unknown_voices_are_one_sentence(asked: str) -> None:
    with pytest.raises(StudioError, match="There is no voice"):
        find_voice(asked)


def test_sample_sentences() -> None:
    known = [language for language in languages().values() if language.sample]
    assert len(known) > 100
    assert sample_sentence("en-us+f2") == languages()["en-us"].sample
