"""Audio2Face-3D: NVIDIA's networks turn speech and feelings into the motion of a face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from engines.registry import Engine, Recipe

ModelChoice = Literal["best", "claire_v3", "james_v3", "mark_v3", "mark", "claire", "james"]
"""The faces: those of the diffusion model v3.0, and the regression models v2.3 with a network each."""

_ONE = ("model", "network", "network_info", "trt_info", "model_config", "model_data", "implicit_emo_db")
_SHAPES = ("bs_skin", "bs_skin_config", "bs_tongue", "bs_tongue_config")
_OF_A_FACE = ("model_config", "model_data", *_SHAPES)
FACES = ("Claire", "James", "Mark")

GROUPS = {
    "v3": (
        *("model", "network", "network_info", "trt_info"),
        *(f"{stem}_{face}" for face in FACES for stem in _OF_A_FACE),
    ),
    "mark": (*_ONE, *_SHAPES),
    "claire": (*_ONE, *_SHAPES),
    "james": (*_ONE, *_SHAPES),
    "emotion": ("model", "network", "network_info", "trt_info", "model_config"),
}
"""The files of each model folder, by the last part of their names in models/weights.toml."""


@dataclass(frozen=True)
class Audio2FaceOptions:
    """What can be set beyond the expression itself.

    Strengths are factors on what the makers of a model chose for it, offsets are added to it: 1 and 0 leave a
    model as it came. ``emotions``: "chosen" takes the expression's, "heard" what Audio2Emotion hears in the
    voice, "both" draws what is heard towards the chosen ones.
    """

    model: Annotated[
        ModelChoice,
        Field(
            title="Model",
            description="Whose way of speaking it takes on. Best is the first of the others that is there.",
        ),
    ] = "best"
    emotions: Annotated[
        Literal["chosen", "heard", "both"],
        Field(title="Emotions", description="Chosen on this page, heard in the voice (needs Audio2Emotion)."),
    ] = "chosen"
    input_strength: Annotated[
        float, Field(title="Loudness of the voice", ge=0.0, le=4.0, description="How loud the model hears it.")
    ] = 1.0
    upper_face: Annotated[float, Field(title="Upper face", ge=0.0, le=2.0)] = 1.0
    lower_face: Annotated[float, Field(title="Lower face", ge=0.0, le=2.0)] = 1.0
    skin: Annotated[float, Field(title="Whole face", ge=0.0, le=2.0)] = 1.0
    tongue: Annotated[float, Field(title="Tongue", ge=0.0, le=2.0)] = 1.0
    eyes: Annotated[float, Field(title="Eye motion", ge=0.0, le=2.0)] = 1.0
    saccades: Annotated[float, Field(title="Small eye jumps", ge=0.0, le=2.0)] = 1.0
    upper_smoothing: Annotated[float, Field(title="Smoothing, upper face (ms)", ge=0.0, le=100.0)] = 0.0
    lower_smoothing: Annotated[float, Field(title="Smoothing, lower face (ms)", ge=0.0, le=100.0)] = 0.0
    eyelids: Annotated[
        float, Field(title="Eyelids", ge=-1.0, le=1.0, description="Above 0 the eyes are open further.")
    ] = 0.0
    lips: Annotated[
        float, Field(title="Lips", ge=-0.2, le=0.2, description="Above 0 the lips are further apart.")
    ] = 0.0
    mask_level: Annotated[
        float, Field(title="Where the lower face ends", ge=-0.5, le=0.5, description="In heights of the head.")
    ] = 0.0
    mask_softness: Annotated[
        float, Field(title="Softness of that border", ge=0.1, le=10.0, description="A factor.")
    ] = 1.0
    tongue_height: Annotated[float, Field(title="Height of the tongue", ge=-3.0, le=3.0)] = 0.0
    tongue_depth: Annotated[float, Field(title="Depth of the tongue", ge=-3.0, le=3.0)] = 0.0
    fresh_noise: Annotated[
        bool,
        Field(
            title="New noise all the time",
            description="For the v3 models: livelier and less even, and it takes longer.",
        ),
    ] = False
    heard_strength: Annotated[
        float, Field(title="Strength of heard emotions", ge=0.0, le=2.0, description="A factor.")
    ] = 1.0
    heard_contrast: Annotated[
        float, Field(title="Contrast of heard emotions", ge=0.1, le=3.0, description="A factor.")
    ] = 1.0
    heard_most: Annotated[int, Field(title="Heard emotions at once", ge=1, le=6)] = 6
    heard_inertia: Annotated[
        float, Field(title="Inertia of heard emotions", ge=0.0, le=1.0, description="1 never changes.")
    ] = 0.7
    heard_transition: Annotated[
        float, Field(title="Change of heard emotions (s)", ge=0.1, le=1.0, description="How long one takes.")
    ] = 0.5
    chosen_share: Annotated[
        float, Field(title="Share of the chosen emotions", ge=0.0, le=1.0, description="Where both count.")
    ] = 0.5


ENGINE = Engine(
    name="audio2face",
    title="Audio2Face-3D",
    version="1",
    stages={"driver": "engines.audio2face.driver:create"},
    licence="NVIDIA Open Model License; Audio2Emotion has its own",
    options=Audio2FaceOptions,
    weights=tuple(f"audio2face.{group}.{name}" for group, names in GROUPS.items() for name in names),
    memory=1536 << 20,
    readiness="engines.audio2face.files:readiness",
    cost="engines.audio2face.files:cost",
    recipes=(
        Recipe(
            name="audio2face",
            title="Audio2Face",
            summary="NVIDIA's Audio2Face-3D moves the face: closer to the voice, with ten emotions of its own.",
            voice="espeak",
            driver="audio2face",
            animator="facemesh",
            needs="onnxruntime and one of the models; faster than speech on a GPU only",
        ),
        Recipe(
            name="audio2face-portrait",
            title="Audio2Face with LivePortrait",
            summary="Audio2Face-3D moves the face, and LivePortrait's networks draw it.",
            voice="espeak",
            driver="audio2face",
            animator="liveportrait",
            needs="the model files of both; a GPU, or 5 to 10 seconds a frame",
        ),
    ),
)
