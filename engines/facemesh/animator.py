"""The animator: a photo and a motion make frames."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from engines.errors import StudioError
from engines.facemesh.anatomy import (
    LEFT_EYE_LOWER,
    LEFT_EYE_UPPER,
    LOWER_INNER_LIP,
    POINTS,
    RIGHT_EYE_LOWER,
    RIGHT_EYE_UPPER,
    UPPER_INNER_LIP,
    FaceFrame,
    Floats,
    Row,
    face_frame,
)
from engines.facemesh.body import background_note, make_layer, matte_arrays
from engines.facemesh.boxes import face_boxes
from engines.facemesh.creases import CreaseLayer, prepare_creases
from engines.facemesh.curves import smoothstep
from engines.facemesh.deform import Deformed, Deformer, deformer_arrays, deformer_from_arrays
from engines.facemesh.detail import detail_arrays, detail_from_arrays
from engines.facemesh.eyes import EyeLayer, EyePose, prepare_eyes
from engines.facemesh.eyes_fit import fitted_lids
from engines.facemesh.eyes_glasses import GlassesLayer, hidden_by, take_off
from engines.facemesh.layers import Layer
from engines.facemesh.mesh import CUT_OUT_SCALES, RING_SCALES
from engines.facemesh.mouth import MouthLayer, MouthPose
from engines.facemesh.mouth_fit import fitted_lips
from engines.facemesh.mouth_prepare import prepare_mouth
from engines.facemesh.rest import measure_rest
from engines.facemesh.seam import draw_parting
from engines.facemesh.shapes import build_shapes
from engines.facemesh.shapes_eyes import LOOK_ACROSS, LOOK_UPDOWN
from engines.facemesh.shapes_jaw import OPEN_AT_ONE
from engines.facemesh.warp import make_canvas
from engines.types import BLENDSHAPE_INDEX as INDEX
from engines.types import TONGUE_SHAPES, Arrays, Float32, FrameSpec, FrameStream, Image, Motion, Portrait

if TYPE_CHECKING:
    from engines.facemesh import FacemeshOptions

SMALLEST_IOD = 20.0
"""Inter-ocular distance in px below which a face cannot be animated."""
JAW_SHARE = 0.6
"""How far the lower teeth drop, of an opening of the lips."""
OPENS_FULLY = 0.05
"""Opening (iod) from which on the line between closed lips has given way to the inside of the mouth."""
_MOUTH = (UPPER_INNER_LIP, LOWER_INNER_LIP)


class Scene:
    """One prepared photo while it is animated. Not shared between threads."""

    def __init__(self, prepared: Arrays, keep_smile: float, layer: Layer | None = None) -> None:
        """``layer``: the person over another background; without it the photo is bent in one piece."""
        self.photo: Image = prepared["body.photo"] if layer is None else layer.colours
        scales = RING_SCALES if layer is None else CUT_OUT_SCALES
        self._deformer: Deformer = deformer_from_arrays(prepared, scales)
        self._keep_smile = keep_smile
        frame = self._deformer.frame
        self._mouth = MouthLayer(prepared, frame)
        self._eyes = EyeLayer(prepared, frame)
        self._creases = CreaseLayer(prepared, frame)
        self._glasses = GlassesLayer(prepared, self._deformer.solid)
        self._canvas = make_canvas(
            self.photo, self._deformer.mesh.triangles, detail_from_arrays(prepared, self.photo), layer
        )
        self._mouth_depth = self._deformer.depth_at(UPPER_INNER_LIP)
        self._eye_depth = {
            "right": self._deformer.depth_at(RIGHT_EYE_UPPER),
            "left": self._deformer.depth_at(LEFT_EYE_UPPER),
        }

    def render(self, weights: Floats, pose: Floats, tongue: Floats | None) -> Image:
        """One frame, (H, W, 3) uint8 RGB, or RGBA in front of nothing."""
        shape = self._deformer.deform(weights, pose, self._keep_smile)
        frame = self._canvas.warp(shape.vertices, shape.values)
        self._creases.paint(frame, shape.vertices, weights)
        for eye in self._eye_poses(shape, weights):
            self._eyes.paint(frame, eye)
        self._glasses.paint(frame, shape.head)
        mouth = self._mouth_pose(shape, weights, tongue)
        draw_parting(frame, mouth.upper, mouth.lower, self._deformer.frame.iod, self._deformer.rest.parted)
        self._mouth.paint(frame, mouth)
        return self._canvas.finish(frame)

    def face_boxes(self, poses: Float32) -> Float32:
        """(T, 4) px: where the face is under each row of ``poses`` (T, 6), as in ``FrameStream.faces``."""
        return face_boxes(self._deformer, poses)

    def _mouth_pose(self, shape: Deformed, weights: Floats, tongue: Floats | None) -> MouthPose:
        upper, lower = self._lip_edges(shape)
        raised, out = _tongue(weights, tongue)
        return MouthPose(
            upper=upper,
            lower=lower,
            head=shape.head.affine(self._mouth_depth).astype(np.float32),
            jaw=JAW_SHARE * OPEN_AT_ONE * float(weights[INDEX["jawOpen"]]),
            tongue_up=raised,
            tongue_out=out,
            bared=max(float(weights[INDEX[f"mouthLowerDown{side}"]]) for side in ("Left", "Right")),
        )

    def _lip_edges(self, shape: Deformed) -> tuple[Floats, Floats]:
        """Where the inside of the mouth begins: the photo's line between the lips gives way as they part."""
        upper, lower = (shape.vertices[list(row), :2] for row in _MOUTH)
        slack = self._deformer.rest.slack
        shown = np.clip(shape.opening.max() / OPENS_FULLY, 0.0, 1.0)
        total = shape.opening + slack
        share = (total - slack * (1 - shown)) / np.maximum(total, 1e-6)
        middle, half = (upper + lower) / 2, (lower - upper) / 2 * share[:, None]
        return (middle - half).astype(np.float32), (middle + half).astype(np.float32)

    def _eye_poses(self, shape: Deformed, weights: Floats) -> Iterator[EyePose]:
        for side, upper, lower in _SIDES:
            name = side.capitalize()
            look = {way: float(weights[INDEX[f"eyeLook{way}{name}"]]) for way in ("In", "Out", "Up", "Down")}
            outwards = look["Out"] - look["In"] if side == "left" else look["In"] - look["Out"]
            yield EyePose(
                side=side,
                upper=shape.vertices[list(upper), :2],
                lower=shape.vertices[list(lower), :2],
                head=shape.head.affine(self._eye_depth[side]).astype(np.float32),
                gaze=np.array([LOOK_ACROSS * outwards, LOOK_UPDOWN * (look["Down"] - look["Up"])], np.float32),
                blink=float(weights[INDEX[f"eyeBlink{name}"]]),
            )


_SIDES: tuple[tuple[str, Row, Row], ...] = (
    ("right", RIGHT_EYE_UPPER, RIGHT_EYE_LOWER),
    ("left", LEFT_EYE_UPPER, LEFT_EYE_LOWER),
)


def _tongue(weights: Floats, tongue: Floats | None) -> tuple[float, float]:
    """How far the tongue's tip is raised and how far it is out, 0 to 1."""
    out = float(weights[INDEX["tongueOut"]])
    if tongue is None:
        return 0.0, out
    raised = max(
        float(tongue[TONGUE_SHAPES.index(name)]) for name in ("tongueTipUp", "tongueUp", "tongueRollUp")
    )
    # In running speech a neighbouring sound takes half of the way, yet the tip still touches.
    return float(smoothstep(np.array(raised), 0.1, 0.65)), out


class FacemeshAnimator:
    """Moves a photo by bending a mesh over it; mouth and eyes are painted in."""

    def prepare(self, portrait: Portrait) -> Arrays:
        """Shapes, layers and the photo itself. Raises StudioError if the face is too small to move."""
        frame = face_frame(portrait.landmarks)
        if frame.iod < SMALLEST_IOD:
            raise StudioError(
                "The face is too small to animate; use a photo where it is at least 90 pixels wide."
            )
        bare, glasses = take_off(portrait, frame)
        # The person's edge has nothing to do with the face: both are looked for side by side.
        with ThreadPoolExecutor(1) as beside:
            matte = beside.submit(matte_arrays, portrait, bare.rgb, frame.iod)
            return {**self._prepare_face(bare, glasses, frame), **matte.result()}

    def _prepare_face(self, portrait: Portrait, glasses: Arrays, frame: FaceFrame) -> Arrays:
        """``portrait`` without the ``glasses`` that were taken off it."""
        hidden = hidden_by(glasses, portrait.rgb.shape)
        portrait = fitted_lips(fitted_lids(portrait, frame, hidden), frame)
        shapes = build_shapes(measure_rest(portrait.landmarks, frame))
        return {
            "body.photo": np.ascontiguousarray(portrait.rgb),
            "body.others": np.array(portrait.others, np.float32).reshape(-1, POINTS, 3),
            **deformer_arrays(portrait.landmarks, frame, shapes),
            **detail_arrays(portrait),
            **prepare_mouth(portrait, frame),
            **prepare_eyes(portrait, frame, hidden),
            **prepare_creases(portrait, frame),
            **glasses,
        }

    def animate(self, prepared: Arrays, motion: Motion, options: FacemeshOptions) -> FrameStream:
        """One frame for every row of ``motion``, each a new array, made when it is asked for."""
        height, width = prepared["body.photo"].shape[:2]
        note = background_note(prepared, options)
        layer = make_layer(prepared, options)
        spec = FrameSpec(width, height, motion.fps, len(motion), alpha=options.transparent)
        scene = Scene(prepared, options.keep_smile, layer)
        notes = (note,) if note else ()
        return FrameStream(spec, _frames(scene, motion), notes, scene.face_boxes(motion.head))


def _frames(scene: Scene, motion: Motion) -> Iterator[Image]:
    for i in range(len(motion)):
        tongue = None if motion.tongue is None else motion.tongue[i]
        yield scene.render(np.clip(motion.blendshapes[i], 0.0, 1.0), motion.head[i], tongue)


def create() -> FacemeshAnimator:
    """The factory named in the engine's declaration."""
    return FacemeshAnimator()
