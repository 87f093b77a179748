"""A .zip for Blender: a script that brings everything in, the motion, a head, and the sound as a strip."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from engines.audio import write_wav
from engines.exports.character import NEUTRAL, read_character
from engines.exports.performance import Performance
from engines.motion_files import motion_document

SCRIPT = Path(__file__).resolve().parents[2] / "assets" / "blender" / "import_in_blender.py"
FOLDER = "speech-for-blender"
WHEN = (1980, 1, 1, 0, 0, 0)
"""The date of every file, so that the same motion gives the same archive."""


def write_blender(path: Path, performance: Performance) -> None:
    """Write the archive at ``path``. Raises StudioError for a head that cannot be used."""
    read_character(performance.character)  # as it is sent on, it has to be a whole one
    motion = json.dumps(motion_document(performance.motion), separators=(",", ":"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        _put(archive, SCRIPT.name, SCRIPT.read_bytes())
        _put(archive, "motion.json", motion.encode())
        _put(archive, "head.glb", (performance.character or NEUTRAL).read_bytes())
        if performance.speech is not None:
            sound = path.with_name(f"{path.name}.wav")
            try:
                write_wav(sound, performance.speech)
                _put(archive, "speech.wav", sound.read_bytes())
            finally:
                sound.unlink(missing_ok=True)


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(f"{FOLDER}/{name}", WHEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)
