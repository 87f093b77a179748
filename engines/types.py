"""The values that flow: words -> Speech -> Motion -> frames -> Clip.

All are frozen dataclasses. Arrays inside are NumPy and are treated as read-only by whoever receives them.
Ranges that a person can set are declared with pydantic's ``Field`` in ``Annotated``: the same declaration
validates requests and makes sliders, command-line flags and the REST schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

Float32 = NDArray[np.float32]
Image = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB."""
Arrays = dict[str, NDArray[Any]]
"""Named arrays: how an engine hands over what may be cached (never objects, never pickle)."""

EMOTIONS: tuple[str, ...] = (
    "amazement", "anger", "cheekiness", "disgust", "fear",
    "grief", "joy", "outofbreath", "pain", "sadness",
)  # fmt: skip
"""The ten emotions of Audio2Face-3D, in its order. Neutral is all of them at zero."""

BLENDSHAPES: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight", "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose",
    "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight",
    "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft",
    "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""The 52 ARKit shapes in NVIDIA's file order. Left and right are the person's own."""

TONGUE_SHAPES: tuple[str, ...] = (
    "tongueTipUp", "tongueTipDown", "tongueTipLeft", "tongueTipRight", "tongueRollUp", "tongueRollDown",
    "tongueRollLeft", "tongueRollRight", "tongueUp", "tongueDown", "tongueLeft", "tongueRight", "tongueIn",
    "tongueStretch", "tongueWide", "tongueNarrow",
)  # fmt: skip

BLENDSHAPE_INDEX: Mapping[str, int] = {name: index for index, name in enumerate(BLENDSHAPES)}

Strength = Annotated[float, Field(ge=0.0, le=1.0)]


@dataclass(frozen=True)
class Phone:
    """One speech sound. ``start`` and ``end`` in seconds; ``ipa`` may carry stress marks; "" is a pause."""

    start: float
    end: float
    ipa: str


@dataclass(frozen=True)
class Speech:
    """Mono speech.

    ``samples``: (N,) float32 in [-1, 1]; ``sample_rate`` in Hz; ``phones`` in time order where known;
    ``word_starts`` in seconds where known; ``text`` and ``language`` (BCP-47-like tag) where known.
    """

    samples: Float32
    sample_rate: int
    text: str | None = None
    language: str | None = None
    phones: tuple[Phone, ...] = ()
    word_starts: tuple[float, ...] = ()

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate


@dataclass(frozen=True)
class Alignment:
    """A recording against its text: ``speech`` is the recording with the phones that were found in it.

    ``share``: how much of what is said follows the text, 0 to 1; at 0 ``speech`` is as it was. ``astray``: when
    the longest stretch of speech begins that does not follow it, and how much is said in it, both in seconds.
    """

    speech: Speech
    share: float
    astray: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class EmotionKey:
    """The emotions wanted from ``time`` (s) on; weights in [0, 1] by name, absent names are 0."""

    time: Annotated[float, Field(ge=0.0)] = 0.0
    weights: dict[str, Strength] = field(default_factory=dict)


@dataclass(frozen=True)
class Expression:
    """How it should feel. Emotions are constant (one key) or keyed over time; between keys they blend.

    Strengths: ``mouth`` scales articulation and ``gaze``, ``brows``, ``blink``, ``head``, ``breathing`` the
    life of the face; 1 is natural, 0 is off. The same ``seed`` gives the same motion.
    """

    emotions: tuple[EmotionKey, ...] = ()
    mouth: Annotated[float, Field(ge=0.0, le=2.0, title="Mouth")] = 1.0
    brows: Annotated[float, Field(ge=0.0, le=2.0, title="Brows")] = 1.0
    blink: Annotated[float, Field(ge=0.0, le=1.0, title="Blinking")] = 1.0
    gaze: Annotated[float, Field(ge=0.0, le=1.0, title="Gaze")] = 1.0
    head: Annotated[float, Field(ge=0.0, le=1.0, title="Head motion")] = 1.0
    breathing: Annotated[float, Field(ge=0.0, le=1.0, title="Breathing")] = 1.0
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


@dataclass(frozen=True)
class Motion:
    """What a face does, frame by frame. This is what is exported, streamed, previewed and tested.

    ``blendshapes``: (T, 52) float32 in [0, 1], order of ``BLENDSHAPES``. jawOpen 1.0 opens the inner lips by
    0.35 inter-ocular distances (outer eye corner to outer eye corner, "iod"); mouthClose equal to jawOpen
    keeps the lips sealed over an open jaw. All zero is a relaxed face with closed lips and open eyes.
    ``head``: (T, 6) float32: yaw, pitch, roll in degrees, then x, y, z in iod, relative to the photo.
    Yaw > 0 turns the face to the picture's right, pitch > 0 looks up, roll > 0 tilts clockwise in the
    picture; x is to the picture's right, y up, z towards the viewer.
    ``tongue``: (T, 16) float32 in [0, 1] if known, order of ``TONGUE_SHAPES``. ``first``: which frame of the
    clip the first row is.
    """

    fps: float
    blendshapes: Float32
    head: Float32
    tongue: Float32 | None = None
    first: int = 0

    def __len__(self) -> int:
        return len(self.blendshapes)

    def cut(self, first: int, end: int | None = None) -> Motion:
        """The frames from ``first`` to before ``end``, or to the last."""
        tongue = None if self.tongue is None else self.tongue[first:end]
        start = self.first + first
        return Motion(self.fps, self.blendshapes[first:end], self.head[first:end], tongue, start)


EyeSide = Literal["left", "right"]
"""The person's own."""


@dataclass(frozen=True)
class Portrait:
    """A photo ready for an animator.

    ``rgb``: (H, W, 3) uint8 at output size (even sides). ``landmarks``: (468, 3) float32, MediaPipe face mesh
    points in pixels of ``rgb`` (x right, y down, z away from the viewer in the same unit). ``others``: the same
    of every other face in the picture. ``source``: the larger picture that ``rgb`` was shrunk from, if it was.
    ``settled_eyes``: those whose lids a person has put in place, so that nothing may move them any more;
    ``settled_mouth``: the same of the lips.
    """

    rgb: Image
    landmarks: Float32
    others: tuple[Float32, ...] = ()
    source: Image | None = None
    settled_eyes: frozenset[EyeSide] = frozenset()
    settled_mouth: bool = False


@dataclass(frozen=True)
class FrameSpec:
    """What a stream of frames will be: pixels, frames per second, number of frames, RGBA instead of RGB."""

    width: int
    height: int
    fps: float
    count: int
    alpha: bool = False


@dataclass(frozen=True)
class FrameStream:
    """Frames that are made as they are asked for: an iterator of ``spec.count`` (H, W, 3) uint8 RGB arrays, or
    (H, W, 4) RGBA with straight alpha.

    Every frame is an array of its own, so that some can be made ahead while earlier ones are in use. ``notes``:
    sentences for the user about how they are made. ``first``: which frame of the clip the stream begins with.
    ``faces``: (count, 4) float32 px, the face's left, top, right, bottom in every frame, hairline to chin and
    cheek to cheek; a row of NaN where no face can be used; None where nobody knows yet. ``late``: further
    sentences for the user, which come up while frames are being made; whole when the last one is.
    """

    spec: FrameSpec
    frames: Iterator[Image]
    notes: tuple[str, ...] = ()
    faces: Float32 | None = None
    first: int = 0
    late: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Words:
    """What is said: ``text`` spoken by ``voice`` (see engines.voices), or the recording at ``audio``.

    With both, ``audio`` is what is heard, ``text`` is what is said in it, and ``voice`` tells its language.
    """

    text: str | None = None
    voice: str = "en-us"
    audio: str | None = None


MAX_SHIFT = 0.5


@dataclass(frozen=True)
class HandleShift:
    """A point of the face that a person moved; ``handle`` is a name of ``engines.adjust.HANDLES``.

    ``dx`` (to the picture's right) and ``dy`` (down) in iod of the face as it was found.
    """

    handle: str
    dx: Annotated[float, Field(ge=-MAX_SHIFT, le=MAX_SHIFT)] = 0.0
    dy: Annotated[float, Field(ge=-MAX_SHIFT, le=MAX_SHIFT)] = 0.0


@dataclass(frozen=True)
class PlacedFace:
    """Where a person put a face that was not found, by its outer eye corners.

    ``x`` and ``y``: the middle between them in fractions of the picture's width and height; ``iod``: their
    distance in fractions of its width; ``roll`` in degrees clockwise.
    """

    x: Annotated[float, Field(ge=0.0, le=1.0)]
    y: Annotated[float, Field(ge=0.0, le=1.0)]
    iod: Annotated[float, Field(gt=0.0, le=1.0)]
    roll: Annotated[float, Field(ge=-50.0, le=50.0)] = 0.0


@dataclass(frozen=True)
class AvatarRef:
    """Which picture talks: ``source`` is a path; ``face`` counts faces from the largest, 0 first.

    ``adjust``: what a person corrected of the points found. ``placed``: a face put there by hand, used in place
    of whatever is found.
    """

    source: str
    face: Annotated[int, Field(ge=0)] = 0
    adjust: tuple[HandleShift, ...] = ()
    placed: PlacedFace | None = None


Encoding = Literal["quick", "usual", "fine"]
"""How much time the encoder takes for how good and small a file; see engines.encode."""


@dataclass(frozen=True)
class Output:
    """``fps``: frames per second; ``size``: long side in pixels, None for the photo's own up to 1080."""

    fps: Annotated[float, Field(ge=5.0, le=60.0)] = 25.0
    size: Annotated[int, Field(ge=64, le=3840)] | None = None
    encoding: Encoding = "usual"


@dataclass(frozen=True)
class RenderRequest:
    """One clip, as one JSON document: the page, the CLI, the API, jobs and cache keys all use it.

    ``options``: per engine name, the fields of its options dataclass that differ from their defaults.
    ``finish``: engines that go over the frames after those of the recipe, in order.
    """

    avatar: AvatarRef
    words: Words
    expression: Expression = field(default_factory=Expression)
    recipe: str = "instant"
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    output: Output = field(default_factory=Output)
    finish: tuple[str, ...] = ()


@dataclass(frozen=True)
class StageTime:
    """Wall time in seconds of one stage of a render, and whether it came from the cache."""

    stage: str
    seconds: float
    cached: bool = False


@dataclass(frozen=True)
class Clip:
    """A finished video: where it is, what made it and how long each stage took.

    ``duration`` in seconds. ``notes`` are sentences for the user, e.g. that one of several faces was taken.
    """

    path: Path
    duration: float
    width: int
    height: int
    fps: float
    frames: int
    request: RenderRequest
    engines: dict[str, str]
    times: tuple[StageTime, ...] = ()
    notes: tuple[str, ...] = ()
