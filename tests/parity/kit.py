"""Weights and inputs that anyone can make again, and the comparison with what the official code gives for them.

A document of a network says which weights (a salt and factors), which inputs (seeds and shapes) and which
values the official network then gives; a document of functions the same for functions. Some are in
``golden`` beside this.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

from engines.facevid2vid.layers import SpectralConv2d

OFFSETS = ("running_mean", "bias", "gamma", "beta")


def filled(module: torch.nn.Module, document: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """The weights of ``document`` under the names and shapes of ``module``'s own state."""
    scale, salt = document["scale"], document["salt"]
    spectral = {name for name, part in module.named_modules() if isinstance(part, SpectralConv2d)}
    filled: dict[str, torch.Tensor] = {}
    for name, value in module.state_dict().items():
        layer, _, last = name.rpartition(".")
        if layer in spectral and last == "weight":
            filled |= _spectral(layer, value, salt)
        else:
            filled[name] = _filled(name, value, salt, scale.get(name, 1.0))
    return filled


def _spectral(layer: str, like: torch.Tensor, salt: str) -> dict[str, torch.Tensor]:
    """A weight as spectral norm stores it: the matrix and its two vectors."""
    original = _filled(f"{layer}.weight_orig", like.double(), salt, 1.0)
    drawn = np.random.RandomState(zlib.crc32(f"{salt}{layer}.weight_u".encode())).standard_normal(len(like))
    u = torch.from_numpy(drawn / np.linalg.norm(drawn))
    v = original.flatten(1).T @ u
    parts = {"weight_orig": original, "weight_u": u, "weight_v": v / v.norm()}
    return {f"{layer}.{name}": part.to(like.dtype) for name, part in parts.items()}


def _filled(name: str, like: torch.Tensor, salt: str, scale: float) -> torch.Tensor:
    if not like.is_floating_point():
        return torch.zeros_like(like)
    shape, last = tuple(like.shape), name.rsplit(".", 1)[-1]
    drawn = np.random.RandomState(zlib.crc32((salt + name).encode())).standard_normal(shape)
    if last == "running_var":
        value = 1 + 0.1 * np.abs(drawn)
    elif last in OFFSETS:
        value = 0.1 * drawn
    elif len(shape) < 2:
        value = 1 + 0.1 * drawn
    else:
        value = drawn / np.sqrt(np.prod(shape[1:]))
    return torch.from_numpy(np.asarray(value * scale)).to(like.dtype)


def made(recipe: Any) -> Any:
    """The array, or plain value, that ``recipe`` describes."""
    if not isinstance(recipe, dict):
        return recipe
    if "values" in recipe:
        return np.array(recipe["values"], recipe.get("dtype", "float64"))
    if "wave" in recipe:
        return _wave(recipe["wave"])
    if "fill" in recipe:
        return _drawn(recipe).astype(recipe.get("dtype", "float32"))
    return {name: made(part) for name, part in recipe.items()}


def _drawn(recipe: Mapping[str, Any]) -> np.ndarray:
    random, tile = np.random.RandomState(recipe["seed"]), recipe.get("tile", 1)
    shape = [*recipe["shape"][:-2], *(side // tile for side in recipe["shape"][-2:])]
    if recipe["fill"] == "uniform":
        drawn = recipe["low"] + (recipe["high"] - recipe["low"]) * random.random_sample(shape)
    else:
        drawn = recipe["mean"] + recipe["std"] * random.standard_normal(shape)
    if tile > 1:
        drawn = drawn.repeat(tile, -1).repeat(tile, -2)
    return drawn + _drawn({**recipe["plus"], "shape": recipe["shape"]}) if "plus" in recipe else drawn


def _wave(wave: Mapping[str, Any]) -> np.ndarray:
    times = np.arange(wave["samples"]) / wave["rate"]
    tones = sum(a * np.sin(2 * np.pi * (f * times + c * times**2 / 2)) for a, f, c in wave["chirps"])
    tremor = 0.55 + 0.45 * np.sin(2 * np.pi * wave["tremor"] * times)
    noise = np.random.RandomState(wave["seed"]).standard_normal(wave["samples"])
    return (tones * tremor + wave["noise"] * noise).astype(np.float32)


def arguments(case: Mapping[str, Any]) -> dict[str, Any]:
    """What a function is called with."""
    return (
        _problem(case["problem"])
        if "problem" in case
        else {key: made(value) for key, value in case["arguments"].items()}
    )


def _problem(problem: Mapping[str, Any]) -> dict[str, Any]:
    """A face, its poses and a mixture of them, with some noise."""
    random, poses, points = np.random.RandomState(problem["seed"]), problem["poses"], (problem["vertices"], 3)
    neutral, deltas = 10 * random.standard_normal(points), random.standard_normal((poses, *points))
    truth = 1.6 * random.random_sample(poses) - 0.3
    error, previous = 0.05 * random.standard_normal(points), random.random_sample(poses)
    scaling = {"multipliers": 0.5 + random.random_sample(poses), "offsets": 0.1 * random.standard_normal(poses)}
    if not problem["scaled"]:
        scaling = {"multipliers": np.ones(poses), "offsets": np.zeros(poses)}
    target = neutral + np.tensordot(truth, deltas, 1) + error
    given = {"neutral": neutral, "deltas": deltas, "target": target, "previous": previous}
    return {**given, **scaling, **problem["settings"]}


def named(results: Any) -> dict[str, np.ndarray]:
    """What was returned, by key or position, as arrays."""
    if isinstance(results, Mapping):
        parts: Iterator[tuple[str, Any]] = iter(results.items())
    elif isinstance(results, tuple | list):
        parts = ((str(index), part) for index, part in enumerate(results))
    else:
        parts = iter([("out", results)])
    kept = ((name, part) for name, part in parts if part is not None and not isinstance(part, list))
    return {name: np.asarray(part, np.float64) for name, part in kept}


def error_of(found: np.ndarray, golden: Mapping[str, Any]) -> float:
    """The largest difference, relative to the largest value; infinite for other shapes and what is no
    number."""
    if list(found.shape) != golden["shape"] or not np.isfinite(found).all():
        return float("inf")
    flat = found.ravel()
    gaps = [abs(flat[int(index)] - value) for index, value in golden["at"].items()]
    gaps += [abs(flat.mean() - golden["mean"]), abs(flat.std() - golden["std"])]
    gaps.append(abs(np.abs(flat).max() - golden["abs_max"]))
    return float(max(gaps) / max(golden["abs_max"], 1e-12))


def errors(results: Any, outputs: Mapping[str, Any]) -> dict[str, float]:
    """The error of every output that ``outputs`` names."""
    found = named(results)
    missing = np.array(np.nan)
    return {name: error_of(found.get(name, missing), golden) for name, golden in outputs.items()}
