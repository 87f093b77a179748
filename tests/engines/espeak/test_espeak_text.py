"""From typed text to sentences and runs."""

from __future__ import annotations

from engines.espeak.phones import to_ipa
from engines.espeak.text import MAX_SENTENCE, clean, runs, sentences


def texts(text: str) -> list[str]:
    return [sentence.text for sentence in sentences(clean(text))]


def test_emoji_and_fancy_letters() -> None:
    assert clean("Hi 👩🏽‍🚀 there 🇩🇪!") == "Hi there !"
    assert clean("𝓗𝓮𝓵𝓵𝓸 Ｗｏｒｌｄ") == "Hello World"
    assert clean("20° ½ © naïve") == "20° ½ © naïve"
    assert clean("۱۲۳ ४५") == "123 45"
    assert clean("می\u200cخواهم") == "می\u200cخواهم", "this joiner shapes Persian words"


def test_control_characters_and_web_addresses() -> None:
    assert clean("a\x00b\u202ec\ufeffd\r\ne") == "a bcd\ne"
    assert clean("https://www.example.com/x?y=1#z ok") == "example.com/x ok"
    assert clean("lone \ud800 half") == "lone half"


def test_sentences_end_where_people_end_them() -> None:
    assert texts("Hi. How are you? Fine!") == ["Hi.", "How are you?", "Fine!"]
    assert texts("Dr. Smith met Mr. Jones at 3.50 p.m. sharp.") == [
        "Dr. Smith met Mr. Jones at 3.50 p.m. sharp."
    ]
    assert texts('He said "No." Then he left.') == ['He said "No."', "Then he left."]
    assert texts("你好。再见！") == ["你好。", "再见！"]
    assert texts("مرحبا؟ نعم.") == ["مرحبا؟", "نعم."]
    assert texts("नमस्ते। कैसे हो?") == ["नमस्ते।", "कैसे हो?"]


def test_line_breaks() -> None:
    assert texts("A line that was\nwrapped by a mail program.") == [
        "A line that was wrapped by a mail program."
    ]
    assert texts("Title\nText") == ["Title", "Text"]
    pauses = [sentence.pause for sentence in sentences(clean("One. Two.\n\nThree."))]
    assert pauses == [1.0, 2.0, 2.0]


def test_no_sentence_is_too_long_and_nothing_is_lost() -> None:
    for text in ("word " * 500, "x" * 2000, "clause, " * 300, "我" * 900):
        parts = texts(text)
        assert max(map(len, parts)) <= MAX_SENTENCE
        assert "".join(parts).replace(" ", "") == text.replace(" ", "")


def test_runs_keep_signs_with_their_words() -> None:
    found = [(run.text, run.script) for run in runs("Say «Привет», 42 times: 你好!")]
    assert found == [
        ("Say «", "LATIN"), ("Привет», ", "CYRILLIC"), ("42 ", None), ("times: ", "LATIN"), ("你好!", "CJK"),
    ]  # fmt: skip


def test_names_of_sounds_become_ipa() -> None:
    given = "(en)| |s.|ˈA|tS|ʲ|t͡sʲ|ph|ˈɔːɹ|ʔ|i5|ts.h"
    assert "|".join(map(to_ipa, given.split("|"))) == "||ʂ|ˈɑ|tʃ|j|tsʲ|pʰ|ˈɔːɹ|ʔ|i|tʂʰ"
