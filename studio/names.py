"""How the library names owners, things and their kinds: each name is one folder's, never a path."""

from __future__ import annotations

import re

from engines.errors import StudioError

AVATARS, CLIPS = "avatars", "clips"
"""The kinds of things that the library keeps, as its folders are called."""
KINDS = {AVATARS: "avatar", CLIPS: "clip"}
"""What one of them is called."""
MANIFEST = "manifest.json"
"""The file in each of their folders that describes it."""
_OWNER = re.compile(r"[a-z0-9]{1,64}")
_ID = re.compile(r"[a-z0-9-]{1,40}")


def is_owner(name: str) -> bool:
    """Whether ``name`` can be an owner's."""
    return bool(_OWNER.fullmatch(name))


def is_id(name: str) -> bool:
    """Whether ``name`` can be that of an avatar or a clip."""
    return bool(_ID.fullmatch(name))


def checked_owner(owner: str) -> str:
    """``owner``, which becomes a folder's name; raises StudioError if it is anything but letters and digits."""
    if not is_owner(owner):
        raise StudioError("The request does not say whose it is; reload the page.")
    return owner
