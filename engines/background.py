"""What lies behind a person, and the person without it: made once from a photo and its matte.

A photo is I = a F + (1 - a) B: alpha times the person's own colour, and the rest background. The matte says a;
B is filled in from the sides where the person hides it; F follows from both.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.types import Float32, Image

FILL_SIDE = 400
"""Long side (px) of the copy in which the hidden background is filled in: what shows of it is narrow and
soft."""
REVEALED = 0.4
"""How far (iod) inside the person's edge the background may come to light with its lines."""
RIM = 0.025
"""Pixels this close (iod) to the person are taken for hidden too: stray hair is no background."""
LINE_BLUR = 2.5
"""Spread (px of that copy) over which the direction of lines is averaged."""
LINE_CONTRAST = 3.0
"""Mean slope (levels per px) from which on lines are carried on."""
CLEAR = 0.05
"""Clarity of a line below which it is none."""
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
    """Fill ``gone`` softly; where a line of the surroundings, a door frame or a horizon, runs into it, the line
    goes on for ``reach`` px."""
    if gone.all() or not gone.any():
        return rgb
    filled = np.where(gone[..., None], spread_colours(rgb, (~gone).astype(np.float32)), rgb).astype(np.float32)
    depth = cv2.distanceTransform(gone.astype(np.uint8), cv2.DIST_L2, 3)
    direction, strength = _directions(rgb, gone)
    rows, columns = np.nonzero(gone & (depth <= reach) & (strength > CLEAR))
    way = direction[rows, columns]
    colours, found = _along(rgb, gone, np.stack([columns, rows], 1), way, reach)
    fading = np.clip(2 - 2 * depth[rows, columns] / reach, 0, 1)
    share = (strength[rows, columns] * found * fading)[:, None]
    filled[rows, columns] += share * (colours - filled[rows, columns])
    return filled.clip(0, 255).round().astype(np.uint8)


def _directions(rgb: Image, gone: NDArray[np.bool_]) -> tuple[Float32, Float32]:
    """(H, W, 2) unit vectors along the lines at the nearest place that is not ``gone``, and (H, W) how clear
    they are, 0 to 1: from the structure tensor (Foerstner 1987) of the grey picture."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    known = cv2.erode((~gone).astype(np.float32), np.ones((5, 5), np.uint8))
    x, y = (cv2.Sobel(grey, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    parts = np.dstack([x * x, x * y, y * y, np.ones_like(x)]) * known[..., None]
    xx, xy, yy, count = cv2.split(cv2.GaussianBlur(parts, (0, 0), LINE_BLUR))
    angle = np.arctan2(2 * xy, xx - yy) / 2 + np.pi / 2
    energy = (xx + yy) / np.maximum(count, 1e-3)
    ratio = np.sqrt((xx - yy) ** 2 + 4 * xy**2) / np.maximum(xx + yy, 1e-6)
    clear = np.clip(2 * ratio**2 - 1, 0, 1) * np.clip(energy / LINE_CONTRAST**2 - 0.5, 0, 1)
    known_enough = count > min(0.2, float(count.max()) / 2)
    if not known_enough.any():
        return np.zeros((*gone.shape, 2), np.float32), np.zeros(gone.shape, np.float32)
    nearest = _nearest(known_enough)
    return np.dstack([np.cos(angle), np.sin(angle)])[nearest], clear[nearest].astype(np.float32)


def _nearest(known: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(H, W) rows and columns of the pixel of ``known`` that is nearest to each pixel."""
    empty = (~known).astype(np.uint8)
    labels = cv2.distanceTransformWithLabels(empty, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1]
    rows, columns = np.nonzero(known)
    place = np.zeros(int(labels.max()) + 1, np.intp)
    place[labels[rows, columns]] = np.arange(len(rows))
    return rows[place[labels]], columns[place[labels]]


def _along(
    rgb: Image, gone: NDArray[np.bool_], points: NDArray[np.intp], way: Float32, reach: float
) -> tuple[Float32, Float32]:
    """Colours (N, 3) where lines from ``points`` (N, 2) along ``way`` (N, 2) leave ``gone``; (N,) 1 if they do.

    Of both ends of a line the nearer one counts more.
    """
    total, count = np.zeros((len(points), 3), np.float32), np.zeros(len(points), np.float32)
    low, high = np.zeros(2, np.intp), np.array(gone.shape[::-1]) - 1
    for sign in (-1, 1):
        open_ends = np.ones(len(points), bool)
        for step in range(1, round(reach) + 4):
            place = np.round(points + sign * step * way).astype(np.intp)
            inside = ((place >= low) & (place <= high)).all(1)
            column, row = np.clip(place, low, high).T
            hit = open_ends & inside & ~gone[row, column]
            total[hit] += rgb[row[hit], column[hit]] / np.float32(step)
            count[hit] += np.float32(1 / step)
            open_ends &= inside & ~hit
    mean = total / np.maximum(count, np.float32(1e-6))[:, None]
    return np.asarray(mean, np.float32), (count > 0).astype(np.float32)


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
    coarse = spread_colours(np.asarray(small, np.float32), np.minimum(2 * share, 1.0).astype(np.float32))
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
    spread = spread_colours(mean.astype(np.float32), np.minimum(4 * weight, 1.0))
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
