"""The table of export formats. A new one is a module beside this and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from engines.audio import write_wav
from engines.errors import StudioError
from engines.exports.arkit_json import write_arkit_json
from engines.exports.blender import write_blender
from engines.exports.gltf import write_gltf
from engines.exports.livelink import write_livelink
from engines.exports.performance import Performance, perform
from engines.files import whole_file
from engines.motion_files import write_csv, write_json

__all__ = ["FORMATS", "ExportFormat", "Performance", "format_for", "get_format", "perform", "write_export"]

Write = Callable[[Path, Performance], None]


@dataclass(frozen=True)
class ExportFormat:
    """A kind of file: ``name`` in requests, ``title`` on the page, ``about`` its use, ``suffix`` with its dot.

    ``write`` fills a file at a path; ``moves_character``: whether ``Performance.character``
    matters to it.
    """

    name: str
    title: str
    suffix: str
    media_type: str
    about: str
    write: Write
    moves_character: bool = False


def _nvidia(path: Path, performance: Performance) -> None:
    write_csv(path, performance.motion)


def _omniverse(path: Path, performance: Performance) -> None:
    write_json(path, performance.motion)


def _sound(path: Path, performance: Performance) -> None:
    write_wav(path, performance.sound)


_ALL = (
    ExportFormat(
        "nvidia-csv",
        "NVIDIA Audio2Face CSV",
        ".csv",
        "text/csv",
        "The columns of animation_frames.csv, as NVIDIA's services write it.",
        _nvidia,
    ),
    ExportFormat(
        "omniverse-json",
        "Omniverse blendshape JSON",
        ".json",
        "application/json",
        "facsNames and weightMat, as Omniverse Audio2Face exports them, with the head.",
        _omniverse,
    ),
    ExportFormat(
        "livelink-csv",
        "Live Link Face CSV",
        ".csv",
        "text/csv",
        "As the Live Link Face app records: for Unreal Engine, Maya and Blender importers.",
        write_livelink,
    ),
    ExportFormat(
        "arkit-json",
        "ARKit JSON, frame by frame",
        ".json",
        "application/json",
        "Every frame with its time, the 52 ARKit shapes by name, and the head.",
        write_arkit_json,
    ),
    ExportFormat(
        "glb",
        "Animated head (glTF)",
        ".glb",
        "model/gltf-binary",
        "The motion on a neutral head, or on your own .glb, with all 52 ARKit morph targets.",
        write_gltf,
        moves_character=True,
    ),
    ExportFormat(
        "blender",
        "For Blender (script, head, sound)",
        ".zip",
        "application/zip",
        "A script that moves your shape keys, or a head that comes along, with the sound as a strip.",
        write_blender,
        moves_character=True,
    ),
    ExportFormat(
        "sound",
        "The sound alone (WAV)",
        ".wav",
        "audio/wav",
        "What the motion was made for, from its first frame on.",
        _sound,
    ),
)
FORMATS: Mapping[str, ExportFormat] = MappingProxyType({each.name: each for each in _ALL})
"""By name; where two have the same ending, the first is the usual one."""


def get_format(name: str) -> ExportFormat:
    """The format called ``name``. Raises StudioError if there is none."""
    if name not in FORMATS:
        raise StudioError(f"There is no export format '{name[:40]}'; choose from: {', '.join(FORMATS)}.")
    return FORMATS[name]


def format_for(path: Path, name: str | None = None) -> ExportFormat:
    """The format ``name``, or what the ending of ``path`` says. Raises StudioError where they do not match."""
    suffix = path.suffix.lower()
    if name is not None:
        chosen = get_format(name)
        if suffix != chosen.suffix:
            raise StudioError(f"{chosen.title} is saved as {chosen.suffix}; give {path.name} that ending.")
        return chosen
    for each in FORMATS.values():
        if each.suffix == suffix:
            return each
    endings = list(dict.fromkeys(each.suffix for each in FORMATS.values()))
    known = f"{', '.join(endings[:-1])} or {endings[-1]}"
    raise StudioError(f"Motion is saved as {known}; give {path.name} one of these endings.")


def write_export(path: Path, performance: Performance, chosen: ExportFormat) -> None:
    """Write ``performance`` at ``path``, whole or not at all. Raises StudioError where that cannot be."""
    with whole_file(path) as part:
        chosen.write(part, performance)
