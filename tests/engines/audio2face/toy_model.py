"""Small models in the official layout: real ONNX networks and npz files with few vertices and shapes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engines.types import EMOTIONS

SKIN = (
    "eyeBlinkLeft", "eyeLookUpLeft", "eyeBlinkRight", "jawOpen", "mouthClose", "mouthSmileLeft",
    "mouthSmileRight", "browInnerUp", "tongueOut",
)  # fmt: skip
TONGUE = ("tongueTipUp", "tongueUp", "tongueIn")
VERTICES, TONGUE_VERTICES, SEEN = 60, 24, 40
COMPONENTS, TONGUE_COMPONENTS, MOODS = 6, 3, 16
LENGTH, TARGET = 8320, 4160
FRAMES, LEFT, CENTRE, LATENT = 60, 15, 30, 4
FACES = ("Claire", "James", "Mark")

CONFIG = {
    "input_strength": 1.3, "lower_face_smoothing": 0.02, "upper_face_smoothing": 0.03,
    "lower_face_strength": 1.4, "upper_face_strength": 0.9, "face_mask_level": 0.6,
    "face_mask_softness": 0.05, "skin_strength": 1.1, "eyelid_open_offset": 0.06, "lip_open_offset": -0.03,
    "tongue_strength": 1.5, "tongue_height_offset": 0.02, "tongue_depth_offset": 0.013,
    "lower_teeth_strength": 1.3, "lower_teeth_height_offset": -0.1, "lower_teeth_depth_offset": 0.2,
    "eyeballs_strength": 1.1, "saccade_strength": 0.9, "right_eye_rot_y_offset": -2.0,
    "left_eye_rot_y_offset": 2.0, "eye_saccade_seed": 7, "source_shot": "p1_neutral", "source_frame": 3,
}  # fmt: skip
SKIN_SOLVE = {
    "strengthL2regularization": 0.02, "strengthL1regularization": 0.5, "strengthTemporalSmoothing": 0.02,
    "strengthSymmetry": 0.5, "templateBBSize": 12.0, "numPoses": len(SKIN),
    "bsSolveActivePoses": [1, 0, 1, 1, 1, 1, 1, 1, 0], "bsSolveCancelPoses": [-1] * len(SKIN),
    "bsSolveSymmetryPoses": [0, -1, 0, -1, -1, 1, 1, -1, -1],
    "bsWeightMultipliers": [1.0, 1.0, 1.0, 1.2, 1.0, 1.0, 1.0, 1.0, 1.0],
    "bsWeightOffsets": [0.0, 0.0, 0.0, 0.01, 0.0, 0.0, 0.0, 0.0, 0.0],
}  # fmt: skip
TONGUE_SOLVE = {
    "strengthL2regularization": 0.02, "strengthL1regularization": 0.3, "strengthTemporalSmoothing": 0.02,
    "strengthSymmetry": 1.0, "templateBBSize": 6.0, "numPoses": len(TONGUE),
    "bsSolveActivePoses": [1, 1, 1], "bsSolveCancelPoses": [-1] * 3, "bsSolveSymmetryPoses": [-1] * 3,
    "bsWeightMultipliers": [2.0, 1.0, 1.0], "bsWeightOffsets": [0.0, 0.0, 0.0],
}  # fmt: skip


@dataclass(frozen=True)
class Toy:
    """A model folder and what is in it: arrays of the npz files, and those of the network by name."""

    folder: Path
    data: dict[str, np.ndarray]
    skin: dict[str, np.ndarray]
    tongue: dict[str, np.ndarray]
    network: dict[str, np.ndarray]
    moods: np.ndarray


def _face(random: np.random.Generator, regression: bool) -> dict[str, np.ndarray]:
    def points(count: int, size: float) -> np.ndarray:
        return (size * random.standard_normal((count, 3))).astype(np.float32)

    skin, tongue = points(VERTICES, 2.0), points(TONGUE_VERTICES, 1.0)
    data = {
        "neutral_jaw": points(5, 2.0),
        "lip_open_pose_delta": points(VERTICES, 0.2),
        "eye_close_pose_delta": points(VERTICES, 0.2),
        "saccade_rot_matrix": random.standard_normal((5000, 2)).astype(np.float32),
    }
    if not regression:
        return data | {"neutral_skin": skin.reshape(-1), "neutral_tongue": tongue.reshape(-1)}
    shapes = (
        random.standard_normal((COMPONENTS, VERTICES, 3)),
        random.standard_normal((TONGUE_COMPONENTS, 24, 3)),
    )
    return data | {
        "shapes_mean_skin": skin,
        "shapes_mean_tongue": tongue,
        "shapes_matrix_skin": shapes[0].astype(np.float32),
        "shapes_matrix_tongue": shapes[1].astype(np.float32),
    }


def _shapes(random: np.random.Generator, names: tuple[str, ...], neutral: np.ndarray) -> dict[str, np.ndarray]:
    neutral = neutral.reshape(-1, 3)
    moved = neutral + 0.05 * random.standard_normal(neutral.shape)
    shapes = {"poseNames": np.array([b"neutral", *(name.encode() for name in names)])}
    shapes["neutral"] = moved.astype(np.float32)
    for name in names:
        shapes[name] = (0.4 * random.standard_normal(neutral.shape)).astype(np.float32)
    return shapes


def _save(network: tuple[list, list, list, dict[str, np.ndarray]], path: Path) -> None:
    nodes, inputs, outputs, constants = network
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, sides) for name, sides in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, sides) for name, sides in outputs],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _regression_network(random: np.random.Generator, path: Path) -> dict[str, np.ndarray]:
    said = COMPONENTS + TONGUE_COMPONENTS + 15 + 4
    heard = (0.02 * random.standard_normal((LENGTH, said))).astype(np.float32)
    felt = (0.1 * random.standard_normal((MOODS + 10, said))).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["input", "heard"], ["from_sound"]),
        helper.make_node("MatMul", ["emotion", "felt"], ["from_feeling"]),
        helper.make_node("Add", ["from_sound", "from_feeling"], ["result"]),
    ]
    inputs = [("emotion", ["batch", 1, MOODS + 10]), ("input", ["batch", 1, LENGTH])]
    _save((nodes, inputs, [("result", ["batch", 1, said])], {"heard": heard, "felt": felt}), path)
    return {"heard": heard, "felt": felt}


def diffusion_size() -> int:
    return 3 * (VERTICES + TONGUE_VERTICES) + 15 + 4


def _diffusion_network(random: np.random.Generator, path: Path) -> dict[str, np.ndarray]:
    """prediction = window·heard·spread + identity·who + padded emotion·felt + 0.01·mean noise + mean memory;
    memory' = memory / 2 + mean of window·heard."""
    said = diffusion_size()
    arrays = {
        "heard": 0.02 * random.standard_normal((16000, 4)),
        "spread": 0.02 * random.standard_normal((4, FRAMES * said)),
        "who": 0.02 * random.standard_normal((3, said)),
        "felt": 0.05 * random.standard_normal((10, said)),
    }
    arrays = {name: value.astype(np.float32) for name, value in arrays.items()}
    more = {
        "frames": np.array([-1, FRAMES, said]), "one": np.array([1]), "half": np.array(0.5, np.float32),
        "little": np.array(0.01, np.float32), "sides": np.array([0, LEFT, 0, 0, LEFT, 0]),
        "single": np.array([1, 1, -1, 1]), "nothing": np.array(0.0, np.float32), "front": np.array([-1, 1, 1]),
    }  # fmt: skip
    node = helper.make_node
    nodes = [
        node("MatMul", ["window", "heard"], ["gist"]),
        node("MatMul", ["gist", "spread"], ["flat"]),
        node("Reshape", ["flat", "frames"], ["spoken"]),
        node("MatMul", ["identity", "who"], ["person"]),
        node("Unsqueeze", ["person", "one"], ["persons"]),
        node("MatMul", ["emotion", "felt"], ["feeling"]),
        node("Pad", ["feeling", "sides", "nothing"], ["feelings"]),
        node("ReduceMean", ["noise"], ["hiss"], axes=[1], keepdims=0),
        node("Mul", ["hiss", "little"], ["faint"]),
        node("ReduceMean", ["input_latents"], ["memory"], axes=[0, 1, 3], keepdims=0),
        node("Reshape", ["memory", "front"], ["memories"]),
        node("Sum", ["spoken", "persons", "feelings", "faint", "memories"], ["prediction"]),
        node("Mul", ["input_latents", "half"], ["fading"]),
        node("ReduceMean", ["gist"], ["mean"], axes=[1], keepdims=0),
        node("Reshape", ["mean", "single"], ["fresh"]),
        node("Add", ["fading", "fresh"], ["output_latents"]),
    ]
    latents = [2, 2, "batch", LATENT]
    inputs = [
        ("emotion", ["batch", CENTRE, 10]), ("identity", ["batch", 3]), ("input_latents", latents),
        ("noise", ["batch", 3, FRAMES, said]), ("window", ["batch", 16000]),
    ]  # fmt: skip
    outputs = [("output_latents", latents), ("prediction", ["batch", FRAMES, said])]
    _save((nodes, inputs, outputs, arrays | more), path)
    return arrays


def _write(path: Path, document: object) -> None:
    path.write_text(json.dumps(document), encoding="utf-8")


def _write_face(folder: Path, suffix: str, random: np.random.Generator, regression: bool) -> tuple[dict, ...]:
    data = _face(random, regression)
    names = ("shapes_mean_skin", "shapes_mean_tongue") if regression else ("neutral_skin", "neutral_tongue")
    skin, tongue = _shapes(random, SKIN, data[names[0]]), _shapes(random, TONGUE, data[names[1]])
    skin["frontalMask"] = np.sort(random.permutation(VERTICES)[:SEEN]).astype(np.int32)
    np.savez(folder / f"model_data{suffix}.npz", **data)
    np.savez(folder / f"bs_skin{suffix}.npz", **skin)
    np.savez_compressed(folder / f"bs_tongue{suffix}.npz", **tongue)
    _write(folder / f"model_config{suffix}.json", {"config": CONFIG})
    _write(folder / f"bs_skin_config{suffix}.json", {"blendshape_params": SKIN_SOLVE})
    _write(folder / f"bs_tongue_config{suffix}.json", {"blendshape_params": TONGUE_SOLVE})
    return data, skin, tongue


def _named(suffix: str) -> dict[str, dict[str, str]]:
    return {
        part: {"config": f"bs_{part}_config{suffix}.json", "data": f"bs_{part}{suffix}.npz"}
        for part in ("skin", "tongue")
    }


def write_regression(folder: Path, seed: int = 1) -> Toy:
    """A regression model in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    data, skin, tongue = _write_face(folder, "", random, regression=True)
    network = _regression_network(random, folder / "network.onnx")
    moods = random.standard_normal((12, MOODS)).astype(np.float32)
    np.savez(
        folder / "implicit_emo_db.npz", emo_db=moods, emo_spec_names=np.array([b"p0", b"p1_neutral"]),
        emo_spec_start=np.array([0, 5], np.int32), emo_spec_size=np.array([5, 7], np.int32),
    )  # fmt: skip
    _write(
        folder / "network_info.json",
        {
            "id": {"type": "regression", "actor": "toy", "version": "1", "output": "geometry"},
            "params": {
                "implicit_emotion_len": MOODS, "explicit_emotions": list(EMOTIONS),
                "default_emotion": [0.0] * 10, "num_shapes_skin": COMPONENTS, "num_verts_skin": VERTICES,
                "num_shapes_tongue": TONGUE_COMPONENTS, "num_verts_tongue": TONGUE_VERTICES,
                "result_jaw_size": 15, "result_eyes_size": 4,
            },
            "audio_params": {"buffer_len": LENGTH, "buffer_ofs": TARGET, "samplerate": 16000},
        },
    )  # fmt: skip
    _write(folder / "trt_info.json", {"trt_build_param": {"batch": [
        "--minShapes=emotion:1x1x26,input:1x1x8320",
        "--optShapes=emotion:{OPT_BATCH_SIZE}x1x26,input:{OPT_BATCH_SIZE}x1x8320",
        "--maxShapes=emotion:{MAX_BATCH_SIZE}x1x26,input:{MAX_BATCH_SIZE}x1x8320",
    ]}, "defaults": {"MAX_BATCH_SIZE": 128, "OPT_BATCH_SIZE": 8}})  # fmt: skip
    _write(
        folder / "model.json",
        {
            "networkInfoPath": "network_info.json", "networkPath": "network.trt",
            "emotionDatabasePath": "implicit_emo_db.npz", "modelConfigPath": "model_config.json",
            "modelDataPath": "model_data.npz", "blendshapePaths": _named(""),
        },
    )  # fmt: skip
    return Toy(folder, data, skin, tongue, network, moods)


def write_diffusion(folder: Path, seed: int = 2) -> tuple[Toy, ...]:
    """A diffusion model in ``folder``, as its faces."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    network = _diffusion_network(random, folder / "network.onnx")
    parts = [_write_face(folder, f"_{face}", random, regression=False) for face in FACES]
    _write(
        folder / "network_info.json",
        {
            "id": {"type": "diffusion", "actor": "multi", "version": "1", "output": "geometry"},
            "params": {
                "emotions": list(EMOTIONS), "default_emotion": [0.0] * 10, "identities": list(FACES),
                "skin_size": 3 * VERTICES, "tongue_size": 3 * TONGUE_VERTICES, "jaw_size": 15, "eyes_size": 4,
                "num_diffusion_steps": 2, "num_gru_layers": 2, "gru_latent_dim": LATENT,
                "num_frames_left_truncate": LEFT, "num_frames_right_truncate": LEFT,
                "num_frames_center": CENTRE,
            },
            "audio_params": {
                "buffer_len": 16000, "padding_left": 16000, "padding_right": 16000, "samplerate": 16000,
            },
        },
    )  # fmt: skip
    _write(folder / "trt_info.json", {"trt_build_param": {"batch": []}})
    _write(
        folder / "model.json",
        {
            "networkInfoPath": "network_info.json", "networkPath": "network.trt",
            "modelConfigPaths": [f"model_config_{face}.json" for face in FACES],
            "modelDataPaths": [f"model_data_{face}.npz" for face in FACES],
            "blendshapePaths": [_named(f"_{face}") for face in FACES],
        },
    )  # fmt: skip
    return tuple(Toy(folder, *part, network, np.zeros((0, MOODS))) for part in parts)
