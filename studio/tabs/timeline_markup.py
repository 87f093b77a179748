"""The HTML of the timeline of feelings. Everything that comes from people is escaped here."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from html import escape

from engines.feeling_tags import FeelingCue, TaggedText
from engines.word_times import Word, words_of
from studio.tabs import markup

SLIDERS, END = "sliders", "the end"
NEARBY, MOST_SENTENCES = 8, 60
"""Words on either side of a passage's beginning, and sentences, that are offered as another beginning."""
MOST_MIXED = 4
"""Feelings that a row offers to mix; people may write more of them into a tag."""
EXCERPT = 90
NONE_YET = (
    "One feeling for the whole text so far: the one above. Add others from a word on, as many as you like."
)
NO_TEXT = (
    "Feelings change with the words: type some on the Speech tab. A recording alone has one feeling throughout."
)


def passages(tagged: TaggedText, names: Mapping[str, str]) -> str:
    """Every passage with its own feeling as a row of controls; ``names`` are the emotions' in plain words."""
    if not tagged.text.strip():
        return markup.hint(NO_TEXT)
    if not tagged.cues:
        return markup.hint(NONE_YET) + _add_button()
    words = words_of(tagged.text)
    ends = [cue.offset for cue in tagged.cues[1:]] + [len(tagged.text)]
    rows = [_row(number, tagged, words, end, names) for number, end in enumerate(ends)]
    return f'<ol class="passages">{_opening(tagged)}{"".join(rows)}</ol>{_add_button()}'


def proposal(tagged: TaggedText, names: Mapping[str, str]) -> str:
    """Suggested feelings with the words they are for, to look at."""
    ends = [cue.offset for cue in tagged.cues[1:]] + [len(tagged.text)]
    rows = "".join(
        f'<li class="passage still-row">{_swatch(cue)}<strong>{escape(feeling_words(cue, names))}</strong>'
        f"{_excerpt(tagged.text[cue.offset : end])}</li>"
        for cue, end in zip(tagged.cues, ends, strict=True)
    )
    return f'<ol class="passages">{_opening(tagged)}{rows}</ol>'


def feeling_words(cue: FeelingCue, names: Mapping[str, str]) -> str:
    """A cue's weights as people say them: "Joy 80 %, Fear 30 %"."""
    if not cue.weights:
        return "As the sliders say"
    return ", ".join(f"{names[name]} {weight:.0%}".replace("%", " %") for name, weight in cue.weights.items())


def _opening(tagged: TaggedText) -> str:
    """What is said before the first cue."""
    before = tagged.text[: tagged.cues[0].offset]
    if not any(char.isalnum() for char in before):
        return ""
    return (
        '<li class="passage still-row"><span class="swatch" aria-hidden="true"></span>'
        f"<strong>As the sliders say</strong>{_excerpt(before)}</li>"
    )


def _row(number: int, tagged: TaggedText, words: Sequence[Word], end: int, names: Mapping[str, str]) -> str:
    cue = tagged.cues[number]
    first = _spoken_at(tagged.text, words, cue.offset)
    return (
        f'<li class="passage" data-at="{cue.offset}">{_swatch(cue)}'
        f"{_select(f'cue-{number}', 'from', 'From', _beginnings(tagged, words, cue.offset), str(cue.offset))}"
        f'<div class="mixture">{_mixture(number, cue, names)}</div>'
        f'<button type="button" class="remove" id="cue-{number}-remove" data-act="remove" title="Remove"'
        f' aria-label="Remove the feeling from {escape(first)}">&#215;</button>'
        f"{_excerpt(tagged.text[cue.offset : end])}</li>"
    )


def _mixture(number: int, cue: FeelingCue, names: Mapping[str, str]) -> str:
    """The feelings of a passage, each with its strength, and a button for one more."""
    shares = [_share(number, name, cue, names) for name in cue.weights or [SLIDERS]]
    more = (
        f'<button type="button" class="mix" id="cue-{number}-mix" data-act="mix">Mix in another</button>'
        if 0 < len(cue.weights) < MOST_MIXED
        else ""
    )
    return "".join(shares) + more


def _share(number: int, name: str, cue: FeelingCue, names: Mapping[str, str]) -> str:
    """One feeling of a mixture; ``name`` is SLIDERS where the passage has none of its own."""
    alone = len(cue.weights) < 2
    feelings = [(key, title) for key, title in names.items() if key == name or key not in cue.weights]
    choices = [*([(SLIDERS, "As the sliders say")] if alone else []), *feelings]
    place = f"cue-{number}" if alone else f"cue-{number}-{name}"
    return (
        f'<div class="share" data-name="{escape(name)}">{_select(place, "feeling", "Feeling", choices, name)}'
        f"{_strength(place, name, cue, names)}{'' if alone else _drop(place, names[name])}</div>"
    )


def _drop(place: str, title: str) -> str:
    return (
        f'<button type="button" class="remove" id="{place}-drop" data-act="drop" title="Leave out"'
        f' aria-label="Leave out {escape(title)}">&#215;</button>'
    )


def _select(place: str, act: str, label: str, choices: Sequence[tuple[str, str]], chosen: str) -> str:
    options = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(title)}</option>'
        for value, title in choices
    )
    return (
        f'<label class="{act}"><span>{label}</span><select id="{place}-{act}" data-act="{act}">'
        f"{options}</select></label>"
    )


def _strength(place: str, name: str, cue: FeelingCue, names: Mapping[str, str]) -> str:
    if name not in cue.weights:
        return ""
    weight = cue.weights[name]
    return (
        f'<label class="strength"><span>Strength <output>{weight:.2g}</output></span>'
        f'<input type="range" min="0" max="1" step="0.05" value="{weight:.2f}" id="{place}-strength"'
        f' data-act="strength" aria-label="Strength of {escape(names[name])}"'
        f' style="--range_progress: {weight:.0%}"/></label>'
    )


def _beginnings(tagged: TaggedText, words: Sequence[Word], offset: int) -> list[tuple[str, str]]:
    """Where this passage could begin instead: sentences, and the words around where it begins now."""
    here = _word_at(words, offset)
    taken = {cue.offset for cue in tagged.cues}
    sentences = [word.start for word in sentence_starts(words)][:MOST_SENTENCES]
    near = [word.start for word in words[max(here - NEARBY, 0) : here + NEARBY + 1]]
    places = {place for place in (*sentences, *near) if place not in taken}
    if here < len(words):
        places.discard(words[here].start)
    return [(str(place), _spoken_at(tagged.text, words, place)) for place in sorted({*places, offset})]


def sentence_starts(words: Sequence[Word]) -> list[Word]:
    """The first word of every sentence."""
    befores = [None, *words[:-1]]
    return [word for word, before in zip(words, befores, strict=True) if not before or before.pause >= 1.0]


def _word_at(words: Sequence[Word], offset: int) -> int:
    """Which word is spoken at ``offset`` or next after it; the number of words if there is none."""
    return bisect_right(words, offset, key=lambda word: word.end)


def spoken_from(tagged: TaggedText, offset: int) -> str:
    """The first words from ``offset`` on."""
    return _spoken_at(tagged.text, words_of(tagged.text), offset)


def _spoken_at(text: str, words: Sequence[Word], offset: int) -> str:
    """The first words from ``offset`` on."""
    here = _word_at(words, offset)
    after = words[here : here + 3]
    return text[after[0].start : after[-1].end].replace("\n", " ") if after else END


def _swatch(cue: FeelingCue) -> str:
    """A bar in the colours of the feelings, each as long as it is strong."""
    bars = "".join(f'<i class="{name}" style="flex: {weight:g}"></i>' for name, weight in cue.weights.items())
    return f'<span class="swatch" aria-hidden="true">{bars}</span>'


def _excerpt(text: str) -> str:
    words = " ".join(text.split())
    short = words if len(words) <= EXCERPT else words[:EXCERPT].rsplit(" ", 1)[0] + "…"
    return f'<p class="excerpt">{escape(short)}</p>'


def _add_button() -> str:
    return '<button type="button" class="add" id="cue-add" data-act="add">Add a feeling</button>'
