"""What a viewer sees of a mouth in whole frames: lips, teeth, tongue; on a photo and on a drawn face."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.facemesh.anatomy import (
    LOWER_OUTER_LIP,
    UPPER_INNER_LIP,
    UPPER_OUTER_LIP,
    FaceFrame,
    face_frame,
)
from engines.facemesh.animator import FacemeshAnimator, Scene
from engines.facemesh.deform import Deformer
from engines.facemesh.mesh import face_triangles
from engines.facemesh.mouth_light import luma
from engines.facemesh.rest import LIP_ROWS, measure_rest
from engines.facemesh.shapes import build_shapes
from engines.photos import make_portrait, read_photo
from engines.progress import Watch
from engines.registry import create_stage, get_engine
from engines.speech2face import Speech2FaceOptions
from engines.speech2face.driver import create as create_driver
from engines.types import BLENDSHAPE_INDEX, TONGUE_SHAPES, Arrays, Expression, Image, Portrait
from studio.library import Library
from tests.engines.facemesh.conftest import weights_row

STILL = np.zeros(6, np.float32)


@pytest.fixture(scope="module")
def drawn() -> Portrait:
    """A drawn face with closed red lips."""
    return make_portrait(read_photo(Library(Path()).samples()[0].source), 0, None)


@pytest.fixture(scope="module")
def drawn_scene(drawn: Portrait) -> Scene:
    return Scene(FacemeshAnimator().prepare(drawn), 0.4)


@pytest.fixture(scope="module")
def scene(prepared: Arrays) -> Scene:
    return Scene(prepared, 0.4)


def shown(scene: Scene, tongue: dict[str, float] | None = None, **weights: float) -> Image:
    row = np.zeros(len(TONGUE_SHAPES), np.float32)
    for name, value in (tongue or {}).items():
        row[TONGUE_SHAPES.index(name)] = value
    return scene.render(weights_row(weights), STILL, row)


def mouth_box(portrait: Portrait) -> tuple[slice, slice]:
    """Rows and columns around the mouth, from the nose to half way down the chin."""
    points = portrait.landmarks[:, :2]
    iod = face_frame(portrait.landmarks).iod
    x, y = points[[13, 14]].mean(0)
    return np.s_[round(y - 0.2 * iod) : round(y + 0.35 * iod)], np.s_[
        round(x - 0.3 * iod) : round(x + 0.3 * iod)
    ]


def redness(pixels: np.ndarray) -> np.ndarray:
    colours = pixels.astype(float)
    return (colours[..., 0] - colours[..., 1]) / np.maximum(luma(colours), 8)


def red_height(portrait: Portrait, image: Image) -> float:
    """Height of the red of both lips in the middle of the mouth, iod."""
    points, iod = portrait.landmarks[:, :2], face_frame(portrait.landmarks).iod
    lip = np.median(redness(portrait.rgb[tuple(points[[15, 16, 85, 315]].round().astype(int).T[::-1])]))
    skin = np.median(redness(portrait.rgb[tuple(points[[164, 18, 200, 83]].round().astype(int).T[::-1])]))
    rows, _ = mouth_box(portrait)
    x, half = round(float(points[13, 0])), max(round(0.04 * iod), 1)
    middle = image[rows, x - half : x + half]
    # The inside of the mouth is red as well, but dark.
    lips = (redness(middle) > (lip + skin) / 2) & (luma(middle) > 60)
    return float(lips.sum() / middle.shape[1] / iod)


def test_an_open_mouth_gets_a_closed_line(scene: Scene, portrait: Portrait, frame: FaceFrame):
    """The photo laughs; at rest one dark line runs where the lips meet, and no teeth are left."""
    image = shown(scene)
    rows, columns = mouth_box(portrait)
    brightness = luma(image[rows, columns])
    middle = brightness[:, brightness.shape[1] // 2 - 4 : brightness.shape[1] // 2 + 4].mean(axis=1)
    line = int(np.argmin(middle[: round(0.35 * frame.iod)]))
    away = max(round(0.05 * frame.iod), 2)
    assert middle[line] < 0.85 * min(middle[line - away], middle[line + away])
    photo_teeth = luma(portrait.rgb[rows, columns].astype(float)) > 225
    assert photo_teeth.sum() > 60
    near = np.s_[max(line - away, 0) : line + away]
    assert (brightness[near] > 225).sum() < 0.1 * photo_teeth.sum()


def test_teeth_show_in_an_open_smile(scene: Scene, drawn_scene: Scene, portrait: Portrait, drawn: Portrait):
    for face, photo in ((scene, portrait), (drawn_scene, drawn)):
        box = mouth_box(photo)
        smile = shown(face, mouthSmile=0.8, jawOpen=0.25)[box]
        rest = shown(face)[box]
        iod = face_frame(photo.landmarks).iod
        pale = (redness(smile) < 0.22) & (luma(smile) > 0.5 * np.median(luma(rest)))
        pale &= np.abs(smile.astype(int) - rest).max(axis=2) > 20
        assert pale.sum() > 0.006 * iod**2


def test_the_red_of_rounded_lips_is_fuller(drawn_scene: Scene, drawn: Portrait):
    before = red_height(drawn, shown(drawn_scene))
    assert red_height(drawn, shown(drawn_scene, mouthPucker=1.0)) > 1.1 * before
    assert red_height(drawn, shown(drawn_scene, mouthFunnel=0.5)) > 1.05 * before
    assert red_height(drawn, shown(drawn_scene, mouthRollUpper=1.0, mouthRollLower=1.0)) < 0.65 * before


def test_rounded_lips_open_to_a_round_hole(drawn_scene: Scene, drawn: Portrait):
    """Width over height of the dark opening: rounded far less than spread."""
    rows, columns = mouth_box(drawn)

    def slimness(**weights: float) -> float:
        dark = luma(shown(drawn_scene, **weights)[rows, columns]) < 45
        return float(np.ptp(np.flatnonzero(dark.any(axis=0))) / np.ptp(np.flatnonzero(dark.any(axis=1))))

    assert slimness(jawOpen=0.3, mouthPucker=0.6, mouthFunnel=0.4) < 0.65 * slimness(jawOpen=0.3)


def test_a_lower_lip_drawn_down_bares_lower_teeth(drawn_scene: Scene, drawn: Portrait):
    points, iod = drawn.landmarks[:, :2], face_frame(drawn.landmarks).iod
    x, y = points[14].round().astype(int)
    part = np.s_[y : y + round(0.05 * iod), x - round(0.08 * iod) : x + round(0.08 * iod)]
    image = shown(drawn_scene, mouthLowerDown=1.0)[part]
    pale = (redness(image) < 0.35) & (luma(image) > 60)
    assert pale.mean() > 0.4


def test_the_tongue_of_th_and_l_is_seen_in_speech(drawn_scene: Scene, drawn: Portrait):
    engine = get_engine("espeak")
    speech = create_stage(engine, "voice").speak(
        "Both, thin, lull.", "en-us", engine.parse_options({}), Watch()
    )
    motion = create_driver().drive(speech, Expression(), 25.0, Speech2FaceOptions())
    assert motion.tongue is not None
    out = int(motion.blendshapes[:, BLENDSHAPE_INDEX["tongueOut"]].argmax())
    up = int(motion.tongue[:, TONGUE_SHAPES.index("tongueTipUp")].argmax())
    for i in (out, up):
        weights = np.clip(motion.blendshapes[i], 0, 1)
        without = weights.copy()
        without[BLENDSHAPE_INDEX["tongueOut"]] = 0.0
        box = mouth_box(drawn)
        seen = drawn_scene.render(weights, STILL, motion.tongue[i])[box]
        bare = drawn_scene.render(without, STILL, np.zeros_like(motion.tongue[i]))[box]
        pinker = (seen[..., 0].astype(int) - bare[..., 0] > 25) & (redness(seen) > 0.25)
        assert pinker.sum() > 0.004 * face_frame(drawn.landmarks).iod ** 2


def test_the_tongue_comes_out_below_the_upper_teeth(drawn_scene: Scene, drawn: Portrait):
    box = mouth_box(drawn)
    inside = shown(drawn_scene, jawOpen=0.4)[box]
    out = shown(drawn_scene, jawOpen=0.4, tongueOut=1.0)[box]
    teeth = (redness(inside) < 0.22) & (luma(inside) > 70)
    teeth[: round(0.16 * face_frame(drawn.landmarks).iod)] = False
    assert teeth.any()
    change = np.abs(inside.astype(int) - out).max(axis=2)
    below = np.flatnonzero(teeth.any(axis=1))
    middle = len(change) * 2 // 3
    assert (change[middle] > 25).mean() > 0.15
    assert (change[below[0] : below[0] + 2][teeth[below[0] : below[0] + 2]] < 25).all()


@pytest.mark.parametrize("turn", [-30.0, 30.0])
@pytest.mark.parametrize(
    "weights",
    [{"mouthPucker": 1.0}, {"mouthFunnel": 1.0, "jawOpen": 0.3}, {"mouthSmile": 1.0}, {"jawOpen": 0.7}],
    ids=lambda weights: "+".join(weights),
)
def test_lips_of_a_turned_face_do_not_fold_over(portrait: Portrait, turn: float, weights: dict[str, float]):
    cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    middle = portrait.landmarks.mean(0)
    turned = (portrait.landmarks - middle) @ np.array(
        [[cosine, 0, -sine], [0, 1, 0], [sine, 0, cosine]]
    ) + middle
    frame = face_frame(turned)
    deformer = Deformer(turned, frame, build_shapes(measure_rest(turned, frame)))
    corners = {*LIP_ROWS[[3, 7]].ravel().tolist(), *LIP_ROWS[[2, 6]].ravel().tolist()}
    triangles = np.array([row for row in face_triangles() if set(row.tolist()) <= corners])

    def areas(**shapes: float) -> np.ndarray:
        face = deformer.deform(weights_row(shapes), STILL, 0.0).face[:, :2]
        a, b, c = (face[triangles[:, i]] for i in range(3))
        return (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]

    before, after = areas(), areas(**weights)
    solid = np.abs(before) > np.median(np.abs(before)) * 0.2
    assert (np.sign(before) == np.sign(after))[solid].mean() > 0.95


def test_the_upper_lip_keeps_its_bow_when_wide_open(portrait: Portrait, frame: FaceFrame):
    """The two peaks of the upper lip stay above the dip between them."""
    deformer = Deformer(portrait.landmarks, frame, build_shapes(measure_rest(portrait.landmarks, frame)))

    def dip(**weights: float) -> float:
        edge = frame.to_local(deformer.deform(weights_row(weights), STILL, 0.4).face)[list(UPPER_OUTER_LIP), 1]
        return float(edge[5] - min(edge[4], edge[6]))

    rest, wide = dip(), dip(jawOpen=1.0)
    assert rest > 0
    assert wide > 0.6 * rest


def test_lips_are_named_in_order(portrait: Portrait):
    """The rows that the tests above rely on run from the picture's left to its right."""
    for row in (UPPER_INNER_LIP, UPPER_OUTER_LIP, LOWER_OUTER_LIP):
        assert np.all(np.diff(portrait.landmarks[list(row), 0]) > -1)


def test_a_scene_paints_the_same_frame_twice(drawn_scene: Scene):
    first, second = (shown(drawn_scene, jawOpen=0.4, tongueOut=0.6, mouthSmile=0.5) for _ in range(2))
    assert np.array_equal(first, second)
    assert cv2.PSNR(first, shown(drawn_scene)) < 45
