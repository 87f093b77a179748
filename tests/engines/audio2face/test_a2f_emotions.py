"""Emotions chosen over time, and heard by Audio2Emotion, against a plain reading of its nine steps."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engines.audio2face import Audio2FaceOptions
from engines.audio2face.driver import Audio2FaceDriver
from engines.audio2face.feelings import ChosenFeelings
from engines.audio2face.heard import HeardFeelings, heard_wishes, load_emotion_model
from engines.audio2face.live import LiveFace, Take
from engines.audio2face.sound import Sound
from engines.errors import StudioError
from engines.types import EMOTIONS, EmotionKey, Expression, Speech
from tests.engines.audio2face.conftest import FELT, put, voice

CLASSES = ("angry", "disgust", "fear", "happy", "neutral", "sad")
SLOTS = (1, 3, 4, 6, -1, 9)
FILE = {
    "emotion_contrast": 1.1,
    "emotion_strength": 0.6,
    "emotion_correspondence": dict(zip(CLASSES, SLOTS, strict=True)),
}


def write_emotion_model(folder, stuck=False):
    """Logits are loudness, mean and size of three parts of the window; ``stuck``: no numbers at all."""
    random = np.random.default_rng(5)
    folder.mkdir(parents=True, exist_ok=True)
    node = helper.make_node
    constants = {
        "weights": (4.0 * random.standard_normal((1, 6))).astype(np.float32),
        "bias": np.array([0.2, -0.1, 0.4, 0.3, 0.0, 0.1], np.float32),
        "gain": np.array(np.nan if stuck else 10.0, np.float32),
    }
    nodes = [
        node("Abs", ["input_values"], ["size"]),
        node("ReduceMean", ["size"], ["loud"], axes=[1], keepdims=1),
        node("Mul", ["loud", "gain"], ["louder"]),
        node("MatMul", ["louder", "weights"], ["judged"]),
        node("Add", ["judged", "bias"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "emotion",
        [helper.make_tensor_value_info("input_values", TensorProto.FLOAT, ["batch", "samples"])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 6])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    model.ir_version = 8
    onnx.save(model, str(folder / "network.onnx"))
    documents = {
        "model": {
            "networkInfoPath": "network_info.json",
            "networkPath": "network.trt",
            "modelConfigPath": "model_config.json",
        },
        "network_info": {"audio_params": {"samplerate": 16000}, "emotions": CLASSES},
        "model_config": {"post_processing_config": FILE},
        "trt_info": {"trt_build_param": {"batch": []}},
    }
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return constants


@pytest.fixture(scope="module")
def emotion(tmp_path_factory):
    folder = tmp_path_factory.mktemp("emotion")
    return write_emotion_model(folder), load_emotion_model(folder)


def plain_keys(constants, samples, options, keys, count):
    """(count, 10) at 30 per second, step by step."""
    before = blended = None
    felt, out = np.zeros(10), []
    for frame in range(count):
        start = (frame // 15) * 8000 - 30000
        window = np.zeros(60000)
        inside = np.arange(max(start, 0), min(start + 60000, len(samples)))
        window[inside - start] = samples[inside]
        logits = 10 * np.abs(window).mean() * constants["weights"][0] + constants["bias"]
        p = np.exp(FILE["emotion_contrast"] * options.heard_contrast * logits)
        p /= p.sum()
        p[4] = 0
        p[np.argsort(-p)[options.heard_most :]] = 0
        for slot, chance in zip(SLOTS, p, strict=True):
            if slot >= 0:
                felt[slot] = chance
        c = options.heard_inertia
        felt = (1 - c) * felt + c * (np.zeros(10) if before is None else before)
        before = felt.copy()
        if options.emotions == "both":
            s = options.chosen_share
            felt = (1 - s) * felt + s * ChosenFeelings(keys).at(np.array([frame]), Fraction(30))[0]
        if blended is not None:
            w = min(1 / 30 / max(options.heard_transition, 0.001), 1)
            felt = w * felt + (1 - w) * blended
        blended = felt.copy()
        felt = felt * FILE["emotion_strength"] * options.heard_strength
        out.append(felt.copy())
    return np.array(out)


@pytest.mark.parametrize(
    "options",
    [
        Audio2FaceOptions(emotions="heard"),
        Audio2FaceOptions(emotions="both", heard_most=2, heard_contrast=2.0, heard_strength=1.5),
        Audio2FaceOptions(emotions="both", heard_inertia=0.2, heard_transition=0.2, chosen_share=0.3),
    ],
)
def test_the_nine_steps_are_the_published_ones(emotion, options):
    constants, model = emotion
    samples = np.concatenate([voice(3.0), np.zeros(16_000, np.float32), 3 * voice(2.0, seed=8)])
    feelings = HeardFeelings(model, heard_wishes(options, Expression(emotions=FELT)))
    sound = Sound(16_000)
    sound.add(samples, last=True)
    feelings.hear(sound)
    frames = np.arange(6 * 30)
    expected = plain_keys(constants, samples, options, FELT, len(frames))
    heard = feelings.at(frames, Fraction(30))
    np.testing.assert_allclose(heard, expected, atol=1e-3)
    assert np.ptp(heard, axis=0).max() > 0.01
    between = feelings.at(np.array([3]), Fraction(60))[0]
    np.testing.assert_allclose(between, (expected[1] + expected[2]) / 2, atol=1e-3)


def test_a_stream_that_hears_its_emotions_equals_the_whole(emotion, regression_model, diffusion_model):
    options = Audio2FaceOptions(emotions="heard")
    samples = voice(4.5)
    for model in (regression_model, diffusion_model):
        take = Take(Expression(), 24.0, options)

        def face(model=model, take=take):
            return LiveFace(model, take, 16_000, HeardFeelings(emotion[1], heard_wishes(options, Expression())))

        whole, live = face().feed(samples, last=True), face()
        parts = [
            live.feed(samples[at : at + 5000], at + 5000 >= len(samples)) for at in range(0, len(samples), 5000)
        ]
        came = np.cumsum([len(part) for part in parts])
        assert came[-2] / 24.0 >= 4.5 - 5000 / 16_000 - 1.875 - 0.5
        joined = np.concatenate([part.blendshapes for part in parts])
        np.testing.assert_allclose(joined, whole.blendshapes, atol=2e-5)
        plain = LiveFace(model, Take(Expression(), 24.0, Audio2FaceOptions()), 16_000).feed(samples, True)
        assert np.abs(plain.blendshapes - whole.blendshapes).max() > 0.005


def test_a_network_without_numbers_hears_nothing(tmp_path):
    write_emotion_model(tmp_path, stuck=True)
    feelings = HeardFeelings(
        load_emotion_model(tmp_path), heard_wishes(Audio2FaceOptions(emotions="heard"), Expression())
    )
    sound = Sound(16_000)
    sound.add(voice(0.5), last=True)
    feelings.hear(sound)
    assert not feelings.at(np.arange(15), Fraction(30)).any()


def test_a_strange_correspondence_is_refused(tmp_path):
    write_emotion_model(tmp_path)
    config = {"post_processing_config": {"emotion_correspondence": {"angry": 12}}}
    (tmp_path / "model_config.json").write_text(json.dumps(config))
    with pytest.raises(StudioError, match=r"model_config\.json.*emotion_correspondence"):
        load_emotion_model(tmp_path)


def test_the_driver_hears_emotions_once_the_files_are_there(model_files, regression_toy, monkeypatch):
    put(regression_toy, "Audio2Face-3D-v2.3-Mark", "mark", monkeypatch)
    speech, heard = Speech(voice(1.0), 16_000), Audio2FaceOptions(emotions="heard")
    with pytest.raises(StudioError, match=r"nvidia/Audio2Emotion-v2\.2"):
        Audio2FaceDriver().drive(speech, Expression(), 25.0, heard)
    write_emotion_model(model_files / "Audio2Emotion-v2.2")
    driver = Audio2FaceDriver()
    calm = driver.drive(speech, Expression(), 25.0, Audio2FaceOptions())
    felt = driver.drive(speech, Expression(), 25.0, heard)
    assert np.abs(calm.blendshapes - felt.blendshapes).max() > 0.005


def test_a_face_at_rest_shows_its_first_emotions(model_files, regression_toy, monkeypatch):
    put(regression_toy, "Audio2Face-3D-v2.3-Mark", "mark", monkeypatch)
    driver = Audio2FaceDriver()
    poses = [
        driver.pose(Expression(emotions=(EmotionKey(0.0, {name: 1.0}), EmotionKey(3.0, {"pain": 1.0}))))
        for name in EMOTIONS[:3]
    ]
    assert all(pose.shape == (52,) for pose in poses)
    assert np.abs(poses[0] - poses[1]).max() > 0.005
