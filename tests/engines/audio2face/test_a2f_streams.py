"""However a recording is cut into pieces, the face is that of the whole, and not much later than it must be."""

from __future__ import annotations

import numpy as np
import pytest

from engines.audio2face import regression
from engines.audio2face.live import LiveFace
from tests.engines.audio2face.conftest import take, voice


def fed(model, wanted, samples, sizes, rate=16_000):
    """The motions of the pieces, cut again and again by ``sizes``."""
    live, at, out = LiveFace(model, wanted, rate), 0, []
    while at < len(samples):
        size = sizes[len(out) % len(sizes)]
        out.append(live.feed(samples[at : at + size], last=at + size >= len(samples)))
        at += size
    return out, live


@pytest.mark.parametrize("kind", ["regression", "diffusion"])
@pytest.mark.parametrize("fps", [24.0, 30000 / 1001, 60.0])
def test_a_stream_equals_the_whole(request, kind, fps):
    model = request.getfixturevalue(f"{kind}_model")
    rate, samples = 22_050, voice(1.7, 22_050)
    whole = LiveFace(model, take(fps), rate).feed(samples, last=True)
    pieces, _ = fed(model, take(fps), samples, [1, 3000, 777, 9000], rate)
    assert len(whole) == round(len(samples) / rate * fps)
    assert sum(map(len, pieces)) == len(whole)
    assert [piece.first for piece in pieces] == list(np.cumsum([0, *map(len, pieces)])[:-1])
    joined = np.concatenate([piece.blendshapes for piece in pieces])
    np.testing.assert_allclose(joined, whole.blendshapes, atol=2e-5)
    np.testing.assert_allclose(np.concatenate([piece.tongue for piece in pieces]), whole.tongue, atol=2e-5)
    assert whole.blendshapes.std(axis=0).max() > 0.01


@pytest.mark.parametrize(("kind", "most"), [("regression", 0.26), ("diffusion", 0.77)])
def test_frames_come_as_soon_as_enough_is_heard(request, kind, most):
    """After t seconds of sound, no frame earlier than t less the look-ahead is missing, and none later came."""
    model, piece = request.getfixturevalue(f"{kind}_model"), 800
    pieces, _ = fed(model, take(30.0), voice(2.5), [piece])
    came = np.cumsum([len(part) for part in pieces])[:-1]
    heard = piece / 16_000 * np.arange(1, len(pieces))
    assert (came / 30.0 >= heard - most - 1e-9).all()
    assert (came[heard > most] > 0).all()
    assert ((came - 1) / 30.0 <= heard - 0.26 + 1e-9)[came > 0].all()


def test_a_long_stream_keeps_little(regression_model):
    live = LiveFace(regression_model, take(5.0), 16_000)
    held = []
    for _ in range(40):
        live.feed(voice(0.5))
        held.append(live.held)
    assert max(held) <= 2 * 8320 + 8000
    assert held[-1] <= max(held[:10])


class Cramped:
    """The network on a machine that has room for two windows at a time."""

    device = "cpu"

    def __init__(self, runner):
        self.runner, self.sizes = runner, []

    def run(self, feeds):
        self.sizes.append(len(feeds["input"]))
        if self.sizes[-1] > 2:
            raise regression.OutOfMemory
        return self.runner.run(feeds)


def test_batches_shrink_where_memory_is_short(regression_model):
    from dataclasses import replace

    samples = voice(0.7)
    runner = Cramped(regression_model.runner)
    cramped = LiveFace(replace(regression_model, runner=runner), take(30.0), 16_000).feed(samples, True)
    roomy = LiveFace(regression_model, take(30.0), 16_000).feed(samples, True)
    assert runner.sizes[:3] == [8, 4, 2]
    assert set(runner.sizes[3:]) <= {1, 2}
    np.testing.assert_allclose(cramped.blendshapes, roomy.blendshapes, atol=2e-5)


@pytest.mark.parametrize("samples", [0, 1, 5])
def test_next_to_nothing_is_one_frame(regression_model, diffusion_model, samples):
    for model in (regression_model, diffusion_model):
        motion = LiveFace(model, take(30.0), 16_000).feed(np.zeros(samples, np.float32), last=True)
        assert len(motion) == 1


def test_sound_that_is_no_number_does_no_lasting_harm(regression_model):
    broken = voice(0.6)
    broken[3000:3010] = np.nan
    motion = LiveFace(regression_model, take(30.0), 16_000).feed(broken, last=True)
    assert np.isfinite(motion.blendshapes).all()
