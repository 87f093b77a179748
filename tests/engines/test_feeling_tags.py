"""Feelings in the text: what is a tag, what is spoken, and when the face changes."""

from __future__ import annotations

import pytest

from engines.errors import StudioError
from engines.feeling_hints import feeling_of, suggest_feelings
from engines.feeling_tags import felt_over_time, parse_feelings, write_feelings
from engines.progress import Watch
from engines.registry import create_stage, get_engine, get_recipe
from engines.types import AvatarRef, EmotionKey, Expression, RenderRequest, Words
from engines.word_times import times_of, words_of

STORY = "[joy] Hello there! [sad:0.5] But then ... [neutral] fine."


def cues_of(text: str) -> list[tuple[int, dict[str, float]]]:
    return [(cue.offset, dict(cue.weights)) for cue in parse_feelings(text).cues]


@pytest.fixture(scope="module")
def voice():
    engine = get_engine("espeak")
    stage = create_stage(engine, "voice")
    yield lambda text, name="en-us": stage.speak(text, name, engine.parse_options({}), Watch())
    stage.close()


def test_the_voice_gets_the_words_and_the_face_the_tags():
    tagged = parse_feelings(STORY)
    assert tagged.text == "Hello there! But then ... fine."
    assert cues_of(STORY) == [(0, {"joy": 0.8}), (13, {"sadness": 0.5}), (26, {})]


@pytest.mark.parametrize(
    ("tag", "weights"),
    [
        ("[happy]", {"joy": 0.8}), ("[ ANGRY : 0.3 ]", {"anger": 0.3}), ("[scared=.5]", {"fear": 0.5}),
        ("[surprised:70%]", {"amazement": 0.7}), ("[joy:0.8 amazement:0.3]", {"joy": 0.8, "amazement": 0.3}),
        ("[traurig:0,4, Angst]", {"sadness": 0.4, "fear": 0.8}), ("[out-of-breath:1]", {"outofbreath": 1.0}),
        ("[worried:1]", {"fear": 0.5, "sadness": 0.3}), ("[]", {}), ("[Neutral]", {}),
        ("[joy:0]", {"joy": 0.0}),
    ],
)  # fmt: skip
def test_names_synonyms_strengths_and_mixtures(tag, weights):
    assert cues_of(f"{tag} Go.") == [(0, weights)]


@pytest.mark.parametrize(
    "text", ["See [1].", "[laughs] Well.", "[joy of life] yes", "a [b", "[joy:very] x", "[[]x"]
)
def test_other_brackets_are_spoken(text):
    tagged = parse_feelings(text)
    if "[]" not in text:
        assert tagged.text == text
        assert tagged.cues == ()


def test_a_strength_beyond_one_is_told():
    with pytest.raises(StudioError, match=r"0 to 1"):
        parse_feelings("[joy:3] Hello.")


@pytest.mark.parametrize(
    "text",
    [STORY, "Wow [joy]! Yes", "one\n\n[sad]\ntwo", "x [anger]", "Hi[joy]there", "[joy][sad] Last wins.", ""],
)
def test_what_is_written_reads_the_same(text):
    tagged = parse_feelings(text)
    assert parse_feelings(write_feelings(tagged)) == tagged
    assert "  " not in tagged.text


MIXED = (
    ("en-us", "Hello there! 😀 It costs $1,234.56 today. But Dr. Smith (aged 42) paid half of it. Goodbye!"),
    ("en-us", "One of the best things. It is a thing of the past. In the end he had to do it all by himself."),
    ("de", "Guten Tag! Heute ist der 24. Dezember 2023. Ich freue mich sehr. Und jetzt?"),
    ("es", "¡Hola! ¿Qué tal? Son las 15:30 y tengo 21 años. Adiós."),
    ("fr-fr", "Qu'est-ce que c'est ? J'ai 99 ans. L'été d'hier n'était pas là. Merci !"),
    ("ru", "Привет! Сегодня 5 мая, и я рад. Hello Moskau. Пока!"),
    ("hi", "नमस्ते! आज मौसम अच्छा है। फिर मिलेंगे।"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "text"), MIXED)
def test_each_sentence_is_found_in_the_sound(voice, name, text):
    """A sentence begins where a long pause ends, whatever the numbers and emoji in it are read as."""
    speech = voice(text, name)
    words = words_of(text)
    firsts = [word.start for word, before in zip(words[1:], words, strict=False) if before.pause >= 1.0]
    firsts = [first for first in firsts if not text[first:].startswith(("Smith", "g.", "Dezember", "1"))]
    ends = [phone.end for phone in speech.phones if not phone.ipa and phone.end - phone.start > 0.2]
    for first, time in zip(firsts, times_of(text, firsts, speech), strict=True):
        assert min(abs(time - end) for end in ends) < 0.12, text[first : first + 20]


def test_the_face_changes_just_before_the_word(voice):
    speech = voice(parse_feelings(STORY).text)
    keys = felt_over_time(Expression(), Words(STORY), speech).emotions
    assert [key.weights for key in keys] == [{"joy": 0.8}, {"sadness": 0.5}, {}]
    assert keys[0].time == 0.0
    assert 0.05 < speech.word_starts[2] - keys[1].time < 0.3
    assert keys[1].time < keys[2].time < speech.duration


def test_cues_lie_over_the_sliders_and_neutral_returns_to_them(voice):
    speech = voice("Hello there! But then ... fine.")
    sliders = Expression((EmotionKey(0.0, {"cheekiness": 0.4}),))
    keys = felt_over_time(sliders, Words("Hello there! [sad] But then ... [] fine."), speech).emotions
    assert [key.weights for key in keys] == [{"cheekiness": 0.4}, {"sadness": 0.8}, {"cheekiness": 0.4}]


def test_a_voice_without_word_marks_goes_by_length(voice):
    text = "Hello my friends. Then it rained."
    speech = voice(text)
    bare = type(speech)(speech.samples, speech.sample_rate, phones=speech.phones)
    (exact,), (guessed,) = times_of(text, [18], speech), times_of(text, [18], bare)
    assert abs(exact - guessed) < 0.45
    (end,) = times_of(text, [len(text)], bare)
    assert exact < end <= speech.duration


def test_thousands_of_words_are_timed_quickly(voice):
    import time

    text = "The quick brown fox jumps over 12 lazy dogs. " * 120
    speech = voice(text)
    start = time.process_time()
    times = times_of(text, [45 * n for n in range(120)], speech)
    assert time.process_time() - start < 2.0
    assert times == sorted(times)


def test_the_pipeline_speaks_plain_words_and_moves_with_feeling(studio):
    recipe, said = get_recipe("instant"), "Hello my dear friends, how nice to see you all."
    plain = studio.pipeline.speak(Words(said), recipe, {}, Watch())
    tagged = Words(f"[joy] {said}")
    spoken = studio.pipeline.speak(tagged, recipe, {}, Watch())
    assert spoken.cached, "the same words are not spoken twice for another feeling"
    assert spoken.speech.text == plain.speech.text == said
    smile = [
        studio.pipeline.move(spoken.speech, RenderRequest(AvatarRef(""), words), recipe)[0]
        .blendshapes[:, 23]
        .mean()
        for words in (Words(said), tagged)
    ]
    assert smile[1] > smile[0] + 0.3
    with pytest.raises(StudioError, match="nothing to say"):
        studio.pipeline.speak(Words("[joy] [sad]"), recipe, {}, Watch())


@pytest.mark.parametrize(
    ("sentence", "language", "emotion"),
    [
        ("I am so happy to see you!", "en-us", "joy"), ("Unfortunately she cried.", "en", "sadness"),
        ("This is outrageous, you idiot!", "en-gb", "anger"), ("I am not happy.", "en", "sadness"),
        ("We got it 🎉", "en", "joy"), ("What is this?!", "en", "amazement"),
        ("Ich freue mich sehr!", "de", "joy"),
        ("Leider ist er krank.", "de", "sadness"), ("Das ist unverschämt!", "de", "anger"),
        ("Tengo mucho miedo.", "es", "fear"), ("¡Qué alegría!", "es", "joy"), ("J'ai peur.", "fr-fr", "fear"),
        ("Quelle surprise", "fr", "amazement"), ("嬉しい 😢", "ja", "sadness"),
    ],
)  # fmt: skip
def test_words_marks_and_emoji_suggest_a_feeling(sentence, language, emotion):
    weights = feeling_of(sentence, language)
    assert max(weights, key=weights.get) == emotion
    assert all(0.0 < weight <= 1.0 for weight in weights.values())


@pytest.mark.parametrize("sentence", ["It is Tuesday.", "I am not afraid.", "Das Auto ist rot.", "12:30"])
def test_plain_sentences_suggest_nothing(sentence):
    assert feeling_of(sentence, "en") == {}


def test_a_suggestion_is_tags_that_can_be_edited():
    text = "Hello! The bus leaves at 10. Sadly, my friend cried. We were sad. Now I am glad."
    written = write_feelings(suggest_feelings(text, "en"))
    assert parse_feelings(written).text == text
    assert written.count("[neutral]") == 1
    assert written.count("[sadness") == 2
    assert written.endswith("[joy:0.5] Now I am glad.")
