"""Mouths made from sound against the lips of filmed people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engines.errors import StudioError
from engines.speech2face import Speech2FaceOptions
from engines.speech2face.driver import create
from engines.speech2face.features import SAMPLE_RATE
from engines.speech2face.recogniser import recognise
from engines.types import Expression, Speech
from models.speech2face import evaluate, lipcurves
from models.speech2face.evaluate import Clip
from studio.benches import lips_words
from studio.benches.table import Row

NAMES = ("opening", "width")
AIMS = {"opening": "at least 0.55", "width": "at least 0.60"}
ONLY_MOUTH = Expression(blink=0.0, gaze=0.0, head=0.0, breathing=0.0, brows=0.0)

Scores = dict[str, list[float]]


def clip_rows(folder: Path) -> tuple[Row, ...]:
    """Correlation r of opening and width, high-passed at 0.4 Hz, at each clip's own delay; means over clips.

    Raises StudioError where ``folder`` has no clips.
    """
    clips = [evaluate.load(path) for path in sorted(folder.glob("*.npz"))]
    if len(clips) < 2:
        raise StudioError(f"{folder} has fewer than two .npz clips; point STUDIO_LIPS to a folder of them.")
    rows = [row for title, scores, aims in _methods(clips) for row in _rows(title, scores, aims)]
    return (Row("human clips", float(len(clips)), ""), *rows)


def _methods(clips: list[Clip]) -> Iterator[tuple[str, Scores, dict[str, str]]]:
    yield "loudness", {name: [evaluate.loudness_score(clip, name) for clip in clips] for name in NAMES}, {}
    if lips_words.available():
        yield "PocketSphinx words", _driven(clips, words=True), {}
    else:
        print("PocketSphinx is not installed: its figures are left out (pip install pocketsphinx).")
    heard = [recognise(clip.samples, SAMPLE_RATE) for clip in clips]
    yield "network, fixed targets", evaluate.fixed_scores(clips, heard), {}
    yield "network, targets fitted to other clips", evaluate.fitted_scores(clips, heard), {}
    yield "as shipped", _driven(clips, words=False), AIMS


def driven(clip: Clip, words: bool = False) -> dict[str, evaluate.Curve]:
    """Opening and width (F,) at the frames of ``clip`` as the driver moves them."""
    speech = lips_words.speech_of_words(clip.samples) if words else Speech(clip.samples, SAMPLE_RATE)
    shapes = create().drive(speech, ONLY_MOUTH, clip.fps, Speech2FaceOptions()).blendshapes
    curves = {"opening": lipcurves.opening(shapes), "width": lipcurves.width(shapes)}
    return {name: evaluate.at_frames(curve, clip.fps, clip.times) for name, curve in curves.items()}


def _driven(clips: list[Clip], words: bool) -> Scores:
    scores: Scores = {name: [] for name in NAMES}
    for clip in clips:
        for name, curve in driven(clip, words).items():
            scores[name].append(evaluate.correlation(evaluate.high_pass(curve, clip.fps), clip.lips[name]))
    return scores


def _rows(title: str, scores: Scores, aims: dict[str, str]) -> Iterator[Row]:
    for name, values in scores.items():
        yield Row(f"{title}: {name}", float(np.mean(values)), "r", aims.get(name, ""))
        if aims:
            yield Row(f"  {name}, lowest clip", float(np.min(values)), "r")
            yield Row(f"  {name}, highest clip", float(np.max(values)), "r")
