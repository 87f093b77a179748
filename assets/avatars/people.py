"""What a person in the cast consists of."""

from __future__ import annotations

from dataclasses import dataclass, field

from assets.avatars.dress import Dress
from assets.avatars.fields import Colour, Plane
from assets.avatars.form import Face
from assets.avatars.hair import Beard, Hairdo
from assets.avatars.light import Lighting


@dataclass(frozen=True)
class Backdrop:
    """Two colours, a pool of light and a motif: ``soft``, ``bokeh``, ``leaves``, ``window`` or ``sun``."""

    colour: Colour = (0.30, 0.38, 0.40)
    glow: Colour = (0.62, 0.66, 0.60)
    motif: str = "soft"
    accent: Colour = (0.9, 0.8, 0.6)
    seed: int = 9


@dataclass(frozen=True)
class Person:
    """Everything there is to know about one of the cast.

    ``finish``: ``film``, ``oil`` or ``woodcut``. ``extras``: ``glasses``, ``scarf``, ``shell``, ``hoops``,
    ``headphones``; ``accent`` is their colour.
    """

    name: str
    face: Face
    hair: tuple[Hairdo, ...] = ()
    beard: Beard | None = None
    dress: Dress = field(default_factory=Dress)
    backdrop: Backdrop = field(default_factory=Backdrop)
    lighting: Lighting = field(default_factory=Lighting)
    plane: Plane = field(default_factory=Plane)
    finish: str = "film"
    extras: tuple[str, ...] = ()
    accent: Colour = (0.75, 0.62, 0.40)
    seed: int = 1
