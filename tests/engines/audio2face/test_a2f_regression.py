"""A regression model's face against a plain reading of the published formulae."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.audio2face.live import LiveFace
from engines.audio2face.poses import Poses, share_of
from engines.solver import BlendshapeSolver
from engines.types import BLENDSHAPES, TONGUE_SHAPES, Expression
from tests.engines.audio2face import plain_reading as plain
from tests.engines.audio2face.conftest import FELT, take, voice
from tests.engines.audio2face.toy_model import (
    COMPONENTS,
    CONFIG,
    SKIN,
    SKIN_SOLVE,
    TONGUE,
    TONGUE_COMPONENTS,
    TONGUE_SOLVE,
)

FPS = 30.0


def expected(toy, said, fps):
    """(T, 52), (T, 16), (T, 4, 4), (T, 4) by the plain reading."""
    deltas = np.tensordot(said[:, :COMPONENTS], toy.data["shapes_matrix_skin"], 1)
    points = plain.posed_skin(toy, deltas, toy.data["shapes_mean_skin"], 1 / fps)
    skin = plain.solved(toy.skin, SKIN_SOLVE, points)
    end = COMPONENTS + TONGUE_COMPONENTS
    tongue = np.tensordot(said[:, COMPONENTS:end], toy.data["shapes_matrix_tongue"], 1)
    shift = [0, CONFIG["tongue_height_offset"], CONFIG["tongue_depth_offset"]]
    moved = toy.data["shapes_mean_tongue"] + tongue * CONFIG["tongue_strength"] + shift
    jaw = [plain.jaw_motion(toy.data["neutral_jaw"], row.reshape(5, 3)) for row in said[:, end : end + 15]]
    eyes = plain.eye_angles(toy, said[:, -4:], fps, CONFIG["eye_saccade_seed"])
    return skin, plain.solved(toy.tongue, TONGUE_SOLVE, moved), np.array(jaw), eyes


def columns(wanted, names):
    return [wanted.index(name) for name in names]


@pytest.mark.parametrize("fps", [25.0, 30.0])
def test_every_formula_is_the_published_one(regression_toy, regression_model, fps):
    samples = voice(1.2)
    live = LiveFace(regression_model, take(fps), 16_000)
    frames = live.hear(samples, last=True)
    assert len(frames) == round(1.2 * fps)
    said = plain.regression_says(regression_toy, samples, fps, FELT, len(frames))
    skin, tongue, jaw, eyes = expected(regression_toy, said, fps)
    solved = frames.skin[:, columns(BLENDSHAPES, SKIN)]
    assert np.abs(np.diff(solved, axis=0)).max() > 0.05
    np.testing.assert_allclose(solved, skin, atol=1e-3)
    np.testing.assert_allclose(frames.tongue[:, columns(TONGUE_SHAPES, TONGUE)], tongue, atol=1e-3)
    np.testing.assert_allclose(frames.jaw, jaw, atol=1e-4)
    np.testing.assert_allclose(frames.eyes, eyes, atol=1e-3)
    others = [column for column, name in enumerate(BLENDSHAPES) if name not in SKIN]
    assert not frames.skin[:, others].any()


def test_motion_is_in_range_and_eyes_look_where_they_turn(regression_model):
    samples = voice(1.0)
    frames = LiveFace(regression_model, take(FPS), 16_000).hear(samples, last=True)
    motion = LiveFace(regression_model, take(FPS), 16_000).feed(samples, last=True)
    assert motion.blendshapes.shape == (30, 52)
    assert motion.tongue.shape == (30, 16)
    assert motion.blendshapes.min() >= 0
    assert motion.blendshapes.max() <= 1
    right_y = frames.eyes[:, 1] - CONFIG["right_eye_rot_y_offset"]
    inwards = motion.blendshapes[:, BLENDSHAPES.index("eyeLookInRight")]
    outwards = motion.blendshapes[:, BLENDSHAPES.index("eyeLookOutRight")]
    np.testing.assert_allclose(inwards - outwards, np.clip(right_y / 25, -1, 1), atol=1e-5)
    left_x = frames.eyes[:, 2]
    down = motion.blendshapes[:, BLENDSHAPES.index("eyeLookDownLeft")]
    np.testing.assert_allclose(down, np.clip(left_x / 25, 0, 1), atol=1e-5)


@pytest.mark.parametrize("holds_jaw", [True, False])
def test_a_closed_mouth_over_an_open_jaw_is_said_as_arkit_says_it(regression_model, holds_jaw):
    """NVIDIA's mouthClose is an open jaw with closed lips; ARKit's only closes what jawOpen opens."""
    random = np.random.default_rng(4)
    chin, lips = np.zeros((2, 50, 3), np.float32)
    chin[:20, 1] = -np.linspace(0.1, 1.0, 20)
    lips[20:25, 1] = 0.7
    close = lips + chin * holds_jaw
    neutral = random.standard_normal((50, 3)).astype(np.float32)
    solver = BlendshapeSolver(neutral, np.stack([chin, close]))
    share = share_of(Poses(("jawOpen", "mouthClose"), solver, np.arange(50)), "jawOpen", "mouthClose")
    assert share == pytest.approx(1.0 if holds_jaw else 0.0, abs=1e-6)
    geometry = replace(regression_model.geometry, open_in_close=share)
    live = LiveFace(replace(regression_model, geometry=geometry), take(FPS), 16_000)
    frames = live.hear(voice(0.4), last=True)
    skin = np.zeros_like(frames.skin)
    skin[:, BLENDSHAPES.index("mouthClose")] = 0.3
    skin[:, BLENDSHAPES.index("jawOpen")] = 0.1
    moving = live.moving(replace(frames, skin=skin)).skin[0]
    assert moving[BLENDSHAPES.index("jawOpen")] == pytest.approx(0.4 if holds_jaw else 0.1)
    assert moving[BLENDSHAPES.index("mouthClose")] == pytest.approx(0.3)


def test_strengths_of_an_expression_count(regression_model):
    samples = voice(0.8)

    def moved(**strengths):
        wanted = take(FPS)
        expression = Expression(emotions=FELT, **strengths)
        return LiveFace(regression_model, type(wanted)(expression, FPS, wanted.options), 16_000).feed(
            samples, True
        )

    brows, look = BLENDSHAPES.index("browInnerUp"), BLENDSHAPES.index("eyeLookInLeft")
    usual = moved()
    assert usual.blendshapes[:, brows].max() > 0.02
    assert not moved(brows=0.0).blendshapes[:, brows].any()
    assert not moved(gaze=0.0).blendshapes[:, look].any()
    assert not np.allclose(moved(mouth=0.2).blendshapes, usual.blendshapes, atol=0.02)
    assert np.array_equal(moved(seed=0).blendshapes, usual.blendshapes)
    assert not np.allclose(moved(seed=9).blendshapes, usual.blendshapes, atol=0.002)


@pytest.mark.parametrize(
    "options",
    [
        {"input_strength": 0.3}, {"upper_face": 0.2}, {"lower_face": 0.2}, {"skin": 0.3}, {"tongue": 0.1},
        {"eyes": 0.0}, {"saccades": 0.0}, {"upper_smoothing": 90.0}, {"lower_smoothing": 90.0},
        {"eyelids": 0.9}, {"lips": 0.2}, {"mask_level": 0.3}, {"mask_softness": 9.0}, {"tongue_height": 1.0},
        {"tongue_depth": 1.0},
    ],
    ids=lambda options: next(iter(options)),
)  # fmt: skip
def test_every_option_moves_something(regression_model, options):
    samples = voice(0.5)
    usual = LiveFace(regression_model, take(FPS), 16_000).feed(samples, True)
    changed = LiveFace(regression_model, take(FPS, **options), 16_000).feed(samples, True)
    moved = max(
        np.abs(changed.blendshapes - usual.blendshapes).max(), np.abs(changed.tongue - usual.tongue).max()
    )
    assert moved > 0.003
