"""Compare what the network hears with the lips of people who were filmed while speaking.

    python -m models.speech2face.evaluate FOLDER [WEIGHTS.onnx ...]

FOLDER holds one .npz per clip: ``audio16k`` (N,) int16, ``t`` (F,) seconds of the video frames, ``opening`` and
``width`` (F,) of the mouth, ``av_offset_ms`` by which sound and picture of the clip itself are apart.
Prints Pearson correlations, averaged over clips, of loudness and of each network, with the fixed targets below
and with targets fitted to the other clips.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from engines.speech2face.features import HOP, SAMPLE_RATE
from engines.speech2face.recogniser import HZ, WEIGHTS, Posteriors, load_network, recognise_with

Curve = NDArray[np.float64]

OPENING = (0.0, 0.0, 0.022, 0.072, 0.08, 0.10, 0.088, 0.068, 0.075, 0.075, 0.19, 0.13, 0.092, 0.12, 0.05)
WIDTH = (0.0, 0.0, 0.01, 0.01, 0.01, 0.0, -0.05, 0.035, 0.01, -0.06, 0.02, 0.03, 0.055, -0.09, -0.13)
"""Inner-lip opening and change of mouth width of each viseme, in distances between the outer eye corners."""

HIGH_PASS_HZ = 0.4
"""Slower changes are pose and smiles, not speech."""
CONTEXT = (-0.08, -0.04, 0.0, 0.04, 0.08)
"""Seconds around each moment that the fitted targets may use."""
RIDGE = 30.0


@dataclass(frozen=True)
class Clip:
    """``times``: (F,) seconds in the sound; ``lips``: opening and width, without slow drift, unit variance."""

    samples: NDArray[np.float32]
    times: Curve
    fps: float
    lips: dict[str, Curve]


def high_pass(curve: Curve, fps: float) -> Curve:
    """Without what is slower than 0.4 Hz."""
    slow = gaussian_filter1d(curve, fps / (2 * np.pi * HIGH_PASS_HZ), mode="nearest")
    return np.asarray(curve - slow, np.float64)


def correlation(a: Curve, b: Curve) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def load(path: Path) -> Clip:
    """One clip, its own delay between sound and picture taken out."""
    with np.load(path, allow_pickle=False) as stored:
        times = stored["t"].astype(float)
        fps = float(1 / np.median(np.diff(times)))
        raw = {name: gaussian_filter1d(stored[name].astype(float), 0.7) for name in ("opening", "width")}
        lips = {name: high_pass(curve, fps) for name, curve in raw.items()}
        samples = stored["audio16k"].astype(np.float32) / 32768
        return Clip(samples, times - float(stored["av_offset_ms"]) / 1000, fps, lips)


def at_frames(curve: NDArray[np.float32], hz: float, times: Curve) -> Curve:
    """Linear interpolation of (T,) or (T, C) values at ``hz`` per second."""
    columns = curve.reshape(len(curve), -1)
    out = [np.interp(times * hz, np.arange(len(curve)), column) for column in columns.T]
    return np.stack(out, axis=1).reshape(len(times), *curve.shape[1:])


def loudness_curve(clip: Clip) -> Curve:
    """Loudness in dB between the 10th and the 97th percentile."""
    blocks = clip.samples[: len(clip.samples) // HOP * HOP].reshape(-1, HOP)
    level = 10 * np.log10(np.square(blocks).mean(axis=1) + 1e-10)
    low, high = np.percentile(level, (10, 97))
    smooth = gaussian_filter1d(np.clip((level - low) / (high - low + 1e-6), 0, 1), 3.0)
    return at_frames(smooth, SAMPLE_RATE / HOP, clip.times)


def loudness_score(clip: Clip, name: str) -> float:
    """Correlation of loudness alone with "opening" or "width"."""
    return correlation(high_pass(loudness_curve(clip), clip.fps), clip.lips[name])


def fixed_scores(clips: list[Clip], heard: list[Posteriors]) -> dict[str, list[float]]:
    """Per clip, with the fixed targets."""
    scores: dict[str, list[float]] = {}
    for name, targets, sigma in (("opening", OPENING, 2.0), ("width", WIDTH, 3.0)):
        curves = [gaussian_filter1d(p.visemes @ np.array(targets), sigma) for p in heard]
        scores[name] = [
            correlation(high_pass(at_frames(curve, HZ, clip.times), clip.fps), clip.lips[name])
            for curve, clip in zip(curves, clips, strict=True)
        ]
    return scores


def fitted_scores(clips: list[Clip], heard: list[Posteriors]) -> dict[str, list[float]]:
    """Per clip, with targets fitted by ridge regression to all other clips."""
    inputs = [_context(clip, p) for clip, p in zip(clips, heard, strict=True)]
    scores: dict[str, list[float]] = {"opening": [], "width": []}
    for name, out in scores.items():
        for index, clip in enumerate(clips):
            others = [i for i in range(len(clips)) if i != index]
            x = np.concatenate([inputs[i] for i in others])
            y = np.concatenate([clips[i].lips[name] / clips[i].lips[name].std() for i in others])
            targets = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
            out.append(correlation(high_pass(inputs[index] @ targets, clip.fps), clip.lips[name]))
    return scores


def _context(clip: Clip, heard: Posteriors) -> Curve:
    """(F, 15 len(CONTEXT)) smoothed probabilities around each frame, mean taken out."""
    smooth = gaussian_filter1d(heard.visemes, 1.5, axis=0)
    around = np.hstack([at_frames(smooth, HZ, clip.times + shift) for shift in CONTEXT])
    return np.asarray(around - around.mean(axis=0), np.float64)


def show(title: str, scores: dict[str, list[float]]) -> None:
    for name, values in scores.items():
        each = " ".join(f"{value:.2f}" for value in values)
        print(f"{title:28s} {name:8s} {np.mean(values):6.3f}   [{each}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("weights", type=Path, nargs="*", default=[WEIGHTS])
    options = parser.parse_args()
    clips = [load(path) for path in sorted(options.folder.glob("*.npz"))]
    show("loudness", {name: [loudness_score(clip, name) for clip in clips] for name in ("opening", "width")})
    for path in options.weights:
        network = load_network(path)
        heard = [recognise_with(network, clip.samples) for clip in clips]
        show(f"{path.stem}, fixed targets", fixed_scores(clips, heard))
        show(f"{path.stem}, fitted targets", fitted_scores(clips, heard))


if __name__ == "__main__":
    main()
