"""The cast: invented people, each with a face, a way of dressing and a style of painting."""

from __future__ import annotations

from assets.avatars.dress import Dress
from assets.avatars.fields import Plane
from assets.avatars.form import Brows, Eyes, Face, Head, Lips, Nose, Pose, Skin
from assets.avatars.hair import Beard, Hairdo
from assets.avatars.light import Lamp, Lighting
from assets.avatars.people import Backdrop, Person

# fmt: off


def mira() -> Person:
    """A young woman with a head full of curls."""
    face = Face(
        head=Head(temple=6.7, cheekbone=6.85, jaw=4.75, chin_width=1.8, chin=-8.1, brow_ridge=0.2, cheeks=1.2,
                  chin_boss=0.85),
        eyes=Eyes(half_width=1.65, upper=0.76, lower=0.45, iris=0.90, x=3.12, lid=0.38, lashes=0.8, liner=0.9,
                  colour=(0.30, 0.16, 0.08), inner_colour=(0.66, 0.38, 0.14)),
        brows=Brows(height=4.7, arch=0.5, thickness=0.34, colour=(0.27, 0.17, 0.12)),
        nose=Nose(width=1.38, ball=0.88, bridge=0.72, length=1.75),
        lips=Lips(y=-3.82, half_width=2.5, upper=0.76, lower=0.94, smile=0.24, colour=(0.68, 0.30, 0.27)),
        skin=Skin(colour=(0.76, 0.53, 0.39), blush=(0.82, 0.36, 0.28), shade=(0.44, 0.21, 0.14), freckles=0.35,
                  shine=0.7),
        pose=Pose(turn=3, roll=-4),
    )
    hair = Hairdo(count=12000, length=20, gravity=0.36, lift=0.8, curl=0.62, turns=5.5, points=60, guides=330,
                  clumping=0.93, hairline=7.7, volume=1.14, reach=1.95, part=1.2, mess=0.3,
                  colour=(0.19, 0.11, 0.075), tip_colour=(0.46, 0.25, 0.13), gloss=1.2)
    return Person("mira", face, (hair,), dress=Dress(neck=4.0, shoulders=-13.2, neckline="scoop",
                                                     colour=(0.74, 0.52, 0.24)),
                  backdrop=Backdrop((0.20, 0.36, 0.38), (0.55, 0.70, 0.64), "leaves", (0.14, 0.30, 0.29)),
                  plane=Plane(scale=26, centre=(384, 490)))


def anselm() -> Person:
    """An old man with a white beard and round glasses."""
    face = Face(
        head=Head(temple=6.9, cheekbone=7.15, jaw=5.9, chin_width=3.0, brow_ridge=0.62, age=0.75,
                  ear_size=1.12),
        eyes=Eyes(half_width=1.57, upper=0.60, lower=0.42, iris=0.81, lid=0.24, tilt=0.02, lashes=0.35,
                  liner=0.15,
                  colour=(0.22, 0.36, 0.46), inner_colour=(0.62, 0.70, 0.70)),
        brows=Brows(height=4.55, arch=0.35, thickness=0.5, colour=(0.72, 0.70, 0.67), density=1.1),
        nose=Nose(width=1.75, ball=1.1, bridge=0.9, length=2.2, tip=-1.15),
        lips=Lips(y=-4.3, half_width=2.35, upper=0.52, lower=0.76, smile=0.30, colour=(0.70, 0.42, 0.38),
                  gloss=0.3),
        skin=Skin(colour=(0.82, 0.63, 0.53), blush=(0.80, 0.38, 0.32), shade=(0.56, 0.30, 0.24),
                  blush_strength=0.5,
                  mottle=1.6, shine=0.6),
        pose=Pose(turn=-4, roll=3),
    )
    hair = Hairdo(count=6000, length=5.5, gravity=0.5, lift=0.7, points=22, guides=260, clumping=0.6,
                  hairline=8.3,
                  recede=3.2, part=-2.5, mess=0.25, volume=1.05, wave=0.25, turns=1.2, clear=(6.3, 9.5),
                  nape=0.0, reach=1.25,
                  colour=(0.70, 0.69, 0.67), tip_colour=(0.95, 0.94, 0.92), gloss=0.3)
    return Person("anselm", face, (hair,), Beard(moustache=0.65), extras=("glasses",), accent=(0.55, 0.42,
                  0.24),
                  dress=Dress(neck=5.6, neckline="turtle", colour=(0.24, 0.31, 0.26), shoulders=-14.2),
                  backdrop=Backdrop((0.30, 0.22, 0.17), (0.72, 0.55, 0.38), "window", (0.95, 0.80, 0.55)),
                  plane=Plane(scale=27.5, centre=(384, 470)))


def jun() -> Person:
    """A teenager in a hoodie, painted in oil."""
    face = Face(
        head=Head(temple=6.75, cheekbone=6.95, jaw=5.3, chin_width=2.2, chin=-8.2, brow_ridge=0.2, cheeks=1.1),
        eyes=Eyes(half_width=1.57, upper=0.62, lower=0.42, iris=0.87, tilt=0.16, lid=0.16, lashes=0.45,
                  liner=0.45,
                  colour=(0.16, 0.10, 0.07), inner_colour=(0.36, 0.22, 0.13)),
        brows=Brows(height=4.5, arch=0.3, thickness=0.42, colour=(0.16, 0.14, 0.14)),
        nose=Nose(width=1.45, ball=0.92, bridge=0.85, length=1.6),
        lips=Lips(y=-4.05, half_width=2.2, upper=0.60, lower=0.82, smile=0.20, colour=(0.74, 0.42, 0.38),
                  gloss=0.4),
        skin=Skin(colour=(0.83, 0.65, 0.51), blush=(0.84, 0.44, 0.36), shade=(0.58, 0.32, 0.23), shine=0.5,
                  mottle=0.35, blush_strength=0.25),
        pose=Pose(turn=5, roll=4),
    )
    hair = Hairdo(count=10000, length=8.0, gravity=0.5, lift=0.5, nape=2.0, reach=1.3, points=24, guides=200,
                  clumping=0.85, hairline=7.4,
                  part=-3.0, forward=1.0, side=0.75, mess=0.34, volume=1.12, clear=(6.2, 5.9), fade=0.65,
                  width=1.8,
                  colour=(0.06, 0.06, 0.075), tip_colour=(0.19, 0.17, 0.20), gloss=1.1)
    return Person("jun", face, (hair,), finish="oil",
                  dress=Dress(neck=4.6, shoulders=-13.8, neckline="hood", colour=(0.30, 0.40, 0.56),
                              second=(0.88, 0.86, 0.80)),
                  backdrop=Backdrop((0.62, 0.40, 0.28), (0.95, 0.78, 0.52), "soft"),
                  plane=Plane(scale=27.5, centre=(384, 470)))


def pixel() -> Person:
    """A friendly robot with a porcelain face."""
    face = Face(
        head=Head(temple=6.8, cheekbone=6.95, jaw=5.2, chin_width=2.1, chin=-8.1, brow_ridge=0.2, ears=False),
        eyes=Eyes(half_width=1.60, upper=0.78, lower=0.46, iris=0.94, lid=0.32, lashes=0.0, liner=0.6,
                  colour=(0.02, 0.38, 0.46), inner_colour=(0.45, 0.98, 0.95)),
        brows=Brows(height=4.7, arch=0.42, thickness=0.26, colour=(0.62, 0.27, 0.20), hairs=False),
        nose=Nose(width=1.3, ball=0.85, bridge=0.7, length=1.7),
        lips=Lips(y=-4.0, half_width=2.15, upper=0.60, lower=0.80, smile=0.36, colour=(0.80, 0.50, 0.46),
                  gloss=0.9),
        skin=Skin(colour=(0.80, 0.79, 0.79), blush=(0.95, 0.62, 0.55), shade=(0.60, 0.52, 0.52), mottle=0.2,
                  shine=1.6, translucency=0.35),
        pose=Pose(turn=-5, roll=-3),
    )
    return Person("pixel", face, extras=("shell",), accent=(0.80, 0.38, 0.28),
                  dress=Dress(neck=4.0, shoulders=-13.6, neckline="crew", colour=(0.26, 0.30, 0.36), weave=0.1),
                  backdrop=Backdrop((0.16, 0.20, 0.34), (0.48, 0.52, 0.72), "bokeh", (0.98, 0.75, 0.55)),
                  plane=Plane(scale=27.5, centre=(384, 470)))


def samira() -> Person:
    """A woman in a headscarf."""
    face = Face(
        head=Head(temple=6.8, cheekbone=6.95, jaw=5.2, chin_width=2.2, chin=-8.3, brow_ridge=0.25, cheeks=1.05,
                  age=0.12, ears=False),
        eyes=Eyes(half_width=1.63, upper=0.74, lower=0.43, iris=0.87, lid=0.38, lashes=0.65, liner=1.0,
                  tilt=0.14,
                  colour=(0.20, 0.26, 0.14), inner_colour=(0.52, 0.46, 0.20)),
        brows=Brows(height=4.65, arch=0.52, thickness=0.36, colour=(0.25, 0.17, 0.14)),
        nose=Nose(width=1.48, ball=0.95, bridge=0.78, length=2.1, tip=-1.05),
        lips=Lips(y=-4.05, half_width=2.5, upper=0.66, lower=0.92, smile=0.24, colour=(0.72, 0.33, 0.33)),
        skin=Skin(colour=(0.80, 0.60, 0.46), blush=(0.84, 0.42, 0.36), shade=(0.50, 0.27, 0.19)),
        pose=Pose(turn=-3, roll=2.5),
    )
    return Person("samira", face, extras=("scarf",), accent=(0.20, 0.44, 0.46),
                  dress=Dress(neck=4.3, shoulders=-13.8, colour=(0.42, 0.20, 0.24)),
                  backdrop=Backdrop((0.55, 0.36, 0.30), (0.93, 0.74, 0.58), "bokeh", (1.0, 0.9, 0.7)),
                  plane=Plane(scale=27.5, centre=(384, 470)))


def imara() -> Person:
    """A storyteller, cut in wood and printed in two inks."""
    face = Face(
        head=Head(temple=6.9, cheekbone=7.2, jaw=5.4, chin_width=2.5, chin=-8.5, brow_ridge=0.35, cheeks=1.25,
                  age=0.45),
        eyes=Eyes(half_width=1.63, upper=0.70, lower=0.43, iris=0.85, lid=0.36, lashes=0.5, liner=0.8,
                  colour=(0.14, 0.08, 0.05), inner_colour=(0.34, 0.20, 0.10)),
        brows=Brows(height=4.6, arch=0.5, thickness=0.40, colour=(0.10, 0.09, 0.09)),
        nose=Nose(width=1.85, ball=1.08, bridge=0.95, length=1.75),
        lips=Lips(y=-4.0, half_width=2.6, upper=0.88, lower=1.0, bow=0.10, smile=0.18, colour=(0.62, 0.30,
                  0.27), gloss=0.15),
        skin=Skin(colour=(0.55, 0.36, 0.26), blush=(0.62, 0.26, 0.20), shade=(0.26, 0.13, 0.09), shine=0.7),
        pose=Pose(turn=3, roll=-3),
    )
    hair = Hairdo(count=12000, length=6.5, gravity=0.05, lift=2.5, curl=0.34, turns=4, points=30, guides=900,
                  part=99,
                  side=0.0, clumping=0.8, hairline=7.9, mess=0.5, volume=1.1, reach=2.3, clear=(6.0, 8.0),
                  colour=(0.16, 0.14, 0.14), tip_colour=(0.50, 0.48, 0.47), gloss=0.6)
    return Person("imara", face, (hair,), finish="woodcut", extras=("hoops",), accent=(0.85, 0.62, 0.25),
                  dress=Dress(neck=4.6, shoulders=-13.8, neckline="scoop", colour=(0.62, 0.28, 0.16),
                              second=(0.9, 0.7, 0.3), pattern="beads"),
                  backdrop=Backdrop((0.85, 0.72, 0.50), (0.97, 0.90, 0.72), "sun", (0.85, 0.45, 0.22)),
                  plane=Plane(scale=26, centre=(384, 490)))


def rafael() -> Person:
    """A man in his thirties with a short dark beard."""
    face = Face(
        head=Head(temple=6.9, cheekbone=7.1, jaw=5.9, chin_width=2.9, chin=-8.7, brow_ridge=0.6, cheeks=0.9,
                  age=0.12),
        eyes=Eyes(half_width=1.62, upper=0.62, lower=0.42, iris=0.83, lid=0.26, lashes=0.5, liner=0.35,
                  colour=(0.24, 0.15, 0.09), inner_colour=(0.52, 0.34, 0.17)),
        brows=Brows(height=4.4, arch=0.32, thickness=0.52, colour=(0.22, 0.155, 0.12), density=1.2),
        nose=Nose(width=1.6, ball=1.0, bridge=0.9, length=2.15, tip=-1.1),
        lips=Lips(y=-4.05, half_width=2.58, upper=0.72, lower=0.84, smile=0.22, colour=(0.72, 0.43, 0.38),
                  gloss=0.35),
        skin=Skin(colour=(0.76, 0.55, 0.43), blush=(0.76, 0.40, 0.32), shade=(0.46, 0.25, 0.18), stubble=0.35,
                  stubble_colour=(0.28, 0.22, 0.20)),
        pose=Pose(turn=5, roll=2),
    )
    hair = Hairdo(count=10000, length=6.0, gravity=0.2, lift=0.55, forward=-0.7, nape=1.0, reach=1.28,
                  points=24, guides=220, clumping=0.75,
                  hairline=7.6, part=-3.2, mess=0.2, volume=1.08, fade=0.75, wave=0.3, turns=1.5,
                  clear=(6.0, 8.2),
                  colour=(0.10, 0.07, 0.055), tip_colour=(0.24, 0.155, 0.10), gloss=0.9)
    beard = Beard(length=1.0, count=7500, moustache=0.30, curl=0.05, width=1.2, colour=(0.10, 0.07, 0.055),
                  tip_colour=(0.26, 0.17, 0.12))
    return Person("rafael", face, (hair,), beard,
                  dress=Dress(neck=5.5, neckline="shirt", colour=(0.88, 0.87, 0.84), shoulders=-14.2),
                  backdrop=Backdrop((0.22, 0.26, 0.32), (0.52, 0.58, 0.66), "window", (0.85, 0.9, 1.0)),
                  lighting=Lighting(rims=(Lamp((0.92, 0.25, -0.18), (1.0, 0.72, 0.45), 2.0),
                                          Lamp((-0.95, 0.15, -0.22), (0.6, 0.8, 1.0), 1.0))),
                  plane=Plane(scale=27.5, centre=(384, 470)))

# fmt: on


def cast() -> dict[str, Person]:
    """Everybody by id, in the order in which the page shows them."""
    return {person.name: person for person in (mira(), anselm(), jun(), pixel(), samira(), rafael(), imara())}
