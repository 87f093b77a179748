"""The Speech tab: words and a voice, or a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from engines.errors import StudioError
from engines.feeling_tags import parse_feelings
from engines.registry import Recipe, get_engine, get_recipe
from studio.services import DEFAULT_RECIPE
from studio.tabs import markup
from studio.tabs.files import publish
from studio.tabs.guard import Updates
from studio.tabs.options import options_controls
from studio.tabs.owner import owner_of
from studio.tabs.parts import Form, Parts, SpeechTab
from studio.tabs.request import RECORDED, TYPED, UPLOADED, words_from

if TYPE_CHECKING:
    from engines.stages import VoiceInfo
    from studio.library import Avatar

GREETING = "Hello! Give me a face and a few words, and I will say them for you."
TAGS = "Feelings can change on the way: [joy] Hello! [sad:0.5] But then … [neutral] All is well."
SOURCES = [("Type the words", TYPED), ("Upload a recording", UPLOADED), ("Record now", RECORDED)]
CHARACTERS_PER_SECOND = 14.5
"""English read aloud at 175 words a minute with five letters and a space to a word, less pauses."""
WAVE = gr.WaveformOptions(waveform_color="#8d8577", waveform_progress_color="#2b8170")
FIRST_VOICES = ("en-us", "en-gb", "en")


def build_speech_tab(voices: tuple[VoiceInfo, ...], recipe: Recipe) -> SpeechTab:
    """The tab's components, without events."""
    first = first_voice(voices)
    gr.HTML("<h2>What should be said?</h2>", apply_default_css=False)
    source = gr.Radio(SOURCES, value=TYPED, show_label=False, label="Kind of speech", elem_id="source")
    with gr.Column(elem_id="typed") as typed:
        text = gr.Textbox(GREETING, label="Words", info=TAGS, lines=5, max_lines=14, elem_id="words")
        with gr.Row():
            language = gr.Dropdown(
                languages(voices),
                value=first.language,
                num_choices_shown=None,
                label="Language",
                elem_id="language",
            )
            # An event sent just before the language changed still carries the old voice. Gradio would refuse
            # it; the voice engine checks what it is given anyway.
            voice = gr.Dropdown(
                voices_in(voices, first.language),
                value=first.id,
                allow_custom_value=True,
                label="Voice",
                elem_id="voice",
            )
        with gr.Column(elem_classes="grid"):
            options = options_controls(get_engine(recipe.voice))
    upload, microphone = _recording_inputs()
    known, transcript, tongue = _transcript_inputs(voices, first)
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
    typing = (source, typed, text, language, voice, options)
    return SpeechTab(notice, *typing, upload, microphone, known, transcript, tongue, hear, sound)


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
    voices: tuple[VoiceInfo, ...], first: VoiceInfo
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
            value=first.language,
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
    tab.language.input(guard.event(events.switch_language), [tab.language], [tab.notice, tab.voice], **quick)
    changes = [tab.text.change, tab.upload.change, tab.microphone.change]
    changes += [item.input for item in tab.options.components.values()]
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

    def switch_language(self, language: str) -> Updates:
        """Offer the voices of ``language``."""
        choices = voices_in(self._parts.studio.voices(), language)
        return {self._tab.voice: gr.update(choices=choices, value=choices[0][1])}

    def measure(self, form: Form) -> Updates:
        """Say next to the face what it will say, and how long that takes."""
        return {self._parts.stage.says: says_of(self._parts, form)}

    def hear(self, form: Form) -> Updates:
        """Speak, or play what was recorded."""
        owner, tab = owner_of(form[self._parts.token]), self._tab
        options = {get_recipe(DEFAULT_RECIPE).voice: tab.options.changed(form)}
        wav = self._parts.studio.speak(owner, words_from(self._parts, form), options)
        return {tab.sound: gr.update(value=publish(Path(wav), owner, "speech"), visible=True)}


def says_of(parts: Parts, form: Form) -> str:
    """The words and their size, for the side panel."""
    tab = parts.speech
    if form[tab.source] == TYPED:
        text = " ".join(parse_feelings(str(form[tab.text] or "")).text.split())
        return markup.says(_quote(text), size_of(text, form.get(tab.options.components.get("rate"))))
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
    if not avatar.sample:
        return updates
    voices = parts.studio.voices()
    voice = next((voice for voice in voices if voice.id == avatar.voice), None)
    if voice:
        choices = voices_in(voices, voice.language)
        updates |= {tab.language: voice.language, tab.voice: gr.update(choices=choices, value=voice.id)}
    return updates


def size_of(text: str, rate: float | None) -> str:
    """How many characters ``text`` has and about how long speaking it takes at ``rate`` words a minute."""
    if not text:
        return "Type some words on the Speech tab"
    seconds = len(text) / CHARACTERS_PER_SECOND * (175.0 / rate if rate else 1.0)
    return f"{len(text):,} characters, about {markup.duration(seconds)}"


def first_voice(voices: tuple[VoiceInfo, ...]) -> VoiceInfo:
    """The voice that a new visitor hears. Raises StudioError if there is none."""
    if not voices:
        raise StudioError("No voice works here; run 'python launch.py doctor' to see why.")
    by_id = {voice.id: voice for voice in voices}
    return next((by_id[wanted] for wanted in FIRST_VOICES if wanted in by_id), voices[0])


def languages(voices: tuple[VoiceInfo, ...]) -> list[tuple[str, str]]:
    """Every language once: its name and its tag."""
    names = {voice.language: voice.language_name for voice in voices}
    return sorted((name, tag) for tag, name in names.items())


def voices_in(voices: tuple[VoiceInfo, ...], language: str) -> list[tuple[str, str]]:
    """The voices that speak ``language``: name and id."""
    return [(voice.name, voice.id) for voice in voices if voice.language == language]


def _quote(text: str) -> str:
    short = text if len(text) <= 120 else text[:117].rsplit(" ", 1)[0] + "…"
    return f"“{short}”" if text else "Nothing to say yet"
