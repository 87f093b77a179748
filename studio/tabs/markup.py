"""The pieces of HTML that the page is made of. Everything that comes from people is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from engines.types import StageTime

STAGE_NAMES = {
    "photo": "Getting to know the face",
    "film": "Following the face through the video",
    "voice": "Speaking the words",
    "align": "Finding the words in the recording",
    "motion": "Working out the motion",
    "rehearse": "Rehearsing the performance",
    "render": "Drawing the video",
    "frames": "Drawing the frames",
    "encode": "Writing the video",
    "join": "Putting it together",
    "clip": "The whole clip",
}
LIPS = (
    '<svg viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">'
    '<path d="M4 12c5-5 8-5 12-2 4-3 7-3 12 2-3 8-7 12-12 12S7 20 4 12Z" fill="currentColor"/>'
    '<path d="M7.5 13.4c3 1.6 14 1.6 17 0-2.4 2-14.6 2-17 0Z" fill="var(--body-background-fill)"/></svg>'
)


@dataclass(frozen=True)
class Card:
    """One thing to choose from: ``image`` is a data URI, "" if it cannot be shown."""

    id: str
    title: str
    detail: str
    image: str
    removable: bool = False


@dataclass(frozen=True)
class Frame:
    """A box over a picture, in fractions of its width and height."""

    left: float
    top: float
    width: float
    height: float
    chosen: bool


def masthead() -> str:
    """The top of the page, with its only h1."""
    return (
        f'<header class="masthead"><span class="mark">{LIPS}</span>'
        "<div><h1>Visema Studio</h1><p>A face, some words, a feeling: a video that talks.</p></div></header>"
    )


def notice(sentence: str) -> str:
    """Something the user should act on."""
    return f'<div class="notice" role="alert">{escape(sentence)}</div>'


def hint(sentence: str) -> str:
    """Something that is good to know."""
    return f'<p class="hint">{escape(sentence)}</p>'


def still(image: str, name: str, caption: str) -> str:
    """The face as the sliders, or a moment of the clip, have it."""
    return (
        f'<figure class="still"><img src="{image}" alt="{escape(name)} with the chosen expression"/>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def says(words: str, size: str) -> str:
    """What will be said, next to the face."""
    return f'<p class="says">{escape(words)}</p><p class="size">{escape(size)}</p>'


def avatar_cards(cards: Sequence[Card], chosen: str) -> str:
    """A group of radio buttons that look like portraits."""
    items = "".join(_avatar_card(card, card.id == chosen) for card in cards)
    return f'<fieldset class="cards"><legend class="sr-only">Who speaks</legend>{items}</fieldset>'


def _avatar_card(card: Card, chosen: bool) -> str:
    return (
        f'<div class="card"><label><input type="radio" name="who" value="{escape(card.id)}"'
        f"{' checked' if chosen else ''}/>{_picture(card)}"
        f'<span class="name">{escape(card.title)}</span><span class="detail">{escape(card.detail)}</span>'
        f"</label>{_remove_button(card)}</div>"
    )


def _remove_button(card: Card) -> str:
    """The cross in the corner of what may be deleted."""
    if not card.removable:
        return ""
    name = escape(card.title)
    return (
        f'<button type="button" class="remove" data-remove="{escape(card.id)}" data-name="{name}"'
        f' aria-label="Delete {name}" title="Delete">&#215;</button>'
    )


def clip_cards(cards: Sequence[Card], chosen: str) -> str:
    """Buttons that bring an earlier clip back."""
    if not cards:
        return hint("Your clips will gather here and stay, also after closing the page.")
    items = "".join(
        f'<li><button type="button" class="clip" data-clip="{escape(card.id)}"'
        f"{' aria-current=true' if card.id == chosen else ''}>"
        f'{_picture(card)}<span><span class="name">{escape(card.title)}</span>'
        f'<span class="detail">{escape(card.detail)}</span></span></button>{_remove_button(card)}</li>'
        for card in cards
    )
    return f'<ul class="clips">{items}</ul>'


def _picture(card: Card) -> str:
    return f'<img src="{card.image}" alt=""/>' if card.image else '<span class="missing"></span>'


def framed_photo(image: str, frames: Iterable[Frame], alt: str) -> str:
    """A photo with a frame around each face."""
    boxes = "".join(_frame(number, frame) for number, frame in enumerate(frames, 1))
    return f'<div class="framed"><div><img src="{image}" alt="{escape(alt)}"/>{boxes}</div></div>'


def _frame(number: int, frame: Frame) -> str:
    place = f"left:{frame.left:.2%};top:{frame.top:.2%};width:{frame.width:.2%};height:{frame.height:.2%}"
    kind = "frame chosen" if frame.chosen else "frame"
    return f'<span class="{kind}" aria-hidden="true" style="{place}"><b>{number}</b></span>'


def progress(stage: str, fraction: float, note: str) -> str:
    """A progress bar, what is being done, and what to expect."""
    percent = round(100 * fraction)
    return (
        '<div class="progress"><div class="words"><strong role="status">'
        f'{escape(stage)}</strong><span>{escape(note)}</span></div><div class="bar" role="progressbar" '
        f'aria-label="Rendering" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent}">'
        f'<div style="width:{percent}%"></div></div></div>'
    )


def making_of(times: Sequence[StageTime], facts: Sequence[tuple[str, str]], notes: Sequence[str]) -> str:
    """What made a clip, how long each stage took, and what should be known about it."""
    longest = max([time.seconds for time in times] + [1e-3])
    rows = "".join(_time_row(time, longest) for time in times)
    terms = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    remarks = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return (
        f'<div class="making">{f"<ul class=remarks>{remarks}</ul>" if remarks else ""}<dl>{terms}</dl>'
        f"<table><caption>Time taken</caption><tbody>{rows}</tbody></table></div>"
    )


def _time_row(time: StageTime, longest: float) -> str:
    mark = '<span class="cached">from cache</span>' if time.cached else ""
    width = round(100 * time.seconds / longest)
    return (
        f'<tr><th scope="row">{escape(stage_name(time.stage))}</th>'
        f'<td class="meter"><span style="width:{width}%"></span></td><td>{time.seconds:.2f} s {mark}</td></tr>'
    )


def stage_name(stage: str) -> str:
    """A stage's name in plain words."""
    return STAGE_NAMES.get(stage, stage.replace("_", " ").capitalize())


def duration(seconds: float) -> str:
    """A length of time the way people say it."""
    whole = max(round(seconds), 1)
    return f"{whole} s" if whole < 90 else f"{whole // 60} min {whole % 60:02d} s"
