"""A small voice in the official layout: each symbol takes a known time and is loud or silent as its table says.

As in VITS the frames of each id are what the graph's one Ceil gives, and a frame is 256 samples.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HOP, RATE = 256, 22050
LETTERS = "abcdefhijklmnopqrstuvwxyzæçðøŋɐɑɒɔəɚɛɜɡɪɹʃʊʌʒʔθɾ"
MARKS = "ˈˌːˑ\u0303\u0329"
PUNCTUATION = " ,.;:!?-"
SYMBOLS = ["_", "^", "$", *PUNCTUATION, *MARKS, *LETTERS]
FRAMES = {"_": 1.0, "^": 4.0, "$": 6.0, " ": 1.5, ",": 14.0, ".": 10.0, "ˈ": 1.0, "ˌ": 1.0, "ː": 4.0}
"""Frames of the symbols that have not seven."""
LETTER_FRAMES = 7.0
LOUD = frozenset(LETTERS + MARKS + "_ ")


def write_voice(folder: Path, name: str = "en_US-toy-low", **config: object) -> Path:
    """Put the voice into ``folder``; ``config`` replaces parts of its JSON. Returns the model's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    speakers = int(str(config.get("num_speakers", 1)))
    onnx.save(toy_model(speakers), str(path))
    path.with_name(f"{name}.onnx.json").write_text(json.dumps(toy_config() | config), "utf-8")
    return path


def toy_config() -> dict[str, object]:
    """The JSON beside the model, in the official form."""
    return {
        "audio": {"sample_rate": RATE, "quality": "low"},
        "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.5, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_map": {},
        "phoneme_id_map": {symbol: [index] for index, symbol in enumerate(SYMBOLS)},
        "num_symbols": len(SYMBOLS),
        "num_speakers": 1,
        "speaker_id_map": {},
        "piper_version": "1.0.0",
        "language": {
            "code": "en_US", "family": "en", "region": "US", "name_native": "English",
            "name_english": "English", "country_english": "United States",
        },
        "dataset": "toy",
    }  # fmt: skip


def toy_model(speakers: int = 1, ceils: int = 1) -> onnx.ModelProto:
    """A graph with the inputs and the output of the official exports."""
    frames = np.array([FRAMES.get(symbol, LETTER_FRAMES) for symbol in SYMBOLS], np.float32)
    # A length that is not whole, for Ceil to have something to do.
    tables = {
        "frames_of": np.where(frames > 1.0, frames - 0.25, frames),
        "loudness_of": np.array([0.6 if symbol in LOUD else 0.0 for symbol in SYMBOLS], np.float32),
        "hop": np.array([HOP], np.float32), "zero": np.array(0.0, np.float32), "one": np.array(1.0, np.float32),
        "first": np.array([0]), "second": np.array([1]), "axis": np.array(1), "rows": np.array([1]),
        "whole": np.array([-1]), "shape": np.array([1, 1, -1]), "pitch": np.array([0.06], np.float32),
    }  # fmt: skip
    nodes = [
        ("Gather", ["frames_of", "input"], "natural"),
        ("Gather", ["scales", "second"], "length_scale"),
        ("Mul", ["natural", "length_scale"], "stretched"),
        ("Ceil", ["stretched"], "w_ceil"),
        ("CumSum", ["w_ceil", "axis"], "ends_in_frames"),
        ("Mul", ["ends_in_frames", "hop"], "ends"),
        ("ReduceMax", ["ends"], "total"),
        ("Range", ["zero", "total", "one"], "time"),
        ("Unsqueeze", ["time", "rows"], "column"),
        ("GreaterOrEqual", ["column", "ends"], "passed"),
        ("Cast", ["passed"], "counted"),
        ("ReduceSum", ["counted", "rows"], "index"),
        ("Reshape", ["input", "whole"], "ids"),
        ("Gather", ["ids", "index"], "id"),
        ("Gather", ["loudness_of", "id"], "loudness"),
        ("Mul", ["time", "tone"], "phase"),
        ("Sin", ["phase"], "wave"),
        ("Mul", ["wave", "loudness"], "voiced"),
        ("RandomNormalLike", ["voiced"], "chance"),
        ("Gather", ["scales", "first"], "noise_scale"),
        ("Mul", ["chance", "noise_scale"], "noise"),
        ("Mul", ["noise", "loudness"], "breath"),
        ("Add", ["voiced", "breath"], "sound"),
        ("Reshape", ["sound", "shape"], "output"),
    ]
    nodes += [("Ceil", ["natural"], f"other_{index}") for index in range(ceils - 1)]
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, ["batch", "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch"]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    if speakers > 1:
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, ["batch"]))
        nodes.insert(0, ("Gather", ["tones", "sid"], "tone"))
        tables["tones"] = np.linspace(0.03, 0.12, speakers).astype(np.float32)
    else:
        nodes.insert(0, ("Identity", ["pitch"], "tone"))
    graph = helper.make_graph(
        [helper.make_node(kind, taken, [given], **_attributes(kind)) for kind, taken, given in nodes],
        "toy",
        inputs,
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, "time"])],
        [numpy_helper.from_array(array, name) for name, array in tables.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def _attributes(kind: str) -> dict[str, int]:
    return {"Cast": {"to": TensorProto.INT64}, "ReduceMax": {"keepdims": 0}, "ReduceSum": {"keepdims": 0}}.get(
        kind, {}
    )
