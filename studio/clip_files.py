"""The files of a clip in the making, and the manifest that stays beside it."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from engines.requests import option_files, parse_request, request_document, with_files
from engines.types import Clip
from studio.consent import now
from studio.credentials import source_type
from studio.names import MANIFEST as MANIFEST

CLIP = "clip.mp4"


def clip_manifest(clip: Clip, avatar: str) -> dict[str, Any]:
    """What is kept beside a clip: everything that made it, as plain JSON values, without paths."""
    picture = Path(clip.request.avatar.source)
    files = {place: Path(path).name for place, path in option_files(clip.request).items()}
    request = request_document(with_files(clip.request, files))
    request["avatar"]["source"] = avatar
    if request["words"]["audio"]:
        request["words"]["audio"] = Path(request["words"]["audio"]).name
    times = [{"stage": t.stage, "seconds": t.seconds, "cached": t.cached} for t in clip.times]
    return {
        "created": now(),
        "file": clip.path.name,
        "avatar": avatar,
        "source_type": source_type(picture),
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


def video_name(manifest: Mapping[str, Any]) -> str:
    """What the video is called that ``manifest`` describes."""
    return Path(manifest.get("file", CLIP)).name


def lasting_names(manifest: Mapping[str, Any]) -> list[str]:
    """The files of a finished clip: video, credentials, manifest, and what it takes to make it again."""
    request = parse_request(manifest["request"])
    video = Path(video_name(manifest))
    given = [request.words.audio or "", *option_files(request).values()]
    return [video.name, video.with_suffix(".c2pa").name, MANIFEST, *(Path(path).name for path in given)]


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
