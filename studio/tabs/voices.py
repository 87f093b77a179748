"""Choosing a voice: who speaks, which language, which voice; and what that takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from engines.errors import StudioError
from engines.stages import VoiceInfo
from engines.voices import choose_voice, get_voice_engine, voice_engines
from studio.tabs import markup
from studio.tabs.options import Controls, options_controls

if TYPE_CHECKING:
    from studio.services import Studio
    from studio.tabs.guard import Updates

FIRST_VOICES = ("en-us", "en-gb", "en")
Voices = tuple[VoiceInfo, ...]


@dataclass(frozen=True)
class VoiceChoice:
    """The components: who speaks, what must be known of that, language, voice, every engine's options."""

    engine: gr.Dropdown
    about: gr.HTML
    language: gr.Dropdown
    voice: gr.Dropdown
    options: Mapping[str, Controls]
    groups: Mapping[str, gr.Column]

    @property
    def changing(self) -> list[Any]:
        """All that a change of engine changes."""
        return [self.engine, self.about, self.language, self.voice, *self.groups.values()]

    @property
    def option_components(self) -> list[Any]:
        """The option components of all engines."""
        return [item for controls in self.options.values() for item in controls.components.values()]


def build_voice_choice(voices: Voices, standard: str) -> VoiceChoice:
    """The components, set to the first of ``voices`` of the engine ``standard``."""
    first = first_voice(voices)
    choices = [(engine.title, name) for name, engine in voice_engines().items()]
    engine = gr.Dropdown(choices, value=standard, label="Spoken by", filterable=False, elem_id="speaker")
    about = gr.HTML(apply_default_css=False, elem_id="about-voice")
    with gr.Row():
        language = gr.Dropdown(
            languages(voices),
            value=first.language,
            num_choices_shown=None,
            label="Language",
            elem_id="language",
        )
        # An event sent just before the language changed still carries the old voice. Gradio would refuse it;
        # the voice engine checks what it is given anyway.
        voice = gr.Dropdown(
            voices_in(voices, first.language),
            value=first.id,
            allow_custom_value=True,
            label="Voice",
            elem_id="voice",
        )
    options, groups = {}, {}
    for name, declared in voice_engines().items():
        with gr.Column(elem_classes="grid", visible=name == standard) as groups[name]:
            options[name] = options_controls(declared)
    return VoiceChoice(engine, about, language, voice, options, groups)


def engine_chosen(choice: VoiceChoice, studio: Studio, engine: str, language: str) -> Updates:
    """Offer the voices of ``engine``, in ``language`` if it has that, and say what must be known of it."""
    offered, missing = _offered(studio, engine)
    tags = [tag for _, tag in languages(offered)]
    kept = nearest_language(language, tags)
    return {
        choice.engine: engine,
        choice.about: _about(missing, get_voice_engine(engine).notice),
        choice.language: gr.update(choices=languages(offered), value=kept),
        **_voices(choice, offered, kept),
        **{group: gr.update(visible=name == engine) for name, group in choice.groups.items()},
    }


def language_chosen(choice: VoiceChoice, studio: Studio, engine: str, language: str) -> Updates:
    """Offer the voices of ``language``."""
    return _voices(choice, _offered(studio, engine)[0], language)


def voice_chosen(choice: VoiceChoice, studio: Studio, voice: str) -> Updates:
    """Everything set to the voice with this id, even if its engine does not offer it now: it says why."""
    try:
        chosen = choose_voice(voice)
    except StudioError:
        return {}
    engine = chosen.engine.name
    offered, _ = _offered(studio, engine)
    found = next((item.language for item in offered if item.id == voice), chosen.language)
    shown = engine_chosen(choice, studio, engine, found)
    return {**shown, choice.voice: gr.update(choices=voices_in(offered, found), value=voice)}


def why_no_voice(studio: Studio, engine: str) -> str:
    """What to do if no voice is chosen."""
    return _offered(studio, engine)[1] or "Choose a voice first, on the Speech tab."


def first_voice(voices: Voices) -> VoiceInfo:
    """The voice that a new visitor hears. Raises StudioError if there is none."""
    if not voices:
        raise StudioError("No voice works here; run 'python launch.py doctor' to see why.")
    by_id = {voice.id: voice for voice in voices}
    return next((by_id[wanted] for wanted in FIRST_VOICES if wanted in by_id), voices[0])


def languages(voices: Voices) -> list[tuple[str, str]]:
    """Every language once: its name and its tag."""
    names = {voice.language: voice.language_name for voice in voices}
    return sorted((name, tag) for tag, name in names.items())


def voices_in(voices: Voices, language: str | None) -> list[tuple[str, str]]:
    """The voices that speak ``language``: name and id."""
    return [(voice.name, voice.id) for voice in voices if voice.language == language]


def nearest_language(wanted: str, tags: list[str]) -> str | None:
    """Of ``tags`` the one ``wanted``, else one of the same family, else an English one, else the first."""
    family = wanted.partition("-")[0]
    tests = (wanted, f"{family}-{family}", family, "en-us", "en")
    near = next((tag for tag in tests if tag in tags), None)
    return near or next((tag for tag in tags if tag.startswith(f"{family}-")), tags[0] if tags else None)


def _offered(studio: Studio, engine: str) -> tuple[Voices, str]:
    """The voices of ``engine``, those that speak any language once for each, and what is missing."""
    offer = studio.offer(engine)
    tongues = {voice.language: voice.language_name for voice in studio.voices()}
    spread = [
        VoiceInfo(f"{voice.id}@{tag}", voice.name, tag, name)
        for voice in offer.voices
        if not voice.language
        for tag, name in tongues.items()
    ]
    return (*(voice for voice in offer.voices if voice.language), *spread), offer.missing


def _voices(choice: VoiceChoice, offered: Voices, language: str | None) -> Updates:
    choices = voices_in(offered, language)
    return {choice.voice: gr.update(choices=choices, value=choices[0][1] if choices else None)}


def _about(missing: str, notice: str) -> str:
    return markup.notice(missing) if missing else markup.hint(notice) if notice else ""
