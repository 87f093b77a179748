"""What a viewer sees of the lips while text is spoken."""

import time

import numpy as np
import pytest

from engines.types import EmotionKey, Expression

BILABIALS, LABIODENTALS = ("p", "b", "m"), ("f", "v")


@pytest.mark.parametrize("fps", [15, 24, 25, 29.97, 30, 60])
def test_lips_are_sealed_on_every_p_b_m(stage, sentence, fps):
    motion = stage.drive(sentence, fps=fps)
    for phone in sentence.phones:
        if phone.ipa in BILABIALS:
            shown = stage.window(motion, phone.start - 0.05, phone.end + 0.03)
            assert stage.opening(motion)[shown].min() == 0.0, phone
            assert stage.shape(motion, "mouthLowerDown")[shown].min() < 0.01, phone


@pytest.mark.parametrize("emotion", ["amazement", "fear", "outofbreath", "disgust", "joy"])
def test_lips_are_sealed_whatever_is_felt(stage, sentence, emotion):
    motion = stage.drive(sentence, Expression(emotions=(EmotionKey(0.0, {emotion: 1.0}),)))
    for phone in sentence.phones:
        if phone.ipa in BILABIALS:
            shown = stage.window(motion, phone.start - 0.05, phone.end + 0.03)
            parted = stage.opening(motion) + stage.shape(motion, "mouthLowerDown")
            assert parted[shown].min() < 0.005, (emotion, phone)


def test_lip_touches_teeth_on_every_f_v(stage, sentence):
    motion = stage.drive(sentence)
    for phone in sentence.phones:
        if phone.ipa in LABIODENTALS:
            shown = stage.window(motion, phone.start - 0.05, phone.end + 0.03)
            assert stage.opening(motion)[shown].min() < 0.03, phone
            assert stage.shape(motion, "mouthRollLower")[shown].max() > 0.2, phone


def test_a_whisper_closes_as_firmly_as_a_shout(stage, sentence):
    motion = stage.drive(sentence, Expression(mouth=0.3))
    bob = next(p for p in sentence.phones if p.ipa == "b")
    shown = stage.window(motion, bob.start - 0.05, bob.end + 0.03)
    assert stage.opening(motion)[shown].min() == 0.0
    assert stage.shape(motion, "mouthPress")[shown].max() > 0.25


def test_vowels_open_the_mouth_and_open_vowels_most(stage, say):
    openings = {}
    for vowel in ("ˈɑː", "ˈiː", "ˈuː"):
        motion = stage.drive(say((("", 0.3), ("d", 0.06), (vowel, 0.25), ("d", 0.06), ("", 0.3))))
        openings[vowel] = stage.opening(motion).max()
    assert openings["ˈɑː"] > 0.14
    assert openings["ˈɑː"] > 1.4 * openings["ˈiː"] > 1.4 * openings["ˈuː"]
    assert openings["ˈuː"] > 0.02


def test_lips_are_round_before_oo_even_through_the_t_of_too(stage, say):
    too = stage.drive(say((("", 0.4), ("iː", 0.15), ("t", 0.1), ("ˈuː", 0.25), ("", 0.3))), fps=50)
    tea = stage.drive(say((("", 0.4), ("uː", 0.15), ("t", 0.1), ("ˈiː", 0.25), ("", 0.3))), fps=50)
    in_t = int(0.62 * 50)
    pucker = stage.shape(too, "mouthPucker")
    assert pucker[in_t] > 0.5 * pucker.max()
    assert stage.shape(tea, "mouthStretch")[in_t] > 0.4 * stage.shape(tea, "mouthStretch").max()


def test_sibilants_narrow_the_jaw(stage, say):
    motion = stage.drive(say((("ˈɑː", 0.2), ("s", 0.14), ("ˈɑː", 0.2))))
    opening = stage.opening(motion)
    assert opening[int(0.27 * 25)] < 0.65 * opening.max()


def test_pauses_close_the_mouth_and_hold_it_still(stage, sentence):
    motion = stage.drive(sentence)
    for pause in (p for p in sentence.phones if not p.ipa):
        rest = stage.window(motion, pause.start + 0.2, min(pause.end - 0.18, sentence.duration))
        assert stage.opening(motion)[rest].max() < 0.01


def test_silence_keeps_the_mouth_exactly_still(stage, silence):
    motion = stage.drive(silence, Expression())
    assert np.ptp(stage.mouth(motion), axis=0).max() == 0.0
    assert stage.mouth(motion).max() == 0.0


def test_the_mouth_moves_as_much_as_real_mouths_do(stage, minute):
    motion = stage.drive(minute)
    shown = np.arange(len(motion)) / motion.fps
    talk = [(shown >= phone.start) & (shown < phone.end) for phone in minute.phones if phone.ipa]
    spoken = stage.opening(motion)[np.any(talk, axis=0)]
    assert 0.05 < spoken.mean() < 0.13
    assert 0.13 < np.percentile(spoken, 95) < 0.30
    assert 0.05 < (spoken < 0.02).mean() < 0.45
    assert 0.008 < np.abs(np.diff(spoken, 2)).mean() < 0.045


def test_louder_syllables_open_wider(stage, say):
    motion = stage.drive(say((("d", 0.08), ("ɑ", 0.2), ("d", 0.08), ("ˈɑ", 0.2), ("d", 0.08), ("ɑ", 0.2))))
    opening = stage.opening(motion)
    soft, loud = opening[stage.window(motion, 0.1, 0.25)].max(), opening[stage.window(motion, 0.4, 0.55)].max()
    assert 1.05 * soft < loud < 1.7 * soft


def test_mouth_strength_scales_and_zero_is_still(stage, sentence):
    natural, large = stage.drive(sentence), stage.drive(sentence, Expression(mouth=2.0))
    off = stage.drive(sentence, Expression(mouth=0.0))
    assert stage.mouth(off).max() == 0.0
    assert stage.opening(large).mean() > 1.4 * stage.opening(natural).mean()
    assert large.blendshapes.max() <= 1.0


def test_options_do_what_they_say(stage, sentence):
    natural = stage.drive(sentence, fps=50)
    early = stage.drive(sentence, fps=50, lead=108.0)
    assert np.corrcoef(stage.opening(early)[:-5], stage.opening(natural)[5:])[0, 1] > 0.95
    assert stage.drive(sentence, jaw=0.0).blendshapes[:, 17].max() == 0.0
    assert stage.shape(stage.drive(sentence, lips=0.0), "mouthPucker").max() == 0.0


def test_smoothing_softens_what_is_not_a_contact(stage, say):
    speech = say((("s", 0.08), ("ˈɑː", 0.12), ("t", 0.06), ("ˈiː", 0.12)), repeat=8)
    sharp, soft = (np.diff(stage.opening(stage.drive(speech, smoothing=ms)), 2) for ms in (0.0, 80.0))
    assert np.abs(soft).mean() < 0.6 * np.abs(sharp).mean()


@pytest.mark.parametrize("fps", [5, 25, 59.94])
def test_length_units_and_ranges(stage, sentence, fps):
    motion = stage.drive(sentence, Expression(), fps=fps)
    count = round(sentence.duration * fps)
    assert motion.blendshapes.shape == (count, 52)
    assert motion.head.shape == (count, 6)
    assert motion.tongue.shape == (count, 16)
    assert motion.blendshapes.dtype == motion.head.dtype == motion.tongue.dtype == np.float32
    assert motion.blendshapes.min() >= 0.0
    assert motion.blendshapes.max() <= 1.0


def test_a_twentieth_of_a_second_is_still_a_frame(stage, say):
    assert len(stage.drive(say((("a", 0.01),)), Expression())) == 1
    assert len(stage.drive(say((("a", 0.05),)), Expression())) == 1


def test_thirty_seconds_take_a_moment(stage, minute):
    stage.drive(minute, Expression())
    begin = time.process_time()
    stage.drive(minute, Expression())
    assert time.process_time() - begin < 0.3
