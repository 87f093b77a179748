"""What sizes the inputs of a TensorRT plan may have, from a model's trt_info.json."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.audio2face.reading import Unfit, read_json, refusing

USUAL: Mapping[str, int] = {"MAX_BATCH_SIZE": 64, "OPT_BATCH_SIZE": 8}
"""Where a file names a size without saying it."""
LARGEST = 1 << 24
_LINE = re.compile(r"-*(min|opt|max)Shapes[=: ]+(.+)")
_SIDES = re.compile(r"\d+(x\d+)*")


@dataclass(frozen=True)
class InputRange:
    """The sides of an input: least, usual and most."""

    least: tuple[int, ...]
    usual: tuple[int, ...]
    most: tuple[int, ...]


def read_shapes(path: Path) -> dict[str, InputRange]:
    """The ranges by input. Raises StudioError for a file without them."""
    document = read_json(path, dict[str, Any])
    with refusing(path):
        sizes = {**USUAL, **_sizes(document)}
        found: dict[str, dict[str, tuple[int, ...]]] = {"min": {}, "opt": {}, "max": {}}
        for text in _texts(document.get("trt_build_param")):
            match = _LINE.fullmatch(text.strip())
            if match:
                found[match[1]].update(_inputs(match[2], sizes))
        return _ranges(found)


def shapes_text(shapes: Mapping[str, InputRange]) -> str:
    """Ranges in one line that is the same for the same ranges."""
    return ";".join(f"{name}:{r.least}:{r.usual}:{r.most}" for name, r in sorted(shapes.items()))


def _ranges(found: Mapping[str, Mapping[str, tuple[int, ...]]]) -> dict[str, InputRange]:
    least, usual, most = found["min"], found["opt"], found["max"]
    if not least or not set(least) == set(usual) == set(most):
        raise Unfit("it does not say the least, usual and largest shapes of the same inputs")
    for name in least:
        sides = list(zip(least[name], usual[name], most[name], strict=False))
        even = len(least[name]) == len(usual[name]) == len(most[name])
        if not even or any(not 0 < a <= b <= c <= LARGEST for a, b, c in sides):
            raise Unfit(f"its shapes of '{name}' are out of order")
    return {name: InputRange(least[name], usual[name], most[name]) for name in least}


def _inputs(text: str, sizes: Mapping[str, int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every "name:1x2x3" of a line."""
    for part in text.split(","):
        name, _, shape = part.strip().strip("'\"").rpartition(":")
        for size, value in sizes.items():
            shape = shape.replace("{" + size + "}", str(value))
        if not name or not _SIDES.fullmatch(shape):
            raise Unfit(f"its shape '{part.strip()[:60]}' cannot be read")
        yield name.strip("'\""), tuple(int(side) for side in shape.split("x"))


def _sizes(document: Any) -> dict[str, int]:
    """Every number in capitals under a "defaults"."""
    if not isinstance(document, dict):
        return {}
    out: dict[str, int] = {}
    for key, value in document.items():
        if key == "defaults" and isinstance(value, dict):
            out |= {name: size for name, size in value.items() if type(size) is int}
        else:
            out |= _sizes(value)
    return out


def _texts(value: Any) -> Iterator[str]:
    """Every text inside lists and dicts."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)
