"""Piper's voices: a small one of our own in the official layout, run by the real onnxruntime."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest

from engines.errors import Cancelled, StudioError
from engines.piper import PiperOptions
from engines.piper.symbols import clauses, clustered, ids_of, known_symbols, symbols_of, timed
from engines.piper.voice import PiperVoice, VoiceStore
from engines.progress import Watch
from engines.registry import get_recipe
from engines.types import Speech, Words
from studio.services import Studio
from tests.engines.piper.toy_voice import HOP, RATE, toy_config, toy_model, write_voice

TEXT = "Bob met Pam. A big map!"
STILL = PiperOptions(liveliness=0.0)
LEAD = 0.15
TABLE = {str(name): tuple(ids) for name, ids in dict(toy_config()["phoneme_id_map"]).items()}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where voices lie."""
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "models"))
    return tmp_path / "models" / "piper"


@pytest.fixture
def voice(folder: Path) -> Iterator[PiperVoice]:
    """The engine with one small voice."""
    write_voice(folder)
    stage = PiperVoice(VoiceStore(folder))
    yield stage
    stage.close()


def say(stage: PiperVoice, text: str = TEXT, name: str = "en_US-toy", options: PiperOptions = STILL) -> Speech:
    """Speak."""
    return stage.speak(text, name, options, Watch())


def loud(speech: Speech, start: float, end: float) -> float:
    """Share of samples that are loud, or 1 ms within zero crossings, between two times."""
    piece = np.abs(speech.samples[int(start * RATE) : int(end * RATE)])
    return float(np.mean(np.convolve(piece, np.ones(64), "same") > 0.5)) if len(piece) else 0.0


def test_ids_are_those_that_a_voice_was_trained_on() -> None:
    symbols = known_symbols(symbols_of("bˈɑːb (en)mˈɛt(fr)", ","), TABLE)
    assert symbols == ["^", *"bˈɑːb mˈɛt", ",", " ", "$"]
    flat = [item for some in ids_of(symbols, TABLE) for item in some]
    assert flat[:4] == [TABLE["^"][0], 0, TABLE["b"][0], 0]
    assert flat[-3:] == [TABLE[" "][0], 0, TABLE["$"][0]]
    assert flat[1::2] == [0] * (len(symbols) - 1)
    assert known_symbols(["b", "☃", "^"], TABLE) == ["^", "b", "$"]
    assert symbols_of("ã", ".") == ["a", "\u0303", "."]


def test_clauses_keep_their_marks() -> None:
    assert clauses("Well, Dr. Smith: it is 3,000, no?") == [
        ("Well", ","), ("Dr. Smith", ":"), ("it is 3,000", ","), ("no", "?"),
    ]  # fmt: skip
    assert clauses("你好，世界。") == [("你好", ","), ("世界", ".")]
    assert clauses("no mark") == [("no mark", ".")]
    assert clustered(list("daɪaɪɐb"), [("a", "ɪ"), ("a", "ɪ", "ɐ")]) == ["d", "aɪ", "aɪɐ", "b"]


def test_marks_belong_to_their_letter_and_gaps_to_who_is_before() -> None:
    sounds = timed(["^", *"ˈɑːb", " ", "m", ",", "$"], [10, 20, 30, 40, 50, 60, 70, 5000, 90], 22050)
    assert sounds.names == ("ˈɑː", "b", "m", "", "")
    assert sounds.starts == (10, 100, 210, 280, 5280)
    assert sounds.words == (10, 210)
    assert sounds.end == 5370


def test_phones_lie_where_the_model_says(voice: PiperVoice) -> None:
    speech = say(voice)
    assert speech.sample_rate == RATE
    assert speech.language == "en-us"
    names = [phone.ipa for phone in speech.phones if phone.ipa]
    assert [name.strip("ˈˌ") for name in names] == [*"b", "ɑː", *"bmɛtpæm", *"ɐbɪɡmæp"]
    assert speech.phones[0].start == 0.0
    assert speech.phones[-1].end == pytest.approx(speech.duration)
    assert all(a.end == b.start for a, b in zip(speech.phones, speech.phones[1:], strict=False))
    assert len(speech.word_starts) == 6
    # BOS and its padding take 4 and 1 frames; a "b" that begins closes the lips a little before.
    assert speech.phones[1].start == pytest.approx(LEAD + 5 * HOP / RATE - 0.05, abs=1e-3)
    third = speech.phones[2]
    assert third.start == pytest.approx(LEAD + (5 + 8) * HOP / RATE, abs=1e-3)
    assert third.end - third.start == pytest.approx((2 + 8 + 5) * HOP / RATE, abs=1e-3)


def test_sound_is_where_phones_are_and_silence_elsewhere(voice: PiperVoice) -> None:
    speech = say(voice)
    for phone in speech.phones[2:]:
        inner = (phone.start + 0.02, phone.end - 0.02)
        if phone.ipa:
            assert loud(speech, *inner) > 0.9, phone
        elif phone.end - phone.start > 0.1:
            assert loud(speech, *inner) < 0.1, phone
    assert np.abs(speech.samples).max() == pytest.approx(10 ** (-3 / 20), abs=1e-3)


def test_options_change_what_they_say(voice: PiperVoice) -> None:
    plain = say(voice)
    assert np.array_equal(say(voice).samples, plain.samples)
    slow = say(voice, options=PiperOptions(speed=0.5, liveliness=0.0))
    assert 1.6 < slow.duration / plain.duration < 2.1
    assert say(voice, options=PiperOptions(pauses=3.0, liveliness=0.0)).duration > plain.duration + 0.3
    assert not np.array_equal(say(voice, options=PiperOptions()).samples, plain.samples)
    with pytest.raises(StudioError, match="1 speakers"):
        say(voice, options=PiperOptions(speaker=1))


def test_a_voice_of_several_people(voice: PiperVoice, folder: Path) -> None:
    write_voice(folder, "en_GB-choir-low", num_speakers=3)
    low, high = (
        say(voice, name="en_GB-choir-low", options=PiperOptions(liveliness=0.0, speaker=s)) for s in (0, 2)
    )
    crossings = [int(np.sum(np.diff(np.sign(speech.samples)) != 0)) for speech in (low, high)]
    assert crossings[1] > 2 * crossings[0]
    assert low.phones == high.phones


def test_a_model_that_cannot_tell_is_aligned(voice: PiperVoice, folder: Path) -> None:
    path = write_voice(folder, "en_US-mute-low")
    onnx.save(toy_model(ceils=2), str(path))
    assert say(voice, name="en_US-mute-low").phones == ()
    write_voice(folder, "en_US-letters-low", phoneme_type="text")
    assert say(voice, name="en_US-letters-low").phones == ()


def test_a_model_with_durations_of_its_own_needs_no_change(voice: PiperVoice, folder: Path) -> None:
    model = toy_model()
    model.graph.output.append(onnx.ValueInfoProto(name="w_ceil"))
    onnx.save(model, str(write_voice(folder, "en_US-patched-low")))
    assert say(voice, name="en_US-patched-low").phones == say(voice).phones


BROKEN = {
    "not on this machine": ({}, "de_DE-nobody-low", "voices get piper:de_DE-nobody-low"),
    "a path": ({}, "../../etc/passwd", "not on this machine"),
    "other sounds": ({"phoneme_type": "pinyin"}, "en_US-odd-low", "pinyin"),
    "no map": ({"phoneme_id_map": {}}, "en_US-odd-low", "damaged"),
    "a rate that no sound has": ({"audio": {"sample_rate": 1}}, "en_US-odd-low", "damaged"),
    "a language that nobody reads": ({"espeak": {"voice": "tlh"}}, "en_US-odd-low", "no voice"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_speak_says_why(voice: PiperVoice, folder: Path, case: str) -> None:
    config, name, sentence = BROKEN[case]
    write_voice(folder, "en_US-odd-low", **config)
    with pytest.raises(StudioError, match=sentence):
        say(voice, name=name)


def test_a_file_that_is_no_model(voice: PiperVoice, folder: Path) -> None:
    (folder / "en_US-toy-low.onnx").write_bytes(b"not a model")
    with pytest.raises(StudioError, match="damaged or no Piper voice"):
        say(voice)
    with pytest.raises(StudioError, match="nothing to say"):
        say(voice, "🎉")


def test_cancel_stops_between_sentences(voice: PiperVoice) -> None:
    watch = Watch(lambda _, fraction: fraction > 0.2 and watch.cancel())
    with pytest.raises(Cancelled):
        voice.speak("One more sentence. " * 50, "en_US-toy-low", STILL, watch)


def test_threads_share_a_voice(voice: PiperVoice) -> None:
    spoken: list[Speech] = []
    threads = [threading.Thread(target=lambda: spoken.append(say(voice))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(spoken) == 4
    assert all(np.array_equal(speech.samples, spoken[0].samples) for speech in spoken)


def test_through_the_studio_with_any_recipe(folder: Path, studio: Studio) -> None:
    assert "voices get" in studio.offer("piper").missing
    path = write_voice(folder)
    offer = studio.offer("piper")
    assert offer.missing == ""
    assert [(info.id, info.name, info.language, info.language_name) for info in offer.voices] == [
        ("piper:en_US-toy-low", "Toy (low)", "en-us", "English (United States)")
    ]
    words, recipe = Words("[joy] " + TEXT, "piper:en_US-toy"), get_recipe("instant")
    options = {"piper": {"speed": 2.0}, "espeak": {"rate": 80}}
    fast = studio.pipeline.speak(words, recipe, options, Watch())
    assert fast.speech.duration < studio.pipeline.speak(words, recipe, {}, Watch()).speech.duration
    assert studio.pipeline.align(fast, words, recipe, Watch()) is fast
    assert studio.pipeline.speak(words, recipe, options, Watch()).cached
    config = path.with_name(f"{path.name}.json")
    config.write_text(config.read_text("utf-8").replace("toy", "other"), "utf-8")
    assert not studio.pipeline.speak(words, recipe, options, Watch()).cached
