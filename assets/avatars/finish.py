"""Last touches: grain and bloom, an oil painter's strokes, a woodcutter's lines."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from assets.avatars.fields import Colour, Colours, Field, blur, mix, noise, step

Image = NDArray[np.uint8]


def reduce(image: Colours, size: tuple[int, int]) -> Colours:
    """To (width, height) final pixels."""
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)


def _eight_bit(image: Colours) -> Image:
    return np.asarray(np.clip(image * 255 + 0.5, 0, 255), np.uint8)


def film(image: Colours, seed: int, grain: float = 0.010) -> Image:
    """Soft bloom, a little vignette and fine grain; sRGB 0..1 in, 8-bit out."""
    rows, columns = image.shape[:2]
    bright = np.clip(image - 0.72, 0, 1)
    image = 1 - (1 - image) * (1 - 0.5 * blur(bright, 9))
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    image = image * (1 - 0.13 * np.clip(x**2 + y**2 - 0.5, 0, None))[..., None]
    rng = np.random.default_rng(seed)
    speck = cv2.GaussianBlur(rng.normal(0, 1, (rows, columns)).astype(np.float32), (0, 0), 0.7) * 2.0
    image = image + (speck * grain)[..., None] * (0.6 + 0.8 * (1 - image))
    return _eight_bit(image)


def _flow(image: Colours, sigma: float) -> tuple[Field, Field]:
    """Unit direction along the picture's edges (smoothed structure tensor)."""
    gray = np.ascontiguousarray(image.mean(axis=2))
    gx, gy = cv2.Sobel(gray, cv2.CV_32F, 1, 0, ksize=5), cv2.Sobel(gray, cv2.CV_32F, 0, 1, ksize=5)
    xx, yy, xy = blur(gx * gx, sigma), blur(gy * gy, sigma), blur(gx * gy, sigma)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def _paths(
    starts: NDArray[np.float64], flow: tuple[Field, Field], radius: float, bends: int = 6
) -> NDArray[np.float64]:
    rows, columns = flow[0].shape
    path = [starts]
    heading = np.zeros_like(starts)
    for _ in range(bends):
        at = np.clip(path[-1], 0, (columns - 1, rows - 1)).astype(int)
        step_to = np.stack([flow[0][at[:, 1], at[:, 0]], flow[1][at[:, 1], at[:, 0]]], axis=1)
        step_to = np.where(((step_to * heading).sum(1) < 0)[:, None], -step_to, step_to)
        heading = step_to.astype(float)
        path.append(path[-1] + heading * radius * 0.85)
    return np.stack(path, axis=1)


def _stroke_layer(canvas: Image, height: Image, target: Colours, brush: tuple[float, float], seed: int) -> None:
    radius, threshold = brush
    rng = np.random.default_rng(seed)
    rows, columns = target.shape[:2]
    gap = max(2.0, radius * 0.8)
    grid = np.stack(np.meshgrid(np.arange(0, columns, gap), np.arange(0, rows, gap)), axis=-1).reshape(-1, 2)
    starts = np.clip(grid + rng.uniform(-gap, gap, grid.shape), 0, (columns - 1, rows - 1))
    soft = blur(target, radius * 0.45)
    at = starts.astype(int)
    error = np.abs(canvas[at[:, 1], at[:, 0]] / 255.0 - soft[at[:, 1], at[:, 0]]).max(axis=1)
    starts = starts[(error > threshold)]
    starts = starts[rng.permutation(len(starts))]
    at = starts.astype(int)
    tone = rng.normal(0, 0.012, (len(starts), 1)) + rng.normal(0, 0.008, (len(starts), 3))
    colours = np.clip((soft[at[:, 1], at[:, 0]] + tone) * 255, 0, 255)
    paths = np.round(_paths(starts, _flow(soft, radius), radius) * 8).astype(np.int32)
    lift = rng.integers(60, 256, len(starts))
    width = max(1, round(radius * 1.5))
    for path, colour, high in zip(paths, colours.tolist(), lift.tolist(), strict=True):
        cv2.polylines(canvas, [path], False, colour, width, cv2.LINE_AA, 3)
        cv2.polylines(height, [path], False, high, max(1, width - 1), cv2.LINE_AA, 3)


def oil(image: Colours, keep: Field, seed: int) -> Image:
    """Repaint with brushes from broad to fine along the forms; ``keep`` (0..1) protects eyes and mouth.

    Layered strokes after Hertzmann's painterly rendering, with the paint's own relief lit from the upper left.
    """
    canvas = np.clip(blur(image, 12) * 255, 0, 255).astype(np.uint8)
    height = np.full(image.shape[:2], 128, np.uint8)
    for i, brush in enumerate(((15.0, -1.0), (9.0, 0.02), (5.0, 0.03), (2.6, 0.04), (1.4, 0.055))):
        _stroke_layer(canvas, height, image, brush, seed + i)
    painted = mix(canvas.astype(np.float32) / 255, image, keep)
    bristle = noise(image.shape[:2], 2.2, seed + 9, 2)
    ridge = blur(height.astype(np.float32) / 255, 0.8) + 0.10 * bristle
    light = cv2.Sobel(ridge, cv2.CV_32F, 1, 0) * 0.6 + cv2.Sobel(ridge, cv2.CV_32F, 0, 1) * 0.8
    painted = painted + (np.clip(light, -0.6, 0.6) * 0.055 * (1 - 0.75 * keep))[..., None]
    weave = np.sin(np.arange(image.shape[1]) * 1.9)[None] * np.sin(np.arange(image.shape[0]) * 1.9)[:, None]
    painted = painted + (0.006 * weave)[..., None]
    return _eight_bit(painted)


def _line_ink(dark: Field, phase: Field, softness: float) -> Field:
    """Lines whose width follows the darkness: 1 where the ink is."""
    wave = np.abs(np.mod(phase, 1.0) * 2 - 1)
    return step(dark + softness, dark - softness, wave) * step(0.02, 0.16, dark)


@dataclass(frozen=True)
class Form:
    """What a woodcutter follows: heights ``z`` (cm), the person's ``mask`` and where to cut ``fine``."""

    z: Field
    mask: Field
    fine: Field


def _key_block(tone: Field, form: Form, density: float) -> Field:
    """The dark ink: lines that bend over the form, crossed in the shade, solid in the dark and along edges."""
    y = np.arange(tone.shape[0], dtype=np.float32)[:, None] / density
    x = np.arange(tone.shape[1], dtype=np.float32)[None] / density
    local = tone - blur(tone, 0.9 * density)
    calm = 1 - 0.5 * form.fine
    dark = np.clip(1.02 - 1.75 * (tone + 0.9 * local), 0, 1)
    bend = np.clip(blur(np.maximum(form.z, -6), 0.25 * density), -6, 9)
    wobble = 0.05 * noise(tone.shape, 0.8 * density, 31, 3)
    ink = _line_ink(dark * 1.02 * calm - 0.02, (y - 0.62 * bend + wobble) / 0.235, 0.10)
    across = (0.8 * x + 0.6 * y + 0.35 * bend + wobble) / 0.25
    ink = np.maximum(ink, _line_ink(np.clip(dark * 1.9 - 1.15, 0, 1) * calm, across, 0.10) * form.mask)
    ink = np.maximum(ink, step(0.13, 0.09, tone + 0.5 * local))
    edge = blur(tone, 0.03 * density) - blur(tone, 0.085 * density)
    contour = step(-0.022, -0.05, edge * (1 - 0.45 * form.fine))
    return np.asarray(np.clip(np.maximum(ink, contour), 0, 1), np.float32)


def woodcut(image: Colours, form: Form, inks: tuple[Colour, Colour], density: float) -> Colours:
    """A print: ``inks`` are the dark key block and the paper; colour areas stay as flat plates under it."""
    tone = blur(np.ascontiguousarray(image @ np.array([0.35, 0.5, 0.15], np.float32)), 0.035 * density)
    ink = _key_block(tone, form, density)
    plates = _plates(image, tone)
    worn = np.clip(1.25 - 0.5 * np.clip(noise(tone.shape, 0.07 * density, 91, 2), 0, 2), 0.6, 1)
    printed = mix(plates, np.asarray(inks[0], np.float32), ink * worn)
    paper = 1 + 0.02 * noise(tone.shape, 0.12 * density, 17, 3)
    return np.clip(printed * paper[..., None], 0, 1).astype(np.float32)


def _plates(image: Colours, tone: Field) -> Colours:
    """Flat colour: each hue lifted to a few even steps of brightness, as plates would print it."""
    levels = np.array([0.42, 0.62, 0.80, 0.96], np.float32)
    lifted = 0.30 + 0.75 * np.clip(tone, 0, 1)
    nearest = np.abs(lifted[..., None] - levels).argmin(axis=-1)
    flat = blur(levels[nearest], 1.2)
    return np.clip(image / np.maximum(tone, 0.05)[..., None] * flat[..., None], 0, 1).astype(np.float32)
