"""What is behind a person: light, leaves and lamps out of focus, a window's patch on a wall, a sun."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from assets.avatars.fields import Colours, Field, Plane, blur, linear, mix, noise, step
from assets.avatars.people import Backdrop


@dataclass(frozen=True)
class Scene:
    """A backdrop on the picture's plane; every motif paints over the image that it is given."""

    scene: Backdrop
    plane: Plane
    x: Field
    y: Field

    def ground(self) -> Colours:
        """Wall colour with a pool of light."""
        image = np.broadcast_to(linear(self.scene.colour), (*self.x.shape, 3)).astype(np.float32)
        cloud = noise(self.x.shape, 6 * self.plane.density, self.scene.seed, 4)
        pool = step(23, 0, np.hypot(self.x + 4, (self.y - 4) * 0.85))
        light = np.clip(pool * (0.78 + 0.22 * cloud) + 0.06 * cloud, 0, 1)
        return mix(image, linear(self.scene.glow), light)

    def leaves(self, image: Colours) -> Colours:
        """Two depths of leaves out of focus, left and right."""
        rng = np.random.default_rng(self.scene.seed)
        for sharp, count in ((0.9, 26), (0.35, 18)):
            layer = np.zeros(self.x.shape, np.uint8)
            for _ in range(count):
                side = rng.choice([-1, 1])
                middle = np.array([side * rng.uniform(9, 17), rng.uniform(-14, 20)])
                size = np.array([rng.uniform(2.4, 4.8), rng.uniform(0.7, 1.4)]) * self.plane.density
                spot = (self.plane.to_pixels(middle) * self.plane.oversample).astype(int)
                angle = float(-side * rng.uniform(10, 80))
                cv2.ellipse(
                    layer,
                    spot.tolist(),
                    size.astype(int).tolist(),
                    angle,
                    0,
                    360,
                    int(rng.integers(110, 256)),
                    -1,
                )
            cover = blur(layer.astype(np.float32) / 255, sharp * self.plane.density)
            image = mix(image, linear(self.scene.accent) * (0.55 + 0.6 * sharp), cover * 0.8)
        return image

    def bokeh(self, image: Colours) -> Colours:
        """Lamps far behind, out of focus."""
        rng = np.random.default_rng(self.scene.seed)
        for _ in range(34):
            at, radius = (rng.uniform(-17, 17), rng.uniform(-16, 19)), rng.uniform(0.5, 2.1)
            distance = np.hypot(self.x - at[0], self.y - at[1])
            ring = step(radius, radius * 0.90, distance) * (0.65 + 0.35 * step(radius * 0.6, radius, distance))
            colour = linear(self.scene.accent) * rng.uniform(0.7, 1.3, 3).astype(np.float32)
            image = image + (ring * rng.uniform(0.03, 0.20) * (0.5 + 0.5 / radius))[..., None] * colour
        return np.asarray(image, np.float32)

    def window(self, image: Colours) -> Colours:
        """The light of a window on the wall."""
        u, v = self.x + 0.35 * self.y - 5.0, self.y - 0.12 * self.x - 3.0
        frame = step(9.5, 9.3, np.abs(u)) * step(13, 12.8, np.abs(v))
        bars = step(0.35, 0.5, np.abs(np.mod(u, 6.4) - 3.2)) * step(0.35, 0.5, np.abs(np.mod(v + 1, 8.0) - 4.0))
        patch = blur(frame * bars, 0.32 * self.plane.density)
        return image + (0.26 * patch)[..., None] * linear(self.scene.accent)

    def sun(self, image: Colours) -> Colours:
        """A round sun with rays, for a print."""
        distance, angle = np.hypot(self.x, self.y - 4.0), np.arctan2(self.y - 4.0, self.x)
        image = np.broadcast_to(linear(self.scene.glow), image.shape).astype(np.float32)
        rays = step(-0.05, 0.05, np.sin(angle * 22)) * step(14.6, 14.7, distance)
        image = mix(image, linear(self.scene.colour), rays)
        return mix(image, linear(self.scene.accent), step(14.0, 13.9, distance))


def paint(backdrop: Backdrop, plane: Plane, x: Field, y: Field) -> Colours:
    """The backdrop in linear light (H, W, 3)."""
    scene = Scene(backdrop, plane, x, y)
    motifs = {"leaves": scene.leaves, "bokeh": scene.bokeh, "window": scene.window, "sun": scene.sun}
    image = scene.ground()
    return motifs[backdrop.motif](image) if backdrop.motif in motifs else image
