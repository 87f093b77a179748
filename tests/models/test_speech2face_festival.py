"""Festival's voices as training speech, and the shares that the network learns from labels."""

from __future__ import annotations

import random
import shutil

import numpy as np
import pytest

from engines.speech2face.phonemes import letters
from engines.speech2face.recogniser import VISEMES
from engines.speech2face.tables import viseme_table
from models.speech2face import festival, text
from models.speech2face.coarticulated import coarticulated

INDEX = {name: index for index, name in enumerate(VISEMES)}


@pytest.mark.parametrize(
    ("name", "language", "ipa"),
    [("pau", "en-us", ""), ("ch", "en-us", "tʃ"), ("ch", "cs", "x"), ("a1", "it", "a"), ("tt", "ru", "t"),
     ("p::", "fi", "p"), ("@:", "fi", "æ"), ("dZ", "it", "dʒ"), ("#", "cs", ""), ("sch", "ru", "ɕ")],
)  # fmt: skip
def test_phone_names_become_ipa(name, language, ipa):
    assert festival.ipa_of_festival(name, language) == ipa


@pytest.mark.skipif(shutil.which("festival") is None, reason="needs the festival program")
def test_festival_speaks_sounds_that_have_shapes(monkeypatch):
    monkeypatch.setattr(text, "dictionary_words", lambda: text.EVERYDAY)
    table = viseme_table()
    try:
        made = list(festival.festival_speech("kal_diphone", 2, random.Random(0)))  # noqa: S311 - not for secrets
    except FileNotFoundError:
        pytest.skip("needs the voice kal_diphone")
    for _, phones in made:
        spelt = [letter for phone in phones for letter in letters(phone.ipa)]
        assert len(spelt) > 8
        assert all(letter in table.sounds or letter in table.shapeless for letter in spelt)


def test_shares_add_up_and_come_before_the_sound():
    """Rounding for a "oo" starts while the t before it still sounds, and an n hardly shapes the lips."""
    labels = np.array([INDEX["sil"]] * 20 + [INDEX["I"]] * 8 + [INDEX["nn"]] * 4 + [INDEX["U"]] * 10, np.int8)
    shares = coarticulated(labels).reshape(-1, 2, len(VISEMES))
    np.testing.assert_allclose(shares.sum(axis=2), 1.0, atol=1e-4)
    assert shares[10, :, INDEX["sil"]].min() > 0.95
    assert shares[38, :, INDEX["U"]].min() > 0.9
    during_n = shares[29:31, 0].mean(axis=0)
    assert during_n[INDEX["U"]] > during_n[INDEX["nn"]]
    assert shares[31, 0, INDEX["U"]] > shares[29, 0, INDEX["U"]] > shares[26, 0, INDEX["U"]]
