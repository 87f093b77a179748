"""Handing a finished file to one browser.

Gradio serves what lies in its own folder to whoever has the address. A file that belongs to somebody is put
there under a name that follows from its owner, which nobody else can know.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path

from gradio.utils import get_upload_folder

MAX_NAME = 48


def publish(path: Path, owner: str, name: str) -> str:
    """A copy of ``path`` called ``name`` (its ending is kept) that ``owner``'s browser may fetch."""
    stamp = f"{owner}\n{path}\n{path.stat().st_mtime_ns}"
    folder = Path(get_upload_folder()) / hashlib.sha256(stamp.encode()).hexdigest()
    target = folder / f"{plain_name(name)}{path.suffix}"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{os.getpid()}{target.name}")
        shutil.copyfile(path, partial)
        partial.replace(target)
    return str(target)


def plain_name(text: str) -> str:
    """``text`` as a file name that every system takes: letters, digits and single dashes."""
    words = re.sub(r"[^\w]+", "-", text, flags=re.UNICODE).strip("-_")
    return words[:MAX_NAME].rstrip("-") or "clip"
