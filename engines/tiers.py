"""The tiers of the cache: what lies in each, and how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast, get_args

from engines.errors import StudioError

Tier = Literal["detection", "photo", "crop", "features", "speech", "motion", "clip", "session"]
TIERS = cast("tuple[Tier, ...]", get_args(Tier))
HOUR, DAY = 3600.0, 24 * 3600.0
LIFETIMES: Mapping[Tier, float | None] = {
    "detection": None,
    "photo": None,
    "crop": 30 * DAY,
    "features": 30 * DAY,
    "speech": 7 * DAY,
    "motion": 7 * DAY,
    "clip": 14 * DAY,
    "session": HOUR,
}
"""Seconds for which an entry is kept; None: until room is needed. What costs much and takes little stays."""
MEANINGS: Mapping[Tier, str] = {
    "detection": "the faces found in a picture",
    "photo": "a picture made ready for an engine: its mesh or coefficients",
    "crop": "a face cut out for a neural engine",
    "features": "what a neural engine computes of a face alone",
    "speech": "spoken words, and their sounds in time",
    "motion": "how a face moves to words",
    "clip": "finished videos",
    "session": "stills of somebody's visit to the page",
}


def lifetimes(changed: str) -> dict[Tier, float | None]:
    """LIFETIMES with what ``changed`` says, "clip=86400,photo=0": seconds, 0 is until room is needed.

    Raises StudioError for a tier that does not exist and for what is no number of seconds.
    """
    found: dict[Tier, float | None] = dict(LIFETIMES)
    for word in filter(None, changed.replace(" ", "").split(",")):
        name, _, number = word.partition("=")
        if name not in TIERS:
            raise StudioError(f"There is no tier '{name[:40]}' in the cache; there are {', '.join(TIERS)}.")
        found[name] = _seconds(number) or None
    return found


def _seconds(number: str) -> float:
    try:
        seconds = float(number)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise StudioError(f"'{number[:40]}' is no number of seconds; write it like clip=86400,photo=0.")
    return seconds
