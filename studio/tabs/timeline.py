"""The timeline on the Emotion tab: feelings that change with the words. They live in the words as tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engines.errors import StudioError
from engines.feeling_hints import suggest_feelings
from engines.feeling_tags import (
    FeelingCue,
    TaggedText,
    feeling_table,
    parse_feelings,
    parse_weights,
    with_cue,
    without_cue,
    write_feelings,
)
from engines.types import EMOTIONS
from engines.voices import language_of
from engines.word_times import words_of
from studio.tabs import markup
from studio.tabs.guard import Updates
from studio.tabs.parts import Form, Parts, Timeline
from studio.tabs.request import TYPED
from studio.tabs.speech import says_of
from studio.tabs.stage import Moment, still_of
from studio.tabs.timeline_markup import MOST_MIXED, SLIDERS, passages, proposal, sentence_starts, spoken_from

ABOUT = (
    "Each feeling, or mixture, holds from its word on; the picture shows the one that you change. They stand "
    "in the words on the Speech tab, as [joy] or [joy:0.6 amazement:0.3]."
)
NOTHING_FOUND = "Nothing in these words suggests a feeling; add one yourself where you hear it."
CHANGED = "The words have changed since; ask for a suggestion again."
MIXED_IN, MIXED_STRENGTH = ("amazement", "joy", "sadness", "fear"), 0.3
"""What is mixed in first, and how strongly; people change both."""
ON_ROWS = """
let last = '';
watch('value', () => { if (last) setTimeout(() => document.getElementById(last)?.focus(), 30); });
const place = target => target.closest('[data-at]')?.dataset.at ?? '';
const feeling = target => target.closest('[data-name]')?.dataset.name ?? '';
// All sliders of a passage go together: one that was moved just before another is not forgotten.
const strengths = target => [...target.closest('[data-at]').querySelectorAll('input[type=range]')]
  .map(range => feeling(range) + ':' + range.value).join(' ');
const send = (target, value) => {
  last = target.id;
  trigger('select', { act: target.dataset.act, at: place(target), of: feeling(target), value });
};
let waiting = 0, looked = '';
element.addEventListener('change', event => {
  const target = event.target;
  if (!target.dataset.act) return;
  clearTimeout(waiting);
  const slid = target.type === 'range';
  waiting = setTimeout(() => send(target, slid ? strengths(target) : target.value), slid ? 250 : 0);
});
element.addEventListener('input', event => {
  if (event.target.type !== 'range') return;
  event.target.style.setProperty('--range_progress', 100 * event.target.value + '%');
  event.target.closest('label').querySelector('output').textContent = event.target.value;
});
const look = event => {
  const at = place(event.target);
  if (at === '' || at === looked || event.target.closest('button')) return;
  looked = at;
  trigger('select', { act: 'look', at, of: '', value: '' });
};
element.addEventListener('focusin', look);
document.addEventListener('input', event => { if (!element.contains(event.target)) looked = ''; });
element.addEventListener('click', event => {
  const button = event.target.closest('button[data-act]');
  if (button) send(button, ''); else look(event);
});
"""


def build_timeline() -> Timeline:
    """The section's components, without events."""
    gr.HTML(f"<h2>Does it change?</h2>{markup.hint(ABOUT)}", apply_default_css=False)
    notice = gr.HTML(apply_default_css=False, elem_id="timeline-notice")
    rows = gr.HTML(js_on_load=ON_ROWS, apply_default_css=False, elem_id="timeline")
    suggest = gr.Button("Suggest from the text", elem_id="suggest", scale=0)
    with gr.Column(visible=False, elem_id="proposal") as offer:
        gr.HTML("<h3>A suggestion, to be changed as you like</h3>", apply_default_css=False)
        offered = gr.HTML(apply_default_css=False)
        with gr.Row():
            accept = gr.Button("Use these", variant="primary", scale=0, elem_id="accept")
            dismiss = gr.Button("Not now", scale=0, elem_id="dismiss")
    return Timeline(notice, rows, suggest, offer, offered, accept, dismiss, gr.State(""))


def connect_timeline(parts: Parts, names: Mapping[str, str]) -> None:
    """Let the section's components act."""
    tab, events = parts.emotion.timeline, TimelineEvents(parts, names)
    guard = parts.guard(tab.notice)
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    seen = [tab.notice, tab.rows, tab.suggest]
    written = [*seen, parts.speech.text, parts.stage.says, tab.offer, tab.draft]
    changes = [parts.speech.text.change, parts.speech.source.change]
    gr.on(changes, guard.event(events.follow), parts.voice_inputs, seen, trigger_mode="always_last", **quick)
    looked = [*written, parts.stage.face]
    form = parts.voice_inputs | parts.face_inputs
    tab.rows.select(guard.event(events.edit), form, looked, trigger_mode="multiple", **quick)
    offered = [tab.notice, tab.offer, tab.offered, tab.draft]
    tab.suggest.click(guard.event(events.suggest), parts.voice_inputs, offered, **quick)
    tab.accept.click(guard.event(events.accept), parts.voice_inputs | {tab.draft}, written, **quick)
    tab.dismiss.click(guard.event(events.dismiss), None, offered, **quick)


class TimelineEvents:
    """What happens in the timeline. ``names`` are the emotions in plain words."""

    def __init__(self, parts: Parts, names: Mapping[str, str]) -> None:
        self._parts, self._names = parts, names
        self._tab = parts.emotion.timeline

    def follow(self, form: Form) -> Updates:
        """Show what the words say now."""
        tagged = self._tagged(form)
        return {
            self._tab.rows: passages(tagged, self._names),
            self._tab.suggest: gr.update(interactive=bool(tagged.text.strip())),
        }

    def edit(self, form: Form, event: gr.EventData) -> Updates:
        """A row was changed, added, removed or only looked at: write it into the words and show its face."""
        before = self._tagged(form)
        after = edited(before, Change(str(event.act), str(event.at), str(event.of), str(event.value)))
        changed = [cue for cue in after.cues if cue not in before.cues]
        here = [*changed, *(cue for cue in after.cues if str(cue.offset) == str(event.at))]
        written = {} if event.act == "look" else self._write(form, after)
        return {**written, **self._face(form, after, here[0] if here else None)}

    def _face(self, form: Form, tagged: TaggedText, cue: FeelingCue | None) -> Updates:
        """The still as it feels at ``cue``; as the sliders say where there is none."""
        if not form[self._parts.avatar_id]:
            return {}
        if cue is None or not cue.weights:
            return {self._parts.stage.face: still_of(self._parts, form)}
        moment = Moment(cue.weights, spoken_from(tagged, cue.offset))
        return {self._parts.stage.face: still_of(self._parts, form, moment)}

    def suggest(self, form: Form) -> Updates:
        """Offer feelings for the words as they are, without applying any."""
        language = language_of(str(form[self._parts.speech.choice.voice] or ""))
        found = suggest_feelings(self._tagged(form).text, language)
        if not found.cues:
            raise StudioError(NOTHING_FOUND)
        tab = self._tab
        return {
            tab.offer: gr.update(visible=True),
            tab.offered: proposal(found, self._names),
            tab.draft: write_feelings(found),
        }

    def accept(self, form: Form) -> Updates:
        """Write the offered feelings into the words, in the place of those that are there."""
        found = parse_feelings(str(form[self._tab.draft]))
        if found.text != self._tagged(form).text:
            raise StudioError(CHANGED)
        return {**self._write(form, found), **self._put_away()}

    def dismiss(self) -> Updates:
        """Put the suggestion away."""
        return {**self._put_away(), self._tab.offered: ""}

    def _put_away(self) -> Updates:
        return {self._tab.offer: gr.update(visible=False), self._tab.draft: ""}

    def _write(self, form: Form, tagged: TaggedText) -> Updates:
        text = self._parts.speech.text
        form = {**form, text: write_feelings(tagged)}
        return {text: form[text], self._parts.stage.says: says_of(self._parts, form), **self.follow(form)}

    def _tagged(self, form: Form) -> TaggedText:
        if form[self._parts.speech.source] != TYPED:
            return TaggedText("")
        return parse_feelings(str(form[self._parts.speech.text] or ""))


@dataclass(frozen=True)
class Change:
    """What a row asked for: at the passage that begins ``at``, of its feeling ``of``."""

    act: str
    at: str = ""
    of: str = ""
    value: str = ""


def edited(tagged: TaggedText, change: Change) -> TaggedText:
    """``tagged`` after what a row asked for; what makes no sense changes nothing."""
    if change.act == "add":
        return _added(tagged)
    cue = next((cue for cue in tagged.cues if str(cue.offset) == change.at), None)
    if cue is None:
        return tagged
    if change.act == "from" and change.value.isdigit():
        moved = FeelingCue(min(int(change.value), len(tagged.text)), cue.weights, cue.written)
        return with_cue(without_cue(tagged, cue.offset), moved)
    if change.act == "remove":
        return without_cue(tagged, cue.offset)
    weights = _mixed(cue.weights, change)
    return with_cue(tagged, FeelingCue(cue.offset, weights)) if weights != cue.weights else tagged


def _mixed(weights: Mapping[str, float], change: Change) -> Mapping[str, float]:
    """``weights`` with another feeling or strength, one more or one less."""
    act, value = change.act, change.value
    if act == "feeling" and value == SLIDERS:
        return {}
    if act == "feeling" and value in EMOTIONS and not weights:
        return {value: _usual()}
    if act == "feeling" and value in EMOTIONS and value not in weights:
        return {value if name == change.of else name: weight for name, weight in weights.items()}
    if act == "strength" and (parse_weights(value) or {}).keys() == weights.keys():
        return parse_weights(value) or {}
    if act == "mix" and 0 < len(weights) < MOST_MIXED:
        return {**weights, next(name for name in MIXED_IN if name not in weights): MIXED_STRENGTH}
    if act == "drop" and len(weights) > 1:
        return {name: weight for name, weight in weights.items() if name != change.of}
    return weights


def _added(tagged: TaggedText) -> TaggedText:
    """With a new cue at the first sentence after the last cue that has none, else at the first free word."""
    words, taken = words_of(tagged.text), {cue.offset for cue in tagged.cues}
    last = max(taken, default=-1)
    later = [word.start for word in sentence_starts(words) if word.start > last]
    free = [word.start for word in [*sentence_starts(words), *words] if word.start not in taken]
    places = later or free
    return with_cue(tagged, FeelingCue(places[0], {"joy": _usual()})) if places else tagged


def _usual() -> float:
    return float(feeling_table()["strength"])
