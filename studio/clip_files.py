"""The files of a clip in the making, and the manifest that stays beside it."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from engines.requests import option_pictures, request_document, with_pictures
from engines.types import Clip


def clip_manifest(clip: Clip, avatar: str) -> dict[str, Any]:
    """What is kept beside a clip: everything that made it, as plain JSON values, without paths."""
    pictures = {place: Path(path).name for place, path in option_pictures(clip.request).items()}
    request = request_document(with_pictures(clip.request, pictures))
    request["avatar"]["source"] = avatar
    if request["words"]["audio"]:
        request["words"]["audio"] = Path(request["words"]["audio"]).name
    times = [{"stage": t.stage, "seconds": t.seconds, "cached": t.cached} for t in clip.times]
    return {
        "created": now(),
        "file": clip.path.name,
        "avatar": avatar,
        "request": request,
        "duration": clip.duration,
        "width": clip.width,
        "height": clip.height,
        "fps": clip.fps,
        "frames": clip.frames,
        "engines": clip.engines,
        "times": times,
        "notes": list(clip.notes),
    }


def keep_only(folder: Path, names: Collection[str]) -> None:
    """Delete everything in ``folder`` but ``names``."""
    for path in folder.iterdir():
        if path.name in names:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def remove_half_files(folder: Path) -> None:
    """Delete what a process that died was writing below ``folder``."""
    for path in folder.rglob(".*.part*"):
        path.unlink(missing_ok=True)


def now() -> str:
    """The time as it stands in manifests."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
