"""A person on the plane: relief, light, paint, eyes, hair and finish."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from assets.avatars import extras, eyes, finish, hair, light, scenery, skin, strands
from assets.avatars.canvas import Canvas, features, place, sculpt_height, unroll
from assets.avatars.fields import Colours, Field, Plane, blur, bump, encode, linear, mix, noise
from assets.avatars.layers import layers, stack
from assets.avatars.people import Person


def paint_solid(person: Person, canvas: Canvas) -> tuple[Colours, Field, Field]:
    """Lit head and body (linear), their mask and their relief."""
    density = canvas.plane.density
    stacked, extra = stack(layers(person, canvas), density)
    lets, shine = extra[..., 3], extra[..., 4]
    pores = noise(stacked.z.shape, 0.09 * density, person.seed + 40, 2) * 0.0028 * (lets > 0.3)
    bumpy = extra[..., :3] + np.dstack([*np.gradient(pores)[::-1], 0 * pores]) * density * (-1, 1, 1) * 0.6
    bumpy = (bumpy / np.linalg.norm(bumpy, axis=2, keepdims=True)).astype(np.float32)
    surface = light.survey(stacked.z, bumpy, person.lighting, density)
    arriving = light.irradiance(surface, person.lighting)
    arriving = light.under_skin(arriving, np.minimum(lets, stacked.mask), 1.0, density)
    image = stacked.paint * arriving * np.float32(0.62)
    image += light.rim(surface, person.lighting) * (stacked.paint * 0.8 + 0.04)
    broad, tight = (
        light.highlight(surface, person.lighting.key, 16),
        light.highlight(surface, person.lighting.key, 70),
    )
    lips = skin.lip_mask(person.face, canvas.head_x, canvas.head_y)
    lit = surface.occlusion * (0.25 + 0.75 * surface.shadow)
    gleam = (0.07 * broad + 0.12 * tight) * shine * lit * (1 - 0.7 * lips)
    gleam += 0.42 * lips * person.face.lips.gloss * tight * surface.occlusion
    image += gleam[..., None] * linear(person.lighting.key.colour)
    return image.astype(np.float32), stacked.mask, stacked.z


def _shadow_of_hair(cover: Field, density: float) -> Field:
    shift = np.array([[1, 0, 0.45 * density], [0, 1, 0.75 * density]], np.float64)
    moved = np.asarray(cv2.warpAffine(cover, shift, cover.shape[::-1]), np.float32)
    return np.clip(0.75 * blur(moved, 0.45 * density) + 0.35 * blur(cover, 0.9 * density), 0, 1)


def add_tress(
    image: Colours, tress: strands.Tress, person: Person, relief: Field | None, shadow: float = 0.0
) -> Colours:
    """Draw strands over the picture, with the shadow they throw on what is below."""
    strokes = strands.shade(tress, person.plane, person.face.pose, person.lighting, relief)
    data, cover = strands.draw(strokes, person.plane)
    if shadow > 0:
        image = image * (1 - shadow * _shadow_of_hair(cover, person.plane.density))[..., None]
    data = data / np.maximum(cover, 1e-3)[..., None]
    return mix(image, strands.colourise(np.clip(data, 0, 1), tress, person.lighting), cover)


@dataclass(frozen=True)
class Painting:
    """Before film or paint effects, at painted size: sRGB image 0..1, the person's relief (cm) and mask."""

    image: Colours
    relief: Field
    mask: Field


def render(person: Person) -> Painting:
    """Everything lit and painted."""
    canvas = place(person)
    image, mask, relief = paint_solid(person, canvas)
    behind = scenery.paint(person.backdrop, canvas.plane, canvas.x, canvas.y)
    tresses = [hair.grow(one) for one in person.hair]
    for tress in tresses:
        behind = add_tress(behind, tress, person, None)
    image = mix(behind, image, mask)
    image = eyes.paint_eyes(image, person.face, canvas.head_x, canvas.head_y, canvas.plane.density)
    flat = sculpt_height(person)
    if "hoops" in person.extras:
        at = (canvas.head_x, canvas.head_y)
        image = extras.hoops(image, at, person.face.head, canvas.plane.density, person.accent)
    for tress in _fine_hairs(person, flat):
        image = add_tress(image, tress, person, relief)
    if person.beard:
        image = add_tress(
            image, hair.grow_beard(person.beard, person.face.lips, flat, person.plane), person, relief, 0.22
        )
    for tress in tresses:
        image = add_tress(image, tress, person, np.where(mask > 0.5, relief, -30).astype(np.float32), 0.55)
    if "glasses" in person.extras:
        sine = np.sin(np.radians(person.face.pose.turn))
        flat_x, flat_y = unroll(person.face, canvas.x, canvas.y)
        image = extras.glasses(
            image, (flat_x - sine * 5.5, flat_y), person.face.eyes, canvas.plane.density, person.accent
        )
    return Painting(encode(image), relief, mask)


def _fine_hairs(person: Person, flat: Field) -> list[strands.Tress]:
    """Brows and lashes, as far as the person has any."""
    found = []
    if person.face.brows.hairs:
        found.append(hair.eyebrows(person.face, flat, person.plane, person.seed))
    if person.face.eyes.lashes > 0:
        found.append(hair.lashes(person.face.eyes, (0.03, 0.02, 0.02), flat, person.plane, person.seed + 1))
    return found


def _detail(person: Person) -> Field:
    """1 at eyes and mouth, where a painter takes the finest brush."""
    plane = Plane(person.plane.width, person.plane.height, person.plane.scale, person.plane.centre, 1)
    x, y = plane.grid()
    keep = np.zeros_like(x)
    where = features(person)
    for names, radii in (
        (("eye_left_outer", "eye_left_inner"), (2.2, 1.4)),
        (("eye_right_outer", "eye_right_inner"), (2.2, 1.4)),
        (("mouth_left", "mouth_right"), (2.9, 1.2)),
    ):
        at = (where[names[0]] + where[names[1]]) / 2
        centre = ((at[0] - plane.centre[0]) / plane.scale, (plane.centre[1] - at[1]) / plane.scale)
        keep = np.maximum(keep, bump(x, y, centre, radii))
    return np.asarray(np.clip(keep * 1.3, 0, 0.8), np.float32)


def paint(person: Person) -> finish.Image:
    """The finished picture, (height, width, 3) uint8 RGB."""
    size = (person.plane.width, person.plane.height)
    painting = render(person)
    if person.finish == "oil":
        return finish.oil(finish.reduce(painting.image, size), _detail(person), person.seed)
    if person.finish == "woodcut":
        inks = ((0.10, 0.075, 0.085), (0.97, 0.93, 0.84))
        fine = np.asarray(cv2.resize(_detail(person), painting.relief.shape[::-1]), np.float32)
        form = finish.Form(painting.relief, painting.mask, fine)
        cut = finish.woodcut(painting.image, form, inks, person.plane.density)
        return finish.film(finish.reduce(cut, size), person.seed, 0.006)
    return finish.film(finish.reduce(painting.image, size), person.seed)
