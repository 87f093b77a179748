"""The pieces of HTML of the Library tab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from engines.errors import StudioError
from engines.types import AvatarRef
from studio.consent import Consent
from studio.tabs import markup, pictures

if TYPE_CHECKING:
    from studio.jobs import JobView
    from studio.shelf import Item

MAX_JOBS = 30
WHOSE: Mapping[Consent, str] = {
    "mine": "your own face",
    "permission": "with permission",
    "invented": "an invented face",
    "not stated": "not said whose face",
}
STATES = {
    "queued": "Waiting",
    "running": "Being made",
    "completed": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
}


@dataclass(frozen=True)
class Shown:
    """Items with their pictures as data URIs, and which of them is open."""

    items: Sequence[Item]
    images: Sequence[str]
    chosen: str


def shelf(shown: Shown, searching: bool) -> str:
    """Cards of avatars and of clips, each under its heading."""
    pairs = list(zip(shown.items, shown.images, strict=True))
    groups = (("Avatars", "avatar"), ("Clips", "clip"))
    lists = [(title, [pair for pair in pairs if pair[0].kind == kind]) for title, kind in groups]
    if not pairs:
        return markup.hint("Nothing is called so and nothing says so." if searching else EMPTY)
    return "".join(_group(title, found, shown.chosen) for title, found in lists if found)


EMPTY = "What you make gathers here: your own avatars and your clips."


def _group(title: str, pairs: Sequence[tuple[Item, str]], chosen: str) -> str:
    cards = "".join(f"<li>{_card(item, image, item.id == chosen)}</li>" for item, image in pairs)
    return f'<h2>{title} <span class="count">{len(pairs)}</span></h2><ul class="shelf">{cards}</ul>'


def _card(item: Item, image: str, chosen: bool) -> str:
    picture = f'<img src="{image}" alt=""/>' if image else '<span class="missing"></span>'
    words = f'<span class="quote">{escape(item.words)}</span>' if item.named else ""
    return (
        f'<button type="button" class="item" data-item="{escape(item.id)}"'
        f'{" aria-current=true" if chosen else ""}>{picture}<span class="name">{escape(item.name)}</span>'
        f'<span class="detail">{escape(detail(item))}</span>{words}</button>'
    )


def detail(item: Item) -> str:
    """When it was made and how long it is."""
    made = f"{datetime.fromisoformat(item.created).astimezone():%d %b %Y, %H:%M}"
    return f"{markup.duration(item.seconds)} · {made}" if item.kind == "clip" else made


def image_of(item: Item, face: AvatarRef | None) -> str:
    """The picture on an item's card, "" if it cannot be shown."""
    try:
        return pictures.portrait(face) if face else pictures.poster(item.path)
    except (OSError, StudioError, ValueError, StopIteration):
        return ""


def deleted(items: Sequence[Item]) -> str:
    """What was deleted since the page was opened, each with a way back."""
    rows = "".join(
        f"<li><span>“{escape(item.name)}” is deleted.</span>"
        f'<button type="button" class="add" data-undo="{escape(item.id)}">Undo</button></li>'
        for item in items
    )
    return f'<ul class="deleted" role="status">{rows}</ul>' if rows else ""


def head(item: Item) -> str:
    """What stands above the open item."""
    said = f"<blockquote>{escape(item.words)}</blockquote>" if item.kind == "clip" else ""
    hint = markup.hint(f"{detail(item)} · {WHOSE[item.consent]}")
    return f'<h2 tabindex="-1" id="item-name">{escape(item.name)}</h2>{hint}{said}'


def history(views: Sequence[JobView]) -> str:
    """Jobs, newest first: how each stands, why it failed, and a way to try it again."""
    rows = "".join(_job(view) for view in views[:MAX_JOBS])
    return f'<ul class="jobs">{rows}</ul>' if rows else markup.hint("Nothing was rendered yet.")


def _job(view: JobView) -> str:
    made = f"{datetime.fromtimestamp(view.created).astimezone():%d %b, %H:%M}"
    retry = ""
    if view.state == "failed":
        label = f'aria-label="Try again: {escape(view.avatar)}, {made}"'
        retry = f'<button type="button" class="add" data-retry="{escape(view.id)}" {label}>Try again</button>'
    reason = f'<span class="detail">{escape(view.message)}</span>' if view.message else ""
    return (
        f'<li><span class="state {view.state}">{STATES[view.state]}</span>'
        f"<span>{escape(view.avatar)}, {made}{reason}</span>{retry}</li>"
    )
