"""A known text is found in a recording: its lips close when they do in the sound, whatever the voice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import soxr

from engines.errors import Cancelled
from engines.espeak.voice import EspeakVoice
from engines.progress import Watch
from engines.speech2face.align import align
from engines.types import Phone, Speech

FIRST = "My brother Bob put five big purple boxes under the table."
SECOND = "Maybe Pam will remember the map above the lamp."
THIRD = "A warm wind blew in from the river all evening long."
OTHER = "Nobody expected such heavy traffic near the station yesterday."
NATIVE = {
    "de": "Meine Mutter möchte im Sommer mit dem Bus zum Museum am Bahnhof fahren.",
    "es": "Mi padre compra pan blanco y un buen vino para la comida del domingo.",
    "cmn": "我们明天早上不去北京，妈妈跑步买苹果和面包。",
    "ja": "こんばんは、ぼくはみなみまちのびょういんでまちます。",
    "hi": "मेरा भाई बाज़ार में मीठे आम और पपीता बेचता है।",
    "ar": "ذهب محمد مع أبيه إلى المكتبة ليشتري كتابا جديدا.",
}

Say = Callable[..., Speech]


@pytest.fixture(scope="module")
def say() -> Iterator[Say]:
    """Speak with a voice; without one, plainly in American English."""
    voice = EspeakVoice()
    yield lambda text, name="en-us": voice.speak(text, name, None, Watch())
    voice.close()


def recorded(spoken: Speech) -> Speech:
    """The sound alone, as a phone in a quiet room would record it."""
    samples = soxr.resample(spoken.samples, spoken.sample_rate, 16000)
    noise = np.random.default_rng(0).normal(size=len(samples)) * 0.002
    return Speech((0.4 * samples + noise).astype(np.float32), 16000)


def joined(*parts: Speech) -> Speech:
    return replace(parts[0], samples=np.concatenate([part.samples for part in parts]))


def closures(phones: tuple[Phone, ...]) -> np.ndarray:
    """(N,) middles of P, B and M in seconds."""
    return np.array([(p.start + p.end) / 2 for p in phones if p.ipa.lstrip("ˈˌ")[:1] in tuple("pbm")])


def errors(truth: tuple[Phone, ...], found: Speech) -> np.ndarray:
    """(N,) seconds from each true closure to the nearest found one."""
    placed = closures(found.phones)
    return np.array([np.abs(placed - at).min() for at in closures(truth)])


@pytest.mark.parametrize("voice", ["en-us+edward", "en-us+f3", "en-gb-x-rp"])
def test_lips_close_when_they_do_in_the_sound(say: Say, voice: str) -> None:
    off = []
    for text in (FIRST, SECOND, THIRD):
        spoken = say(text, voice)
        found = align(recorded(spoken), say(text), Watch())
        assert found.share > 0.75
        off.append(errors(spoken.phones, found.speech))
    assert np.median(np.concatenate(off)) < 0.02
    assert np.mean(np.concatenate(off) < 0.04) > 0.85


def test_other_languages_are_placed_too(say: Say) -> None:
    off = []
    for language, text in NATIVE.items():
        spoken = say(text, f"{language}+edward")
        found = align(recorded(spoken), say(text, language), Watch())
        assert found.share > 0.75, language
        assert found.speech.language == language
        off.append(errors(spoken.phones, found.speech))
    assert np.median(np.concatenate(off)) < 0.015
    assert np.mean(np.concatenate(off) < 0.04) > 0.9


def test_the_sounds_are_those_of_the_text_in_order_within_the_recording(say: Say) -> None:
    spoken, text = say(FIRST, "en-us+f3"), say(FIRST)
    recording = recorded(spoken)
    found = align(recording, text, Watch()).speech
    assert np.array_equal(found.samples, recording.samples)
    assert [p.ipa for p in found.phones if p.ipa] == [p.ipa for p in text.phones if p.ipa]
    starts, ends = np.array([(p.start, p.end) for p in found.phones]).T
    assert (ends - starts > 0.005).all()
    assert (starts[1:] >= ends[:-1] - 1e-9).all()
    assert starts[0] >= 0
    assert ends[-1] <= found.duration + 0.01
    assert len(found.word_starts) == len(FIRST.split())
    assert set(found.word_starts) <= set(starts)


@pytest.mark.parametrize(
    "said", [OTHER, "今天天气很好，我们一起去公园散步吧。", "Der Zug fährt heute leider nicht."]
)
def test_another_text_is_refused(say: Say, said: str) -> None:
    recording = recorded(say(FIRST, "en-us+f3"))
    language = "en-us" if said == OTHER else "cmn" if said[0] == "今" else "de"
    found = align(recording, say(said, language), Watch())
    assert found.share == 0.0
    assert found.speech is recording


def test_a_wrong_sentence_amid_right_ones_is_left_to_the_sound(say: Say) -> None:
    spoken = [say(text, "en-us+f3") for text in (FIRST, OTHER, SECOND)]
    found = align(recorded(joined(*spoken)), say(f"{FIRST} {THIRD} {SECOND}"), Watch())
    assert 0.4 < found.share < 0.97
    first, last = spoken[0].phones, spoken[2].phones
    offset = spoken[0].duration + spoken[1].duration
    later = tuple(replace(phone, start=phone.start + offset, end=phone.end + offset) for phone in last)
    assert np.mean(errors((*first, *later), found.speech) < 0.05) > 0.85


@pytest.mark.parametrize("level", [0.0, 0.1])
def test_nothing_is_found_where_nobody_speaks(say: Say, level: float) -> None:
    noise = np.random.default_rng(1).normal(size=48000).astype(np.float32) * level
    assert align(Speech(noise, 16000), say(FIRST), Watch()).share == 0.0
    assert align(Speech(noise[:0], 16000), say(FIRST), Watch()).share == 0.0


def test_a_sentence_that_the_recording_lacks_spoils_nothing(say: Say) -> None:
    spoken = say(FIRST, "en-us+f3")
    for text in (f"{FIRST} {OTHER}", f"{OTHER} {FIRST}"):
        found = align(recorded(spoken), say(text), Watch())
        assert found.share > 0.75
        assert np.mean(errors(spoken.phones, found.speech) < 0.05) > 0.85


def test_speech_that_the_text_lacks_still_moves_the_mouth(say: Say) -> None:
    spoken, more = say(FIRST, "en-us+f3"), say(OTHER, "en-us+f3")
    found = align(recorded(joined(spoken, more)), say(FIRST), Watch())
    assert 0.3 < found.share < 0.75
    assert np.mean(errors(spoken.phones, found.speech) < 0.05) > 0.85
    after = [p.end - p.start for p in found.speech.phones if p.ipa and p.start > spoken.duration]
    assert sum(after) > 0.5 * more.duration


def test_the_mouth_rests_where_the_speaker_pauses(say: Say) -> None:
    words = say(FIRST, "en-us+f3")
    at = next(start for start in words.word_starts if start > 1.2)
    cut = int(at * words.sample_rate)
    silence = np.zeros(2 * words.sample_rate, np.float32)
    paused = replace(words, samples=np.concatenate([words.samples[:cut], silence, words.samples[cut:]]))
    found = align(recorded(paused), say(FIRST), Watch())
    assert found.share > 0.85
    inside = [p for p in found.speech.phones if p.ipa and p.end > at + 0.15 and p.start < at + 1.85]
    assert inside == []


def test_minutes_of_speech_are_quick(say: Say) -> None:
    spoken, text = say(f"{FIRST} {SECOND} {THIRD} " * 8, "en-us+f3"), say(f"{FIRST} {SECOND} {THIRD} " * 8)
    recording = recorded(spoken)
    begun = time.process_time()
    found = align(recording, text, Watch())
    assert time.process_time() - begun < 0.06 * recording.duration
    assert np.mean(errors(spoken.phones, found.speech) < 0.04) > 0.85


def test_it_can_be_cancelled(say: Say) -> None:
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        align(recorded(say(FIRST)), say(FIRST), watch)
