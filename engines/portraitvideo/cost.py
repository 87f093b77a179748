"""How much there is to compute. Imports nothing heavy."""

from __future__ import annotations

from engines.liveportrait.files import FRAME_GMAC, PHOTO_GMAC
from engines.portraitvideo import PortraitVideoOptions
from engines.registry import Cost

SHUT = 12
"""Frames of the film, the most shut ones, that tell how the mouth rests."""


def cost(_options: PortraitVideoOptions, _lips_follow: bool) -> Cost:
    """As counted on the networks: every frame is read as a photo is, and drawn."""
    return Cost(photo=SHUT * PHOTO_GMAC, frame=PHOTO_GMAC + FRAME_GMAC)
