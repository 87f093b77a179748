"""The Speech tab: words and a voice, or a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from engines.feeling_tags import parse_feelings
from engines.registry import Recipe
from engines.voices import EMBEDDED
from studio.tabs import markup
from studio.tabs.files import publish
from studio.tabs.guard import Updates
from studio.tabs.owner import owner_of
from studio.tabs.parts import Form, Parts, SpeechTab
from studio.tabs.request import RECORDED, TYPED, UPLOADED, words_from
from studio.tabs.voices import (
    build_voice_choice,
    engine_chosen,
    first_voice,
    language_chosen,
    languages,
    voice_chosen,
)

if TYPE_CHECKING:
    from engines.stages import VoiceInfo
    from studio.library import Avatar

GREETING = "Hello! Give me a face and a few words, and I will say them for you."
TAGS = "Feelings can change on the way: [joy] Hello! [sad:0.5] But then … [neutral] All is well."
SOURCES = [("Type the words", TYPED), ("Upload a recording", UPLOADED), ("Record now", RECORDED)]
CHARACTERS_PER_SECOND = 14.5
"""English read aloud at 175 words a minute with five letters and a space to a word, less pauses."""
WAVE = gr.WaveformOptions(waveform_color="#8d8577", waveform_progress_color="#2b8170")


def build_speech_tab(voices: tuple[VoiceInfo, ...], recipe: Recipe) -> SpeechTab:
    """The tab's components, without events."""
    gr.HTML("<h2>What should be said?</h2>", apply_default_css=False)
    source = gr.Radio(SOURCES, value=TYPED, show_label=False, label="Kind of speech", elem_id="source")
    with gr.Column(elem_id="typed") as typed:
        text = gr.Textbox(GREETING, label="Words", info=TAGS, lines=5, max_lines=14, elem_id="words")
        choice = build_voice_choice(voices, recipe.voice)
    upload, microphone = _recording_inputs()
    known, transcript, tongue = _transcript_inputs(voices)
    hear = gr.Button("Hear it", elem_id="hear")
    notice = gr.HTML(apply_default_css=False, elem_id="speech-notice")
    sound = gr.Audio(
        label="How it sounds",
        interactive=False,
        autoplay=True,
        buttons=["download"],
        visible=False,
        waveform_options=WAVE,
        elem_id="sound",
    )
    return SpeechTab(
        notice, source, typed, text, choice, upload, microphone, known, transcript, tongue, hear, sound
    )


def _recording_inputs() -> tuple[gr.File, gr.Audio]:
    """A file, which may be a video whose sound is used, and the microphone."""
    upload = gr.File(
        label="A recording, or a video with speech",
        file_types=["audio", "video"],
        height=150,
        visible=False,
        elem_id="recording",
    )
    microphone = gr.Audio(
        label="Your voice",
        sources=["microphone"],
        type="filepath",
        buttons=[],
        visible=False,
        waveform_options=WAVE,
        elem_id="microphone",
    )
    return upload, microphone


def _transcript_inputs(
    voices: tuple[VoiceInfo, ...],
) -> tuple[gr.Column, gr.Textbox, gr.Dropdown]:
    """The words of a recording, if somebody knows them, and their language."""
    with gr.Column(visible=False, elem_id="known") as known:
        transcript = gr.Textbox(
            label="What is said in it",
            info="Not needed, but with the words the mouth meets every sound more exactly.",
            lines=2,
            max_lines=10,
            elem_id="transcript",
        )
        tongue = gr.Dropdown(
            languages(voices),
            value=first_voice(voices).language,
            num_choices_shown=None,
            label="Its language",
            elem_id="tongue",
        )
    return known, transcript, tongue


def connect_speech_tab(parts: Parts) -> None:
    """Let the tab's components act."""
    tab, events = parts.speech, SpeechEvents(parts)
    guard = parts.guard(tab.notice)
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    shown = [tab.notice, tab.typed, tab.upload, tab.microphone, tab.known, tab.sound, parts.stage.says]
    tab.source.change(guard.event(events.switch_source), parts.voice_inputs, shown, **quick)
    choice, chosen = tab.choice, [tab.choice.engine, tab.choice.language]
    choice.engine.input(guard.event(events.switch_engine), chosen, [tab.notice, *choice.changing], **quick)
    choice.language.input(guard.event(events.switch_language), chosen, [tab.notice, choice.voice], **quick)
    changes = [tab.text.change, tab.upload.change, tab.microphone.change]
    changes += [item.input for item in choice.option_components]
    gr.on(changes, guard.event(events.measure), parts.voice_inputs, [tab.notice, parts.stage.says],
          trigger_mode="always_last", **quick)  # fmt: skip
    tab.hear.click(
        guard.event(events.hear), parts.voice_inputs, [tab.notice, tab.sound], api_visibility="private"
    )


class SpeechEvents:
    """What happens on the Speech tab."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tab = parts.speech

    def switch_source(self, form: Form) -> Updates:
        """Show the input of the chosen kind."""
        tab, source = self._tab, form[self._tab.source]
        return {
            tab.typed: gr.update(visible=source == TYPED),
            tab.upload: gr.update(visible=source == UPLOADED),
            tab.microphone: gr.update(visible=source == RECORDED),
            tab.known: gr.update(visible=source != TYPED),
            tab.sound: gr.update(value=None, visible=False),
            **self.measure(form),
        }

    def switch_engine(self, engine: str, language: str | None) -> Updates:
        """Offer the voices of ``engine``."""
        return engine_chosen(self._tab.choice, self._parts.studio, engine, language or "")

    def switch_language(self, engine: str, language: str) -> Updates:
        """Offer the voices of ``language``."""
        return language_chosen(self._tab.choice, self._parts.studio, engine, language)

    def measure(self, form: Form) -> Updates:
        """Say next to the face what it will say, and how long that takes."""
        return {self._parts.stage.says: says_of(self._parts, form)}

    def hear(self, form: Form) -> Updates:
        """Speak, or play what was recorded."""
        owner, tab = owner_of(form[self._parts.token]), self._tab
        words = words_from(self._parts, form)
        options = {name: controls.changed(form) for name, controls in tab.choice.options.items()}
        wav = self._parts.studio.speak(owner, words, options)
        return {tab.sound: gr.update(value=publish(Path(wav), owner, "speech"), visible=True)}


def says_of(parts: Parts, form: Form) -> str:
    """The words and their size, for the side panel."""
    tab = parts.speech
    if form[tab.source] == TYPED:
        text = " ".join(parse_feelings(str(form[tab.text] or "")).text.split())
        rate = tab.choice.options[EMBEDDED].components["rate"]
        return markup.says(
            _quote(text), size_of(text, form[rate] if form[tab.choice.engine] == EMBEDDED else None)
        )
    recording = form[tab.upload if form[tab.source] == UPLOADED else tab.microphone]
    return markup.says("A recording" if recording else "Nothing to say yet", "")


def introduction(parts: Parts, form: Form, avatar: Avatar) -> Updates:
    """Everybody brings a sentence, a sample also its own voice, unless something was typed already."""
    tab, typed = parts.speech, str(form[parts.speech.text] or "")
    samples = parts.studio.library.samples()
    if typed not in ("", GREETING, *(sample.sentence for sample in samples)):
        return {}
    sentence = avatar.sentence or GREETING
    updates: Updates = {tab.text: sentence, parts.stage.says: says_of(parts, {**form, tab.text: sentence})}
    if not avatar.sample or form[tab.choice.engine] != EMBEDDED:
        return updates
    return updates | voice_chosen(tab.choice, parts.studio, avatar.voice)


def size_of(text: str, rate: float | None) -> str:
    """How many characters ``text`` has and about how long speaking it takes at ``rate`` words a minute."""
    if not text:
        return "Type some words on the Speech tab"
    seconds = len(text) / CHARACTERS_PER_SECOND * (175.0 / rate if rate else 1.0)
    return f"{len(text):,} characters, about {markup.duration(seconds)}"


def _quote(text: str) -> str:
    short = text if len(text) <= 120 else text[:117].rsplit(" ", 1)[0] + "…"
    return f"“{short}”" if text else "Nothing to say yet"
