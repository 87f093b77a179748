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
from typing import Any

import gradio as gr
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


def credentials_button(elem_id: str) -> gr.DownloadButton:
    """A download for credentials that lie beside a video; it shows where there are such."""
    return gr.DownloadButton("Its credentials (.c2pa)", visible=False, elem_id=elem_id)


def credentials_beside(video: Path, owner: str, name: str) -> Any:
    """The update of a ``credentials_button`` for ``video``: the file under the video's own name, or hidden."""
    sidecar = video.with_suffix(".c2pa")
    there = sidecar.is_file()
    return gr.update(value=publish(sidecar, owner, name) if there else None, visible=there)


def plain_name(text: str) -> str:
    """``text`` as a file name that every system takes: letters, digits and single dashes."""
    words = re.sub(r"[^\w]+", "-", text, flags=re.UNICODE).strip("-_")
    return words[:MAX_NAME].rstrip("-") or "clip"
