"""Sounds of every language find their mouth shape."""

import pytest

from engines.speech2face.phonemes import viseme_segments
from engines.speech2face.tables import viseme_table
from engines.types import Phone


def names(*phones, language=None):
    timed = [Phone(0.1 * i, 0.1 * (i + 1), ipa) for i, ipa in enumerate(phones)]
    segments = viseme_segments(timed, 0.1 * len(phones), language)
    return [viseme_table().order[segment.viseme] for segment in segments]


@pytest.mark.parametrize(
    ("ipa", "viseme"),
    [("ɲ", "nn"), ("pʰ", "PP"), ("m̩", "PP"), ("ɱ", "FF"), ("tʃ", "CH"), ("t͡ɕʰ", "CH"), ("x", "kk"),
     ("ts", "SS"), ("ɝ", "RR"), ("ˈɑ̃", "aa"), ("yː", "U"), ("ø", "O"), ("ᵻ", "I"), ("s.", "SS"),
     ("ə-", "E"), ("ɫ", "nn")],
)  # fmt: skip
def test_marks_do_not_hide_the_sound(ipa, viseme):
    assert names(ipa) == [viseme]


def test_diphthong_moves_from_its_first_vowel_to_its_second():
    first, second = viseme_segments([Phone(0.0, 0.2, "ˈaʊ")], 0.2)
    order = viseme_table().order
    assert (order[first.viseme], order[second.viseme]) == ("aa", "U")
    assert first.end == second.start == pytest.approx(0.11)
    assert first.stressed
    assert not second.stressed


def test_same_shape_twice_is_one_hold():
    assert names("ɑ", "p", "m", "æ") == ["aa", "PP", "aa"]


def test_sounds_of_the_throat_shape_nothing():
    assert names("h", "u", "ʔ", "h", "u") == ["U"]


def test_a_short_gap_is_not_a_pause_but_a_long_one_is():
    short = [Phone(0.0, 0.1, "a"), Phone(0.13, 0.2, "i")]
    long = [Phone(0.0, 0.1, "a"), Phone(0.3, 0.4, "i")]
    assert [viseme_table().order[s.viseme] for s in viseme_segments(short, 0.2)] == ["aa", "I"]
    assert [viseme_table().order[s.viseme] for s in viseme_segments(long, 0.4)] == ["aa", "sil", "I"]


def test_japanese_u_is_rounded_though_turkish_is_not():
    assert names("ɯ", language="ja") == ["U"]
    assert names("ɯ", language="tr") == ["I"]


def test_every_espeak_letter_is_known_and_unknown_ones_still_open_the_mouth():
    assert names("☃") == []
    assert names("ƾ") == ["E"]
