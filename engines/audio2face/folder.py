"""What a model folder says of itself: model.json and the JSON files that it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from engines.audio2face.reading import Unfit, read_json, refusing
from engines.types import EMOTIONS

SAMPLE_RATE = 16_000
MODEL = "model.json"
Count = Annotated[int, Field(ge=1, le=10_000_000)]
Weight = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True)
class NamedShapes:
    """``config`` (JSON) and ``data`` (npz) of the solver's shapes, relative to the folder."""

    config: str
    data: str


@dataclass(frozen=True)
class NamedParts:
    """The shapes of the skin and of the tongue."""

    skin: NamedShapes
    tongue: NamedShapes


@dataclass(frozen=True)
class RegressionFiles:
    """model.json of a regression model."""

    info: Annotated[str, Field(validation_alias="networkInfoPath")]
    network: Annotated[str, Field(validation_alias="networkPath")]
    moods: Annotated[str, Field(validation_alias="emotionDatabasePath")]
    config: Annotated[str, Field(validation_alias="modelConfigPath")]
    data: Annotated[str, Field(validation_alias="modelDataPath")]
    shapes: Annotated[NamedParts, Field(validation_alias="blendshapePaths")]


@dataclass(frozen=True)
class DiffusionFiles:
    """model.json of a diffusion model: one entry of each list for every face."""

    info: Annotated[str, Field(validation_alias="networkInfoPath")]
    network: Annotated[str, Field(validation_alias="networkPath")]
    configs: Annotated[list[str], Field(validation_alias="modelConfigPaths", min_length=1)]
    data: Annotated[list[str], Field(validation_alias="modelDataPaths", min_length=1)]
    shapes: Annotated[list[NamedParts], Field(validation_alias="blendshapePaths", min_length=1)]


@dataclass(frozen=True)
class Identity:
    """Which kind of network it is."""

    type: Literal["regression", "diffusion"]
    actor: str = ""


@dataclass(frozen=True)
class RegressionSizes:
    """``skin`` and ``tongue``: numbers of principal components; ``moods``: of the implicit emotion."""

    moods: Annotated[Count, Field(validation_alias="implicit_emotion_len")]
    emotions: Annotated[list[str], Field(validation_alias="explicit_emotions", min_length=1, max_length=64)]
    skin: Annotated[Count, Field(validation_alias="num_shapes_skin")]
    tongue: Annotated[Count, Field(validation_alias="num_shapes_tongue")]
    jaw: Annotated[Literal[15], Field(validation_alias="result_jaw_size")]
    eyes: Annotated[Literal[4], Field(validation_alias="result_eyes_size")]


@dataclass(frozen=True)
class DiffusionSizes:
    """``skin`` and ``tongue``: numbers of coordinates; ``left``, ``centre`` and ``right``: frames of a window,
    of which those in the centre count; ``steps``, ``layers`` and ``latent``: of the recurrent state."""

    emotions: Annotated[list[str], Field(min_length=1, max_length=64)]
    identities: Annotated[list[str], Field(min_length=1, max_length=64)]
    skin: Annotated[Count, Field(validation_alias="skin_size")]
    tongue: Annotated[Count, Field(validation_alias="tongue_size")]
    jaw: Annotated[Literal[15], Field(validation_alias="jaw_size")]
    eyes: Annotated[Literal[4], Field(validation_alias="eyes_size")]
    steps: Annotated[int, Field(ge=1, le=64, validation_alias="num_diffusion_steps")]
    layers: Annotated[int, Field(ge=1, le=64, validation_alias="num_gru_layers")]
    latent: Annotated[int, Field(ge=1, le=65536, validation_alias="gru_latent_dim")]
    left: Annotated[int, Field(ge=0, le=1000, validation_alias="num_frames_left_truncate")]
    right: Annotated[int, Field(ge=0, le=1000, validation_alias="num_frames_right_truncate")]
    centre: Annotated[int, Field(ge=1, le=1000, validation_alias="num_frames_center")]

    @property
    def frames(self) -> int:
        """Frames that the network makes of a window."""
        return self.left + self.centre + self.right


@dataclass(frozen=True)
class RegressionSound:
    """``length`` samples of a window, of which the one at ``target`` is judged."""

    length: Annotated[int, Field(ge=1, le=1 << 20, validation_alias="buffer_len")]
    target: Annotated[int, Field(ge=0, le=1 << 20, validation_alias="buffer_ofs")]
    rate: Annotated[Literal[16000], Field(validation_alias="samplerate")]


@dataclass(frozen=True)
class DiffusionSound:
    """``length`` samples of a window; the first begins ``before`` samples before the sound."""

    length: Annotated[int, Field(ge=1, le=1 << 20, validation_alias="buffer_len")]
    before: Annotated[int, Field(ge=0, le=1 << 20, validation_alias="padding_left")]
    rate: Annotated[Literal[16000], Field(validation_alias="samplerate")]


@dataclass(frozen=True)
class RegressionInfo:
    """network_info.json of a regression model."""

    identity: Annotated[Identity, Field(validation_alias="id")]
    sizes: Annotated[RegressionSizes, Field(validation_alias="params")]
    sound: Annotated[RegressionSound, Field(validation_alias="audio_params")]


@dataclass(frozen=True)
class DiffusionInfo:
    """network_info.json of a diffusion model."""

    identity: Annotated[Identity, Field(validation_alias="id")]
    sizes: Annotated[DiffusionSizes, Field(validation_alias="params")]
    sound: Annotated[DiffusionSound, Field(validation_alias="audio_params")]


@dataclass(frozen=True)
class FaceConfig:
    """model_config.json: how a face takes what its network says. Defaults are the SDK's."""

    input_strength: Weight = 1.0
    lower_face_smoothing: Weight = 0.0023
    upper_face_smoothing: Weight = 0.001
    lower_face_strength: Weight = 1.3
    upper_face_strength: Weight = 1.0
    face_mask_level: Weight = 0.6
    face_mask_softness: Annotated[float, Field(gt=0.0, le=10.0)] = 0.0085
    skin_strength: Weight = 1.0
    eyelid_open_offset: Weight = 0.06
    lip_open_offset: Weight = -0.03
    tongue_strength: Weight = 1.5
    tongue_height_offset: Weight = 0.2
    tongue_depth_offset: Weight = 0.13
    lower_teeth_strength: Weight = 1.0
    lower_teeth_height_offset: Weight = 0.0
    lower_teeth_depth_offset: Weight = 0.0
    eyeballs_strength: Weight = 1.0
    saccade_strength: Weight = 1.0
    right_eye_rot_x_offset: Weight = 0.0
    right_eye_rot_y_offset: Weight = 0.0
    left_eye_rot_x_offset: Weight = 0.0
    left_eye_rot_y_offset: Weight = 0.0
    eye_saccade_seed: Annotated[float, Field(ge=0.0, le=4999.0)] = 0.0
    source_shot: str = ""
    source_frame: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True)
class SolveConfig:
    """bs_*_config.json: how a pose is solved for weights. One entry of each list for every shape."""

    l2: Annotated[float, Field(ge=0.0, le=1e6, validation_alias="strengthL2regularization")] = 3.5
    l1: Annotated[float, Field(ge=0.0, le=1e6, validation_alias="strengthL1regularization")] = 1.0
    temporal: Annotated[float, Field(ge=0.0, le=1e6, validation_alias="strengthTemporalSmoothing")] = 0.0
    symmetry: Annotated[float, Field(ge=0.0, le=1e6, validation_alias="strengthSymmetry")] = 100.0
    size: Annotated[float, Field(ge=1.0, le=1e6, validation_alias="templateBBSize")] = 54.7
    count: Annotated[int, Field(ge=0, le=1000, validation_alias="numPoses")] = 0
    active: Annotated[list[int], Field(validation_alias="bsSolveActivePoses")] = field(default_factory=list)
    cancel: Annotated[list[int], Field(validation_alias="bsSolveCancelPoses")] = field(default_factory=list)
    symmetric: Annotated[list[int], Field(validation_alias="bsSolveSymmetryPoses")] = field(
        default_factory=list
    )
    multipliers: Annotated[list[Weight], Field(validation_alias="bsWeightMultipliers")] = field(
        default_factory=list
    )
    offsets: Annotated[list[Weight], Field(validation_alias="bsWeightOffsets")] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """The solver's files of skin or tongue."""

    config: Path
    data: Path


@dataclass(frozen=True)
class ModelFolder:
    """Where everything lies that one face needs. ``face``: its number among those of a diffusion model."""

    path: Path
    network: Path
    info: RegressionInfo | DiffusionInfo
    config: Path
    data: Path
    skin: Part
    tongue: Part
    moods: Path | None = None
    face: int = 0


def read_folder(path: Path, face: str = "") -> ModelFolder:
    """The folder at ``path``, for the ``face`` of a diffusion model. Raises StudioError."""
    named = read_json(path / MODEL, dict[str, Any])
    return _diffusion(path, face) if "modelConfigPaths" in named else _regression(path)


def _regression(path: Path) -> ModelFolder:
    files = read_json(path / MODEL, RegressionFiles)
    info = read_json(inside(path, files.info), RegressionInfo)
    _check_info(path / files.info, info, "regression")
    moods = inside(path, files.moods)
    return ModelFolder(
        path, onnx_of(path, files.network), info, inside(path, files.config), inside(path, files.data),
        *_parts(path, files.shapes), moods,
    )  # fmt: skip


def _diffusion(path: Path, face: str) -> ModelFolder:
    files = read_json(path / MODEL, DiffusionFiles)
    info = read_json(inside(path, files.info), DiffusionInfo)
    _check_info(path / files.info, info, "diffusion")
    with refusing(path / MODEL):
        faces = info.sizes.identities
        if len({len(faces), len(files.configs), len(files.data), len(files.shapes)}) != 1:
            raise Unfit("it does not name the files of every face")
        if face and face not in faces:
            raise Unfit(f"it knows no face {face}, only {', '.join(faces)}")
    index = faces.index(face) if face else 0
    return ModelFolder(
        path, onnx_of(path, files.network), info, inside(path, files.configs[index]),
        inside(path, files.data[index]), *_parts(path, files.shapes[index]), face=index,
    )  # fmt: skip


def _parts(path: Path, named: NamedParts) -> tuple[Part, Part]:
    skin, tongue = (
        Part(inside(path, shapes.config), inside(path, shapes.data)) for shapes in (named.skin, named.tongue)
    )
    return skin, tongue


def inside(path: Path, name: str) -> Path:
    """The file called ``name`` in the folder; names that lead elsewhere are refused."""
    with refusing(path / MODEL):
        found = (path / name).resolve()
        if not name or not found.is_relative_to(path.resolve()):
            raise Unfit("it names files outside its folder")
    return path / name


def onnx_of(path: Path, name: str) -> Path:
    """model.json names the TensorRT plan, which never comes with a model; the network lies beside it."""
    return inside(path, name).with_suffix(".onnx")


def _check_info(path: Path, info: RegressionInfo | DiffusionInfo, kind: str) -> None:
    with refusing(path):
        if info.identity.type != kind:
            raise Unfit(f"it is of a {info.identity.type} network where model.json is of a {kind} network")
        strange = [name for name in info.sizes.emotions if name.lower() not in EMOTIONS]
        if strange:
            raise Unfit(f"it has an emotion '{strange[0][:40]}' that is not known")


def emotion_order(info: RegressionInfo | DiffusionInfo) -> list[int]:
    """Which of ``EMOTIONS`` each of the network's is."""
    return [EMOTIONS.index(name.lower()) for name in info.sizes.emotions]
