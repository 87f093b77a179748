"""The training of the recogniser: labels, prompts, corpus, and the file that it ships."""

from __future__ import annotations

import argparse
import random
from contextlib import closing

import numpy as np
import pytest

from engines.espeak.client import EspeakHelper, Request
from engines.progress import Watch
from engines.speech2face.features import BANDS, SAMPLE_RATE
from engines.speech2face.live import LIVE_WEIGHTS, LIVE_WINDOW
from engines.speech2face.recogniser import HZ, VISEMES, WEIGHTS, WINDOW, load_network, recognise_with
from engines.types import Phone
from models.speech2face import augmentation, dataset, synthesis, text
from models.speech2face.background import background
from models.speech2face.phones import ARPABET_IPA, frame_labels

INDEX = {name: index for index, name in enumerate(VISEMES)}


def test_labels_follow_the_phones():
    phones = [Phone(0.0, 0.2, ""), Phone(0.2, 0.3, "m"), Phone(0.3, 0.5, "aɪ"), Phone(0.5, 0.6, "f")]
    labels = frame_labels(phones, 0.7)
    assert len(labels) == 35
    assert labels[5] == INDEX["sil"]
    assert labels[12] == INDEX["PP"]
    assert labels[17] == INDEX["aa"]
    assert labels[24] == INDEX["I"]
    assert labels[27] == INDEX["FF"]
    assert labels[-1] == INDEX["sil"]


def test_breath_sounds_take_the_shape_of_what_follows():
    labels = frame_labels([Phone(0.0, 0.1, "h"), Phone(0.1, 0.3, "u")], 0.3)
    assert (labels == INDEX["U"]).all()


def test_silence_only_is_silence():
    assert (frame_labels([], 0.5) == INDEX["sil"]).all()


@pytest.mark.parametrize(
    ("phone", "viseme"), [("sh", "CH"), ("jh", "CH"), ("er", "RR"), ("dh", "TH"), ("w", "U")]
)
def test_flite_phones_have_visemes(phone, viseme):
    assert (frame_labels([Phone(0.0, 0.2, ARPABET_IPA[phone])], 0.2) == INDEX[viseme]).all()


def test_a_stop_is_labelled_from_its_closure(monkeypatch):
    """The library reports a p at its burst; in training, as in use, the lips are shut from the silence on."""
    monkeypatch.setattr(synthesis, "english_prompt", lambda _: "A paper copy.")
    monkeypatch.setattr(synthesis, "VARIANTS", ("",))
    with closing(EspeakHelper()) as helper:
        utterance = synthesis.espeak_utterance(helper, random.Random(4))  # noqa: S311 - not for secrets
    edges = np.flatnonzero(np.diff((utterance.labels == INDEX["PP"]).astype(int)))
    assert len(edges) == 6
    for start in edges[::2] + 1:
        assert np.abs(utterance.samples[start * 320 : (start + 1) * 320]).max() < 0.01


def test_every_training_voice_speaks():
    helper = EspeakHelper()
    silent = [
        language
        for language in dict.fromkeys((*synthesis.ENGLISH, *synthesis.ACCENTS, *text.NATIVE))
        if len(helper.speak(Request("mama", language), Watch()).samples) < 2000
    ]
    silent += [
        variant
        for variant in set(synthesis.VARIANTS)
        if len(helper.speak(Request("mama", "en-us" + variant), Watch()).samples) < 2000
    ]
    helper.close()
    assert not silent


def test_native_prompts_are_in_the_language_and_vary():
    rng = random.Random(0)  # noqa: S311 - not for secrets
    for language in text.NATIVE:
        prompts = {text.native_prompt(rng, language) for _ in range(20)}
        assert len(prompts) > 3
        assert all(prompt and len(prompt) < 400 for prompt in prompts)


def test_english_sentences_are_plain():
    assert len(text.sentences()) > 300
    assert all(sentence.isascii() for sentence in text.sentences())


@pytest.fixture(scope="module", autouse=True)
def _everyday_words_only():
    """The dictionary of rare words comes with a package that only training needs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "dictionary_words", lambda: text.EVERYDAY)
        yield


@pytest.fixture(scope="module")
def speech() -> list[synthesis.Utterance]:
    """Ten utterances."""
    return list(synthesis.utterances("espeak", 10, 5))


def test_the_same_seed_gives_the_same_speech(speech):
    again = list(synthesis.utterances("espeak", 10, 5))
    assert all(np.array_equal(a.labels, b.labels) for a, b in zip(speech, again, strict=True))
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(speech, again, strict=True))
    assert len({len(utterance.labels) for utterance in speech}) > 5


@pytest.mark.parametrize("variant", sorted(set(synthesis.VARIANTS)))
def test_every_timbre_says_the_same_each_time(variant):
    said = []
    for _ in range(2):
        with closing(EspeakHelper()) as helper:
            said.append(helper.speak(Request("The first of three.", "en-us" + variant), Watch()).samples)
    np.testing.assert_array_equal(*said)


def test_augmentation_keeps_labels_on_their_sounds(speech):
    """Loud frames stay speech and the labels stay as long as the sound."""
    rng = np.random.default_rng(0)
    babble = [utterance.samples for utterance in speech]
    for utterance in speech:
        changed = augmentation.augmented(utterance, babble, rng)
        assert np.isfinite(changed.samples).all()
        assert abs(len(changed.samples) / SAMPLE_RATE - len(changed.labels) / HZ) < 0.05
        assert not np.array_equal(changed.samples[: len(utterance.samples)], utterance.samples)
        whole = len(changed.samples) // 320 * 320
        level = np.square(changed.samples[:whole].reshape(-1, 320)).mean(axis=1)[: len(changed.labels)]
        spoken = changed.labels[: len(level)] != INDEX["sil"]
        assert level[spoken].mean() > level[~spoken].mean()


@pytest.mark.parametrize("seed", range(12))
def test_backgrounds_are_sound_of_equal_strength(seed):
    sound = background(2 * SAMPLE_RATE + seed, np.random.default_rng(seed))
    assert sound.shape == (2 * SAMPLE_RATE + seed,)
    assert np.isfinite(sound).all()
    assert sound.std() == pytest.approx(1.0, abs=1e-3)


def test_corpus_is_made_once_and_read_back(tmp_path):
    made = dataset.corpus(tmp_path, "espeak", 4, 1, 3)
    stamp = next(tmp_path.glob("*.npz")).stat().st_mtime_ns
    read = dataset.corpus(tmp_path, "espeak", 4, 1, 3)
    assert next(tmp_path.glob("*.npz")).stat().st_mtime_ns == stamp
    np.testing.assert_array_equal(made.spectra, read.spectra)
    assert len(made.spectra) == 2 * len(made.labels) == made.bounds[-1]
    prior = dataset.mean_spectrum([made])
    assert prior.shape == (BANDS,)
    assert (prior < 0).all()
    part = dataset.normalised(made, prior)
    batch = next(dataset.batches([part], prior, 8, 256, np.random.default_rng(0)))
    assert batch.features.shape == (8, 256, BANDS)
    assert batch.labels.shape == (8, 128)
    assert np.abs(batch.features).max() < 10
    assert len(np.unique(batch.labels)) > 8
    shares = batch.shares.reshape(8, 128, 2, 15)
    np.testing.assert_allclose(shares.sum(axis=3), 1.0, atol=5e-3)
    own = np.take_along_axis(shares, batch.labels[:, :, None, None].repeat(2, axis=2), axis=3)
    assert own.mean() > 0.4
    assert own[batch.labels == INDEX["DD"]].mean() < own[batch.labels == INDEX["U"]].mean()


def test_what_is_shipped_is_small_and_whole():
    assert WEIGHTS.stat().st_size + LIVE_WEIGHTS.stat().st_size < 5 * 2**20
    assert load_network(LIVE_WEIGHTS, LIVE_WINDOW).prior.shape == (BANDS,)
    network = load_network(WEIGHTS)
    assert network.prior.shape == (BANDS,)
    assert recognise_with(network, np.zeros(SAMPLE_RATE, np.float32)).visemes.shape == (50, len(VISEMES))


@pytest.mark.parametrize(("live", "frames"), [(False, WINDOW), (True, LIVE_WINDOW)])
def test_export_is_the_network_that_was_trained(tmp_path, live, frames):
    torch = pytest.importorskip("torch", reason="training needs torch (models/speech2face/requirements.txt)")
    pytest.importorskip("onnx", reason="training needs onnx (models/speech2face/requirements.txt)")
    from models.speech2face import network as net
    from models.speech2face.train import parity

    torch.manual_seed(0)
    model = net.VisemeNet(32, live=live)
    model.train()
    model(torch.randn(4, 256, BANDS))  # gives the normalisation statistics of its own
    prior = np.full(BANDS, -5.0, np.float32)
    net.save(model.eval(), prior, tmp_path / "net.onnx", frames)
    assert parity(model, tmp_path / "net.onnx", prior) < 1e-3
    features = torch.randn(1, 400, BANDS)
    changed = features.clone()
    changed[:, 250:] += 3.0
    rows = (model(features) - model(changed)).abs().sum(dim=2)[0].nonzero()
    ahead = 250 - 2 * int(rows.min())
    assert ahead <= (10 if live else 34)


def test_training_again_writes_the_same_bytes(tmp_path):
    torch = pytest.importorskip("torch", reason="training needs torch (models/speech2face/requirements.txt)")
    pytest.importorskip("onnx", reason="training needs onnx (models/speech2face/requirements.txt)")
    from models.speech2face import network as net
    from models.speech2face import train

    made = dataset.corpus(tmp_path, "espeak", 4, 1, 3)
    prior = dataset.mean_spectrum([made])
    part = dataset.normalised(made, prior)
    options = argparse.Namespace(seed=0, channels=16)
    torch.set_num_threads(1)
    files = []
    for name in ("one.onnx", "two.onnx"):
        net.save(train.train(train.Data(prior, [part], {}), False, 4, options), prior, tmp_path / name)
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1]
    assert (
        recognise_with(load_network(tmp_path / "one.onnx"), np.zeros(8000, np.float32)).visemes.shape[0] == 25
    )
