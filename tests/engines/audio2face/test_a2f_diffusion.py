"""The diffusion model's windows, memory and frames against a plain reading of what is published."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.audio2face.diffusion import DiffusionTrack, Noise
from engines.audio2face.feelings import ChosenFeelings
from engines.audio2face.live import LiveFace
from engines.audio2face.model import load_model
from engines.audio2face.sound import Sound
from engines.speech2face.feelings import weights_at
from engines.types import BLENDSHAPES
from tests.engines.audio2face import plain_reading as plain
from tests.engines.audio2face.conftest import FELT, take, voice
from tests.engines.audio2face.toy_model import (
    CONFIG,
    FRAMES,
    LATENT,
    LEFT,
    SKIN,
    SKIN_SOLVE,
    VERTICES,
    diffusion_size,
)


def plain_says(toy, samples, face, noise, windows):
    """What the network says at 60 frames a second from sample 0 on: windows of a second, every half second."""
    network, memory, out = toy.network, np.zeros((2, 2, 1, LATENT)), {}
    for window in range(windows):
        start = window * 8000 - 16000
        heard = np.zeros(16000)
        inside = np.arange(max(start, 0), min(start + 16000, len(samples)))
        heard[inside - start] = samples[inside]
        gist = heard @ network["heard"]
        said = (gist @ network["spread"]).reshape(FRAMES, diffusion_size()) + network["who"][face]
        said += 0.01 * noise.of(window)[0].mean(axis=0) + memory.mean()
        memory = memory / 2 + gist.mean()
        for frame in range(30):
            position = start + 4000 + frame * 16000 / 60
            felt = weights_at(FELT, np.array([max(position, 0) / 16000], np.float32))[0]
            out[round(position * 60 / 16000)] = said[LEFT + frame] + felt @ network["felt"]
    return np.array([out[frame] for frame in sorted(out) if frame >= 0])


@pytest.mark.parametrize(("face", "fresh"), [(0, False), (2, True)])
def test_windows_memory_and_feelings_are_the_published_ones(diffusion_toys, diffusion_model, face, fresh):
    info, samples = diffusion_model.folder.info, voice(1.3)
    noise = Noise(info, 5, fresh)
    assert np.array_equal(noise.of(0), noise.of(1)) != fresh
    assert abs(noise.of(3).std() - 1) < 0.02
    track = DiffusionTrack(diffusion_model.runner, info, face, noise, 1.0)
    sound = Sound(16_000)
    sound.add(samples, last=True)
    assert track.rate == 60
    assert track.count(sound.end) == 78
    said = np.concatenate(list(track.say(sound, ChosenFeelings(FELT), track.count(sound.end))))
    expected = plain_says(diffusion_toys[face], samples, face, noise, 5)
    assert len(said) == len(expected) == 105
    np.testing.assert_allclose(said, expected, atol=1e-4)


def test_deltas_become_weights_without_components(diffusion_toys, diffusion_model):
    samples, toy = voice(0.9), diffusion_toys[1]
    frames = LiveFace(diffusion_model, take(60.0), 16_000).hear(samples, last=True)
    noise = Noise(diffusion_model.folder.info, 0)
    said = plain_says(toy, samples, 1, noise, 4)[: len(frames)]
    assert len(frames) == 54
    deltas = said[:, : 3 * VERTICES].reshape(-1, VERTICES, 3)
    points = plain.posed_skin(toy, deltas, toy.data["neutral_skin"].reshape(-1, 3), 1 / 60)
    expected = plain.solved(toy.skin, SKIN_SOLVE, points)
    columns = [BLENDSHAPES.index(name) for name in SKIN]
    assert np.ptp(frames.skin, axis=0).max() > 0.02
    np.testing.assert_allclose(frames.skin[:, columns], expected, atol=1e-3)
    eyes = plain.eye_angles(toy, said[:, -4:], 60.0, CONFIG["eye_saccade_seed"])
    np.testing.assert_allclose(frames.eyes, eyes, atol=1e-3)


def test_another_rate_lies_between_the_frames(diffusion_model):
    samples = voice(0.8)
    fine, coarse, odd = (
        LiveFace(diffusion_model, take(fps), 16_000).hear(samples, last=True) for fps in (60.0, 20.0, 24.0)
    )
    np.testing.assert_allclose(coarse.skin, fine.skin[::3], atol=1e-6)
    np.testing.assert_allclose(odd.skin[1], (fine.skin[2] + fine.skin[3]) / 2, atol=1e-6)
    np.testing.assert_allclose(odd.eyes[2], fine.eyes[5], atol=1e-5)


def test_faces_speak_differently_and_a_seed_is_a_take(diffusion_toys, diffusion_model):
    samples, wanted = voice(0.8), take(30.0)
    claire = load_model(diffusion_toys[0].folder, "Claire")
    assert claire.folder.face == 0
    james = LiveFace(diffusion_model, wanted, 16_000).feed(samples, True).blendshapes
    assert np.abs(LiveFace(claire, wanted, 16_000).feed(samples, True).blendshapes - james).max() > 0.01
    assert np.array_equal(LiveFace(diffusion_model, wanted, 16_000).feed(samples, True).blendshapes, james)
    fresh = replace(wanted, options=replace(wanted.options, fresh_noise=True))
    assert not np.array_equal(LiveFace(diffusion_model, fresh, 16_000).feed(samples, True).blendshapes, james)
    other = replace(wanted, expression=replace(wanted.expression, seed=4))
    assert not np.array_equal(LiveFace(diffusion_model, other, 16_000).feed(samples, True).blendshapes, james)
