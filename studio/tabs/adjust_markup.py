"""The HTML and the script of the panel in which people move the points of a face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from studio.tabs import markup
from studio.theme import ASSETS

TITLES: Mapping[str, str] = {
    "mouth_right": "Mouth corner, left in the picture",
    "mouth_left": "Mouth corner, right in the picture",
    "lip_top": "Upper edge of the upper lip",
    "lip_line": "Line between the lips",
    "lip_bottom": "Lower edge of the lower lip",
    "eye_right_outer": "Outer corner of the eye, left in the picture",
    "eye_right_inner": "Inner corner of the eye, left in the picture",
    "eye_right_upper": "Upper lid, left in the picture",
    "eye_right_lower": "Lower lid, left in the picture",
    "eye_left_inner": "Inner corner of the eye, right in the picture",
    "eye_left_outer": "Outer corner of the eye, right in the picture",
    "eye_left_upper": "Upper lid, right in the picture",
    "eye_left_lower": "Lower lid, right in the picture",
    "chin": "Chin",
}
ABOUT = (
    "Drag the points to where they belong, or choose one and press the arrow keys (with Shift: ten steps). "
    "Zoom in to be exact."
)
ABOUT_PLACING = (
    "Put the outer corners of the eyes and the chin (the large points) in place first, the others come along. "
    "Then drag each of the others to where it belongs, or move it with the arrow keys."
)
VIEWS = (("", "Whole face"), ("mouth", "Mouth"), ("eye", "Eyes"))
SCRIPT = (ASSETS / "page" / "adjust.js").read_text("utf-8")
Points = Mapping[str, tuple[float, float]]
"""Handle -> where it is, in shares of the shown picture's width and height."""


@dataclass(frozen=True)
class Photo:
    """What is shown: ``image`` is a data URI, ``aspect`` its width over its height."""

    image: str
    aspect: float


def editor(photo: Photo, now: Points, found: Points, reach: tuple[float, float] | None) -> str:
    """The photo with its handles.

    ``now`` and ``found``: where the handles are, and where Reset puts them. ``reach``: how far they may go from
    there, in shares of the picture's width and height; None for a face that is put there by hand.
    """
    handles = "".join(_handle(name, now[name], found[name]) for name in TITLES)
    views = "".join(
        f'<button type="button" data-view="{part}" aria-pressed="false">{title}</button>'
        for part, title in VIEWS
    )
    mode = f'data-reach="{reach[0]:.5f},{reach[1]:.5f}"' if reach else 'data-reach="1,1" data-by-hand="yes"'
    return (
        f'<div class="adjuster" {mode}>{markup.hint(ABOUT if reach else ABOUT_PLACING)}'
        f'<div class="tools" role="group" aria-label="Zoom">{views}</div>'
        f'<div class="view" style="--aspect:{photo.aspect:.4f}"><div class="sheet">'
        f'<img src="{photo.image}" alt="Your photo, with points on mouth, eyes and chin" draggable="false"/>'
        '<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="under"/><path class="over"/></svg>'
        f'{handles}</div></div><p class="told" role="status"></p><div class="tools">'
        '<button type="button" class="use" data-do="use">Use it</button>'
        '<button type="button" data-do="undo" disabled>Undo</button>'
        '<button type="button" data-do="reset">Reset</button></div></div>'
    )


def effects(pictures: Sequence[tuple[str, str]]) -> str:
    """What the points do: (title, data URI) side by side."""
    items = "".join(
        f'<figure><img src="{image}" alt="The face, {escape(title.lower())}"/>'
        f"<figcaption>{escape(title)}</figcaption></figure>"
        for title, image in pictures
    )
    return f'<div class="effects">{items}</div>'


def _handle(name: str, now: tuple[float, float], found: tuple[float, float]) -> str:
    places = " ".join(f'data-{when}="{x:.5f},{y:.5f}"' for when, (x, y) in (("now", now), ("found", found)))
    return (
        f'<button type="button" class="handle" data-handle="{name}" data-part="{name.partition("_")[0]}"'
        f' aria-label="{TITLES[name]}" title="{TITLES[name]}" {places}></button>'
    )
