"""What is said, and when: the phones must match the samples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engines.errors import StudioError
from engines.espeak import EspeakOptions
from engines.espeak.voice import EspeakVoice
from engines.espeak.voices import languages
from engines.progress import Watch
from engines.types import Phone, Speech


def say(voice: EspeakVoice, text: str, name: str = "en-us", **options: float) -> Speech:
    return voice.speak(text, name, EspeakOptions(**options), Watch())


def ipa(speech: Speech) -> str:
    return " ".join(phone.ipa.strip("ˈˌ") for phone in speech.phones if phone.ipa)


def peak_within(speech: Speech, start: float, end: float) -> float:
    first, last = (round(time * speech.sample_rate) for time in (start, end))
    return float(np.abs(speech.samples[first:last]).max(initial=0.0))


def median_pitch(speech: Speech) -> float:
    """Median pitch in Hz of the strongly voiced 46 ms windows, by autocorrelation."""
    found = []
    for start in range(0, len(speech.samples) - 1024, 512):
        window = speech.samples[start : start + 1024].astype(np.float64)
        lags = np.correlate(window, window, "full")[1023:]
        best = 50 + int(lags[50:300].argmax())
        if lags[0] > 3.0 and lags[best] > 0.5 * lags[0]:
            found.append(speech.sample_rate / best)
    return float(np.median(found))


@pytest.mark.parametrize(
    ("name", "text", "sounds"),
    [
        ("en-us", "Papa bought a big boat.", "p ɑː p"),
        ("en-gb", "Hello world.", "w ɜː l d"),
        ("de", "Guten Morgen, mein Bruder.", "m ɔ ɾ ɡ ə n"),
        ("fr", "Bonjour, mon ami.", "b ɔ̃ ʒ u ʁ"),
        ("es", "Hola, buenos días.", "o l a"),
        ("ru", "Привет, мама!", "m ɑ m"),
        ("cmn", "你好，妈妈。", "m ɑ m"),
        ("ja", "こんにちは、世界。", "k o̞ n"),
        ("ja", "東京へ行く。", "t o̞"),
        ("ar", "مرحبا بالعالم", "b i l"),
        ("hi", "नमस्ते दुनिया", "n ə m ʌ s t eː"),
        ("ko", "안녕하세요", "ɐ"),
        ("el", "Καλημέρα", "k a l"),
    ],
)
def test_languages_say_their_words(voice: EspeakVoice, name: str, text: str, sounds: str) -> None:
    speech = say(voice, text, name)
    assert sounds in ipa(speech)
    assert speech.language == name
    assert speech.text == text
    assert 0.5 < speech.duration < 5.0


def test_samples_are_ready_for_use(voice: EspeakVoice) -> None:
    speech = say(voice, "The weather is fine today. Is it not?")
    assert speech.sample_rate == 22050
    assert speech.samples.dtype == np.float32
    assert speech.samples.ndim == 1
    assert np.abs(speech.samples).max() == pytest.approx(10 ** (-3 / 20), abs=1e-3)
    assert peak_within(speech, 0.0, 0.1) == 0.0
    assert peak_within(speech, speech.duration - 0.3, speech.duration) == 0.0


def test_phones_cover_the_speech_without_gaps(voice: EspeakVoice) -> None:
    speech = say(voice, "Stop! Pack the big box, please.\n\nThen go.")
    phones = speech.phones
    assert phones[0] == Phone(0.0, phones[0].end, "")
    assert phones[-1].ipa == ""
    assert phones[-1].end == pytest.approx(speech.duration)
    assert all(a.end == b.start for a, b in itertools.pairwise(phones))
    assert all(phone.end > phone.start for phone in phones)


@pytest.mark.parametrize("name", ["en-us", "de", "fr", "ru", "cmn", "en-us+f5", "en-us+edward"])
def test_pauses_are_quiet_and_vowels_are_loud(voice: EspeakVoice, name: str) -> None:
    speech = say(voice, languages()[name.partition("+")[0]].sample or "", name)
    pauses = [phone for phone in speech.phones if phone.ipa == "" and phone.end - phone.start > 0.1]
    vowels = [phone for phone in speech.phones if phone.ipa.startswith("ˈ") and phone.end - phone.start > 0.06]
    assert len(pauses) >= 3
    assert len(vowels) >= 3
    for pause in pauses:
        # the end of the last sound may ring into the pause
        assert peak_within(speech, pause.start + 0.05, pause.end - 0.01) < 0.05
    for vowel in vowels:
        assert peak_within(speech, vowel.start, vowel.end) > 0.05


@pytest.mark.parametrize("name", ["en-us", "en-us+f5", "en-us+edward", "en-us+f2", "en-us+m6"])
def test_lips_close_where_the_closure_is_heard(voice: EspeakVoice, name: str) -> None:
    speech = say(voice, "My papa, a paper, a puppy.", name)
    inner = [p for p in speech.phones if p.ipa == "p" and p.start > 0.3]
    assert len(inner) in (5, 6)
    for phone in inner:
        closure = peak_within(speech, phone.start + 0.002, phone.start + 0.018)
        assert closure < 0.04, "a voiceless stop begins with silence, but for an echo"
        assert peak_within(speech, phone.start, phone.end) > 0.045, "and ends with its burst"


def test_sounds_without_length_are_given_some(voice: EspeakVoice) -> None:
    assert "h ɛ l v z" in ipa(say(voice, "He helves."))
    final = [phone for phone in say(voice, "急", "yue").phones if phone.ipa]
    assert final[-1].ipa == "p"
    assert 0.02 < final[-1].end - final[-1].start < 0.2


def test_words_start_on_phones(voice: EspeakVoice) -> None:
    speech = say(voice, "Please take ten big boxes home")
    starts = {round(phone.start, 6) for phone in speech.phones if phone.ipa}
    assert len(speech.word_starts) == 6
    assert list(speech.word_starts) == sorted(speech.word_starts)
    assert {round(word, 6) for word in speech.word_starts[1:]} <= starts


def test_rate_pitch_and_pauses_do_what_they_say(voice: EspeakVoice) -> None:
    text = "We are all here now. We were all away before."
    plain = say(voice, text)
    assert say(voice, text, rate=300).duration < 0.75 * plain.duration
    assert say(voice, text, rate=90).duration > 1.4 * plain.duration
    assert median_pitch(say(voice, text, pitch=90)) > 1.2 * median_pitch(plain)
    assert median_pitch(say(voice, text, "en-us+f5")) > 1.5 * median_pitch(plain)
    longest = [
        max(p.end - p.start for p in say(voice, text, pauses=k).phones[1:-1] if not p.ipa) for k in (0, 2)
    ]
    assert longest[1] > longest[0] + 0.4


def test_long_text_is_spoken_to_its_end(voice: EspeakVoice) -> None:
    text = "The quick brown fox jumps over the lazy dog, and then it runs away to the sea. " * 63 + "Amen."
    assert len(text) > 4900
    seen: list[float] = []
    speech = voice.speak(text, "en-us", EspeakOptions(), Watch(lambda _, done: seen.append(done)))
    assert 200 < speech.duration < 500
    assert ipa(speech).endswith("m ɛ n")
    assert abs(speech.word_starts[-1] - (speech.duration - 0.9)) < 0.5
    assert len(seen) > 60
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_sentences_are_equally_loud(voice: EspeakVoice) -> None:
    speech = say(
        voice, "This is the first sentence of all. Привет, как дела у тебя сегодня? And here is the last."
    )
    middle, third = speech.duration / 2, speech.duration / 3
    first, last = speech.samples[: int(third * 22050)], speech.samples[int((middle + third / 2) * 22050) :]
    levels = [np.sqrt(np.mean(part[np.abs(part) > 0.01] ** 2)) for part in (first, last)]
    assert 0.5 < levels[0] / levels[1] < 2.0


def test_no_clicks_at_the_joins(voice: EspeakVoice) -> None:
    speech = say(voice, "Oh. Ah. Привет. Ah!")
    loud = np.flatnonzero(np.abs(speech.samples) > 1e-6)
    pauses = np.flatnonzero(np.diff(loud) > 0.1 * speech.sample_rate)
    assert len(pauses) == 3
    edges = [loud[0], *loud[pauses], *loud[pauses + 1], loud[-1]]
    assert np.abs(speech.samples[edges]).max() < 0.01


@pytest.mark.parametrize("text", ["", "  \n\t ", "😀🎉❤️", "👨‍👩‍👧 … ?!", "\x00\x07", "—"])
def test_nothing_to_say(voice: EspeakVoice, text: str) -> None:
    with pytest.raises(StudioError, match="nothing to say"):
        say(voice, text)


def test_letters_that_no_voice_reads(voice: EspeakVoice) -> None:
    with pytest.raises(StudioError, match="Khmer"):
        say(voice, "សួស្តី")


def test_emoji_and_control_characters_are_not_read(voice: EspeakVoice) -> None:
    assert ipa(say(voice, "I said 😀 yes\x07 👍🏽!")) == ipa(say(voice, "I said yes !"))


def test_markup_is_text(voice: EspeakVoice) -> None:
    sounds = ipa(say(voice, '<speak>no<break time="5s"/></speak> <b>bold</b> [[h@l]] &lt;'))
    assert "s p iː k" in sounds
    assert "b oʊ l d" in sounds
    assert say(voice, '<break time="9s"/> yes').duration < 8.0


def test_other_scripts_are_read_by_who_knows_them(voice: EspeakVoice) -> None:
    speech = say(voice, "The word Привет is Russian, 你好 is Chinese and مرحبا is Arabic.")
    sounds = ipa(speech)
    assert "p r j i v j e t" in sounds
    assert "n i χ" in sounds
    assert "m r ħ b" in sounds
    assert speech.language == "en-us"
    assert say(voice, "Мне 25 лет.", "en-us").language == "ru"
    assert "d v" in ipa(say(voice, "Мне 25 лет.", "en-us")), "digits go with their neighbours"


def test_numbers_urls_and_shouting(voice: EspeakVoice) -> None:
    assert "t w ɛ l v p ɔɪ n t f aɪ v" in ipa(say(voice, "It costs $12.50, or 3/4."))
    assert "h t t p" not in ipa(say(voice, "See https://example.com/a?b=c#d now")).replace("eɪ tʃ", "h")
    assert ipa(say(voice, "THIS IS ALL LOUD")).count("ˌ") == 0
    assert ipa(say(voice, "THIS IS LOUD")) == ipa(say(voice, "this is loud"))
    assert say(voice, "a" * 3000).duration > 10
    assert say(voice, "9" * 60).duration > 5


def test_phones_without_sound(voice: EspeakVoice) -> None:
    phones = voice.phones("Mama", "en-us", Watch())
    assert "m" in [phone.ipa for phone in phones]
