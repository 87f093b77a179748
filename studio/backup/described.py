"""What a folder that came back must be, so that the library can list it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engines.errors import StudioError
from studio.manifests import clean_name, read_avatar, read_clip, read_manifest
from studio.names import AVATARS

UNREADABLE = "Its manifest is damaged or not the studio's."


def describe(kind: str, folder: Path) -> int:
    """The frames of an avatar (1 for a photo) or a clip; raises StudioError if ``folder`` is not one."""
    try:
        return _avatar_frames(folder) if kind == AVATARS else _clip_frames(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise StudioError(UNREADABLE) from None


def _avatar_frames(folder: Path) -> int:
    avatar, manifest = read_avatar(folder), read_manifest(folder)
    _need(avatar.source.is_file(), clean_name(avatar.name) == avatar.name, isinstance(avatar.created, str))
    return _whole_number(manifest.get("frames") or 1)


def _clip_frames(folder: Path) -> int:
    clip = read_clip(folder)
    manifest = clip.manifest
    _need(clip.path.is_file(), isinstance(clip.created, str), isinstance(manifest["avatar"], str))
    _need(bool(clip.title), float(manifest["duration"]) >= 0, isinstance(manifest["notes"], list))
    _need(all(isinstance(time["stage"], str) for time in manifest["times"]))
    return _whole_number(manifest["frames"])


def _need(*facts: bool) -> None:
    if not all(facts):
        raise ValueError(UNREADABLE)


def _whole_number(value: Any) -> int:
    _need(isinstance(value, int), value >= 1)
    return int(value)
