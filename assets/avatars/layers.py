"""The solid things of a portrait, back to front, and how they become one surface."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from assets.avatars import dress, extras, hair, light, sculpt, skin
from assets.avatars.canvas import Canvas
from assets.avatars.fields import Colours, Field, linear, mix, noise, step
from assets.avatars.people import Person


@dataclass(frozen=True)
class Layer:
    """Something solid: height, mask, paint, how much it lets light in and how it shines."""

    z: Field
    mask: Field
    paint: Colours
    translucent: float
    shine: float


def layers(person: Person, canvas: Canvas) -> list[Layer]:
    """From the back to the front; a scarf's or a robot's parts come last."""
    at, density, skin_like = (canvas.head_x, canvas.head_y), canvas.plane.density, person.face.skin
    body_z, body_mask = dress.shoulders(person.dress, canvas.x, canvas.y)
    tone = skin.complexion(person.face, *at, density, person.seed)
    plain = np.broadcast_to(linear(skin_like.colour), tone.shape).astype(np.float32)
    if "shell" in person.extras:
        plain = np.broadcast_to(linear((0.30, 0.32, 0.37)), tone.shape).astype(np.float32)
        body_z = (body_z + 0.20 * np.abs(np.sin(canvas.y * 3.2)) * step(-14.2, -13.2, canvas.y)).astype(
            np.float32
        )
    cloth_z, cloth_mask, cloth = dress.clothe(person.dress, body_z, canvas.x, canvas.y, density)
    ear_z, ear_mask = sculpt.ear(person.face.head, *at)
    tilt = -np.sin(np.radians(person.face.pose.turn)) * canvas.head_x
    z, edge = _head(person, canvas)
    tone = skin.lid_tint(_scalp(person, canvas, tone), person.face, *at)
    is_hood = person.dress.neckline == "hood"
    lets, shine = skin_like.translucency, skin_like.shine
    layers = [
        *([Layer(*dress.hood_back(person.dress, canvas.x, canvas.y), 0.0, 0.05)] if is_hood else []),
        Layer(body_z, body_mask, plain, lets, shine),
        Layer(cloth_z, cloth_mask, cloth, 0.0, 0.05),
        *_neckwear(person, canvas, body_z),
        Layer((ear_z + tilt).astype(np.float32), ear_mask * person.face.head.ears, tone, lets, shine),
        Layer((z + tilt).astype(np.float32), edge, tone, lets, shine),
    ]
    if "scarf" in person.extras:
        layers += _scarf(person, canvas, tilt)
    if "shell" in person.extras:
        layers += _shell(person, canvas, z + tilt, edge)
    return layers


def _head(person: Person, canvas: Canvas) -> tuple[Field, Field]:
    z = sculpt.relief(person.face, canvas.head_x, canvas.head_y)
    q = sculpt.outline(person.face.head, canvas.head_x, canvas.head_y)
    if "shell" in person.extras:
        z = z - 0.09 * extras.seams(canvas.head_x, canvas.head_y)
    return z.astype(np.float32), np.clip((1 - q) * 3.3 * canvas.plane.density + 0.2, 0, 1).astype(np.float32)


def _scalp(person: Person, canvas: Canvas, tone: Colours) -> Colours:
    """Hair colour under the hair, so that no skin shows between the strands."""
    for one in person.hair:
        above = canvas.head_y - hair.hairline(one, canvas.head_x)
        ragged = above + 0.35 * noise(above.shape, 0.35 * canvas.plane.density, 21, 3)
        tone = mix(tone, linear(one.colour) * 0.6, step(-0.2, 1.5, ragged) * (0.9 if one.recede < 2 else 0.1))
    return tone


def _cloth_paint(person: Person, canvas: Canvas, deep: Field) -> Colours:
    thread = np.sin(canvas.x * 60) * np.sin(canvas.y * 60) * 0.05
    return np.asarray(linear(person.accent) * (1.15 - 0.5 * deep + thread)[..., None], np.float32)


def _neckwear(person: Person, canvas: Canvas, body: Field) -> list[Layer]:
    """What lies on the shoulders: a scarf's ends or a hood."""
    if "scarf" in person.extras:
        z, mask, deep = extras.drape(body, canvas.x, canvas.y, canvas.plane.density, person.seed + 8)
        return [Layer(z, mask, _cloth_paint(person, canvas, deep), 0.0, 0.2)]
    if person.dress.neckline == "hood":
        return [Layer(*dress.hood(person.dress, canvas.x, canvas.y), 0.0, 0.05)]
    return []


def _scarf(person: Person, canvas: Canvas, tilt: Field) -> list[Layer]:
    head, at, density = person.face.head, (canvas.head_x, canvas.head_y), canvas.plane.density
    band_z, band = extras.under_scarf(head, *at, density)
    under = np.broadcast_to(linear(person.accent) * 0.35, (*tilt.shape, 3)).astype(np.float32)
    z, mask, deep = extras.scarf(head, *at, density, person.seed + 4)
    return [
        Layer((band_z + tilt).astype(np.float32), band, under, 0.0, 0.1),
        Layer((z + tilt).astype(np.float32), mask, _cloth_paint(person, canvas, deep), 0.0, 0.2),
    ]


def _shell(person: Person, canvas: Canvas, z: Field, edge: Field) -> list[Layer]:
    head, shape = person.face.head, z.shape
    colour = np.broadcast_to(linear(person.accent), (*shape, 3)).astype(np.float32)
    rise, mask = extras.shell(canvas.head_x, canvas.head_y)
    layers = [Layer((z + rise).astype(np.float32), mask * edge, colour, 0.1, 2.2)]
    for side in (-1, 1):
        dome, disc = extras.disc(
            canvas.x_flat, canvas.head_y, (side * (head.cheekbone - 0.15), 0.7), (1.25, 2.35)
        )
        inner = step(
            1.0,
            0.95,
            ((canvas.x_flat - side * (head.cheekbone - 0.15)) / 0.72) ** 2 + ((canvas.head_y - 0.7) / 1.4) ** 2,
        )
        cup = mix(np.broadcast_to(linear((0.30, 0.31, 0.36)), (*shape, 3)).astype(np.float32), colour, inner)
        layers.append(Layer((dome * 1.2 + 0.8).astype(np.float32), disc, cup, 0.1, 2.2))
    return layers


def stack(parts: list[Layer], density: float) -> tuple[Layer, Colours]:
    shape = parts[0].z.shape
    z = np.full(shape, sculpt.OUTSIDE, np.float32)
    normal = np.zeros((*shape, 3), np.float32)
    normal[..., 2] = 1
    mask, lets, shine = (np.zeros(shape, np.float32) for _ in range(3))
    paint = np.zeros((*shape, 3), np.float32)
    for layer in parts:
        solid = layer.mask > 0.5
        z = np.where(solid, layer.z, z)
        own = light.normals(np.asarray(cv2.medianBlur(layer.z, 3), np.float32), density)
        normal = mix(normal, own, layer.mask)
        paint = mix(paint, layer.paint, layer.mask)
        lets = mix(lets, np.float32(layer.translucent), layer.mask)
        shine = mix(shine, np.float32(layer.shine), layer.mask)
        mask = np.maximum(mask, layer.mask)
    return Layer(z, mask, paint, 0, 0), np.dstack([normal, lets, shine])
