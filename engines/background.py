"""What lies behind a person, and the person without it: made once from a photo and its matte.

A photo is I = a F + (1 - a) B: alpha times the person's own colour, and the rest background. The matte says a;
B is filled in from the sides where the person hides it; F follows from both.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.types import Float32, Image

FILL_SIDE = 360
"""Long side (px) of the copy in which the hidden background is filled in: what shows of it is narrow and
soft."""
REVEALED = 1.2
"""How far (iod) inside the person's edge the background may come to light; deeper in, any colour will do."""
RIM = 0.06
"""Pixels this close (iod) to the person are taken for hidden too: stray hair is no background."""
SEEN = 0.02
"""Alpha from which on a pixel shows the person."""
SURE = 0.4
"""Alpha from which on a person's colour can be told from the mixture, and below it the background's."""
GRAIN_LEVELS = 4.0
"""Differences from the background below this (of 255) are grain, not hair."""
SAMPLED = 3.0
"""Pixels beyond alpha whose colour is still drawn on when the layer is bent."""
SPREAD_STEP = 4
"""Colours are carried on at this fraction of the size: they are smooth."""
BLUR = 0.16
"""Spread (iod) of the blur of a blurred background."""


def fill_behind(rgb: Image, alpha: Float32, iod: float) -> Image:
    """(H, W, 3): the photo without its person: ``rgb`` itself where ``alpha`` (H, W) and a rim leave it
    alone."""
    away = cv2.distanceTransform((alpha <= SEEN).astype(np.uint8), cv2.DIST_L2, 3)
    hidden = (away < max(RIM * iod, 1.0)).astype(np.uint8)
    scale = min(FILL_SIDE / max(rgb.shape[:2]), 1.0)
    size = (max(round(rgb.shape[1] * scale), 2), max(round(rgb.shape[0] * scale), 2))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    gone = cv2.resize(hidden.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    filled = _fill(small, gone, REVEALED * iod * scale)
    large = np.asarray(
        cv2.resize(filled, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_CUBIC), np.float32
    )
    large += _grain(rgb, hidden)
    mask = cv2.GaussianBlur(hidden.astype(np.float32), (0, 0), 1.0) * hidden
    return (rgb + mask[..., None] * (large - rgb)).clip(0, 255).round().astype(np.uint8)


def _fill(rgb: Image, gone: NDArray[np.bool_], reach: float) -> Image:
    """Fill ``gone``: within ``reach`` px of what is there by fast marching (Telea 2004), else by averages."""
    if gone.all() or not gone.any():
        return rgb
    filled = spread_colours(rgb, (~gone).astype(np.float32))
    near = gone & (cv2.distanceTransform(gone.astype(np.uint8), cv2.DIST_L2, 3) <= reach)
    rough = np.where(gone[..., None], filled, rgb).astype(np.uint8)
    return np.asarray(cv2.inpaint(rough, near.astype(np.uint8), 4, cv2.INPAINT_TELEA), np.uint8)


def spread_colours(rgb: Image | Float32, weight: Float32) -> Float32:
    """(H, W, 3) float32: colours where ``weight`` (H, W) is 1, carried on smoothly to where it is 0.

    A pyramid of weighted means (Gortler et al. 1996, "The lumigraph", pull-push).
    """
    height, width = weight.shape
    colour = rgb.astype(np.float32) * weight[..., None]
    if min(height, width) <= 2:
        return np.broadcast_to(colour.sum((0, 1)) / max(float(weight.sum()), 1e-6), rgb.shape).astype(
            np.float32
        )
    size = ((width + 1) // 2, (height + 1) // 2)
    share = np.asarray(cv2.resize(weight, size, interpolation=cv2.INTER_AREA), np.float32)
    small = cv2.resize(colour, size, interpolation=cv2.INTER_AREA) / np.maximum(share, 1e-6)[..., None]
    coarse = spread_colours(small.clip(0, 255), np.minimum(2 * share, 1.0).astype(np.float32))
    behind = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(colour + (1 - weight[..., None]) * behind, np.float32)


def _grain(rgb: Image, hidden: NDArray[np.uint8]) -> Float32:
    """(H, W, 1) noise as strong as the background's own, so that a filled place does not look smoother."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.5))[hidden == 0]
    level = 1.48 * float(np.median(fine)) if fine.size else 0.0
    noise = np.random.default_rng(0).standard_normal((*grey.shape, 1), np.float32)
    return np.asarray(min(level, 6.0) * noise, np.float32)


def foreground(rgb: Image, alpha: Float32, behind: Image) -> Image:
    """(H, W, 3): the person's own colours, without what shines through at the edge, and carried on beyond
    it."""
    colours = _carried_on(rgb, alpha)
    whole, edge = alpha >= 1, (alpha > SEEN) & (alpha < 1)
    colours[whole] = rgb[whole]
    sure = np.clip((alpha[edge] - SEEN) / (SURE - SEEN), 0, 1)[:, None]
    solved = _unmixed(rgb[edge], alpha[edge], behind[edge])
    colours[edge] = np.round(colours[edge] + sure * (solved - colours[edge]))
    return colours


def lifted(rgb: Image, alpha: Float32, behind: Image, iod: float) -> tuple[Float32, Image, Image]:
    """Alpha, colours and background that together give back the photo, for a background that stays.

    Where stray hair outside the matte differs from the filled background, alpha rises just as far as it takes
    to explain the pixel with some colour; so nothing jumps when the head begins to move.
    """
    away = cv2.distanceTransform((alpha < SEEN).astype(np.uint8), cv2.DIST_L2, 3)
    rim = max(RIM * iod, 1.0)
    edge = (alpha < 1) & (away < rim)
    allowed = 1 - away[edge] / rim
    share, colours = alpha.copy(), rgb.copy()
    share[edge] = np.maximum(alpha[edge], np.minimum(_needed(rgb[edge], behind[edge]), allowed))
    near = (away > 0) & (away < rim + SAMPLED)
    colours[near] = _carried_on(rgb, alpha)[near]
    seen = edge & (share > SEEN)
    colours[seen] = np.round(_unmixed(rgb[seen], share[seen], behind[seen]))
    return share, colours, _made_up(rgb, share, colours, behind)


def _made_up(rgb: Image, share: Float32, colours: Image, behind: Image) -> Image:
    """``behind`` with what alpha and colours leave unexplained of the photo, wherever it shines through
    enough."""
    stays = behind.copy()
    clear = share <= SEEN
    stays[clear] = rgb[clear]
    partly = (share > SEEN) & (share < SURE)
    part = share[partly][:, None]
    rest = (rgb[partly] - part * colours[partly]) / (1 - part)
    stays[partly] = np.round(np.clip(rest, 0, 255))
    return stays


def _needed(mixture: Image, behind: Image) -> Float32:
    """(N,): the least alpha that can make (N, 3) ``mixture`` out of ``behind`` and some colour, grain aside."""
    back = behind.astype(np.float32)
    change = mixture - back
    change = np.sign(change) * np.maximum(np.abs(change) - GRAIN_LEVELS, 0)
    needed = np.maximum(change / np.maximum(255 - back, 1), -change / np.maximum(back, 1))
    return np.asarray(needed.max(1), np.float32)


def _unmixed(mixture: Image, alpha: Float32, behind: Image) -> Float32:
    """(N, 3): F of I = a F + (1 - a) B, within 0 to 255."""
    share = np.maximum(alpha, SEEN)[:, None]
    return np.asarray(np.clip((mixture - (1 - share) * behind.astype(np.float32)) / share, 0, 255), np.float32)


def _carried_on(rgb: Image, alpha: Float32) -> Image:
    """(H, W, 3): the colours just inside the person's edge, carried on softly over everything else."""
    height, width = alpha.shape
    size = (max(width // SPREAD_STEP, 1), max(height // SPREAD_STEP, 1))
    sure = (alpha > 0.95).astype(np.float32)
    weight = cv2.resize(sure, size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(rgb * sure[..., None], size, interpolation=cv2.INTER_AREA)
    mean = (total / np.maximum(weight, 1e-6)[..., None]).clip(0, 255)
    spread = spread_colours(mean, np.minimum(4 * weight, 1.0))
    large = cv2.resize(spread, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large.clip(0, 255).round(), np.uint8)


def blurred(behind: Image, iod: float) -> Image:
    """The background out of focus."""
    return np.asarray(cv2.GaussianBlur(behind, (0, 0), max(BLUR * iod, 1.0)), np.uint8)


def covering(picture: Image, width: int, height: int) -> Image:
    """``picture`` scaled to cover (height, width) and cut to it about its middle."""
    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (max(round(picture.shape[1] * scale), width), max(round(picture.shape[0] * scale), height))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.ascontiguousarray(scaled[top : top + height, left : left + width])


def plain(colour: str, width: int, height: int) -> Image:
    """A picture of one ``colour``, "#rrggbb"."""
    return np.full((height, width, 3), tuple(bytes.fromhex(colour.removeprefix("#"))), np.uint8)
