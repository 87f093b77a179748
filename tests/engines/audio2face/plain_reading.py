"""The formulae of Audio2Face-3D once more, frame by frame over all vertices, as plainly as can be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import lsq_linear

from engines.speech2face.feelings import weights_at
from tests.engines.audio2face.toy_model import CONFIG, LENGTH, TARGET, Toy


@dataclass(frozen=True)
class Plain:
    skin: np.ndarray
    tongue: np.ndarray
    jaw: np.ndarray
    eyes: np.ndarray


def regression_says(toy: Toy, samples: np.ndarray, fps: float, keys: tuple, count: int) -> np.ndarray:
    """(T, R): a window of 8320 samples around every frame, silence outside of the sound."""
    rows = []
    mood = toy.moods[5 + CONFIG["source_frame"]]
    for frame in range(count):
        start = int(np.floor(frame * 16000 / fps + 1e-9)) - TARGET
        window = np.zeros(LENGTH, np.float32)
        for place in range(LENGTH):
            if 0 <= start + place < len(samples):
                window[place] = CONFIG["input_strength"] * samples[start + place]
        felt = weights_at(keys, np.array([frame / fps], np.float32))[0]
        emotion = np.concatenate([mood, felt])
        rows.append(window @ toy.network["heard"] + emotion @ toy.network["felt"])
    return np.array(rows)


def twice_smoothed(values: list[np.ndarray], seconds: float, step: float) -> list[np.ndarray]:
    share = 1 - 0.5 ** (step / seconds)
    first, second, out = values[0], values[0], []
    for value in values:
        first = first + (value - first) * share
        second = second + (first - second) * share
        out.append(second)
    return out


def posed_skin(toy: Toy, deltas: np.ndarray, neutral: np.ndarray, step: float) -> np.ndarray:
    """(T, V, 3) from (T, V, 3) of what the network says."""
    c = CONFIG
    composed = [
        c["skin_strength"] * delta
        + toy.data["eye_close_pose_delta"] * -c["eyelid_open_offset"]
        + toy.data["lip_open_pose_delta"] * c["lip_open_offset"]
        for delta in deltas
    ]
    lower = twice_smoothed(composed, c["lower_face_smoothing"], step)
    upper = twice_smoothed(composed, c["upper_face_smoothing"], step)
    heights = neutral[:, 1]
    y = (heights - heights.min()) / (heights.max() - heights.min())
    mask = (1 / (1 + np.exp(-(c["face_mask_level"] - y) / c["face_mask_softness"])))[:, None]
    return np.array(
        [
            neutral + u * c["upper_face_strength"] * (1 - mask) + low * c["lower_face_strength"] * mask
            for u, low in zip(upper, lower, strict=True)
        ]
    )


def solved(shapes: dict[str, np.ndarray], params: dict, points: np.ndarray) -> np.ndarray:
    """(T, P) weights: bounded least squares on the normal matrix, each frame drawn to the one before."""
    names = [name.decode() for name in shapes["poseNames"]][1:]
    active = [index for index, flag in enumerate(params["bsSolveActivePoses"]) if flag]
    neutral = shapes["neutral"].astype(float)
    seen = shapes.get("frontalMask", np.arange(len(neutral)))
    deltas = np.array([shapes[names[index]][seen].reshape(-1) for index in active]).T.astype(float)
    scale = (np.linalg.norm(neutral.max(0) - neutral.min(0)) / params["templateBBSize"]) ** 2
    count = len(active)
    pairs: dict[int, list[int]] = {}
    for place, index in enumerate(active):
        pairs.setdefault(params["bsSolveSymmetryPoses"][index], []).append(place)
    rows = np.zeros((0, count))
    for number, pair in pairs.items():
        if number != -1 and len(pair) == 2:
            row = np.zeros((1, count))
            row[0, pair] = 1, -1
            rows = np.concatenate([rows, row])
    temporal = params["strengthTemporalSmoothing"]
    matrix = deltas.T @ deltas + params["strengthL1regularization"] ** 2 * 0.25 * scale
    matrix += (params["strengthL2regularization"] * 10 + temporal * 100) * scale * np.eye(count)
    matrix += params["strengthSymmetry"] * 10 * scale * rows.T @ rows
    before, out = np.zeros(count), []
    for pose in points:
        target = deltas.T @ (pose[seen] - neutral[seen]).reshape(-1) + temporal * scale * before
        before = lsq_linear(matrix, target, (0, 1), method="bvls", tol=1e-10).x
        weights = np.zeros(len(names))
        weights[active] = before
        out.append(weights * params["bsWeightMultipliers"] + params["bsWeightOffsets"])
    return np.array(out)


def jaw_motion(rest: np.ndarray, deltas: np.ndarray) -> np.ndarray:
    """(4, 4) by Kabsch, as the SDK writes it out."""
    c = CONFIG
    shift = np.array([0, c["lower_teeth_height_offset"], c["lower_teeth_depth_offset"]])
    posed = rest + deltas * c["lower_teeth_strength"] + shift
    b, a = rest - rest.mean(0), posed - posed.mean(0)
    u, _, vt = np.linalg.svd(b.T @ a)
    v = vt.T
    turn = v @ np.diag([1, 1, np.linalg.det(v @ u.T)]) @ u.T
    out = np.eye(4)
    out[:3, :3], out[:3, 3] = turn, posed.mean(0) - turn @ rest.mean(0)
    return out


def eye_angles(toy: Toy, said: np.ndarray, fps: float, seed: int) -> np.ndarray:
    """(T, 4) degrees: right x, y, left x, y."""
    c, out, clock = CONFIG, [], np.float32(0)
    offsets = np.array([0, c["right_eye_rot_y_offset"], 0, c["left_eye_rot_y_offset"]])
    for row in said:
        jump = toy.data["saccade_rot_matrix"][int((seed + clock) % 5000)]
        out.append(offsets + c["eyeballs_strength"] * row + c["saccade_strength"] * np.tile(jump, 2))
        clock = (clock + np.float32(1 / fps) * np.float32(30)) % np.float32(5000)
    return np.array(out)
