"""The page's components under the names by which the tabs know each other's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from studio.tabs.guard import Guard
from studio.tabs.options import Controls
from studio.tabs.voices import VoiceChoice

if TYPE_CHECKING:
    from studio.consent import Consent
    from studio.services import Studio

Form = dict[Any, Any]
"""Component -> its present value, as Gradio hands it to an event whose inputs are a set."""


@dataclass(frozen=True)
class Stage:
    """The side panel that stays in sight: the face, what it will say, Render, what it asks, and how long it
    will take if that is long, with the quicker way."""

    face: gr.HTML
    says: gr.HTML
    status: gr.HTML
    render: gr.Button
    wait: gr.HTML
    instead: gr.Button
    ask: gr.Column
    answers: Mapping[Consent, gr.Button]


@dataclass(frozen=True)
class AdjustPanel:
    """The points of a face, to be moved: ``opened`` is whose, ``placed`` a face put onto the uploaded photo."""

    notice: gr.HTML
    panel: gr.Column
    close: gr.Button
    editor: gr.HTML
    effect: gr.HTML
    opened: gr.State
    placed: gr.State


@dataclass(frozen=True)
class AvatarTab:
    """Who speaks: the cards, their points, and the form for a new face."""

    notice: gr.HTML
    cards: gr.HTML
    adjust_own: gr.Button
    photo: gr.File
    place: gr.Button
    adjust: AdjustPanel
    review: gr.Column
    framed: gr.HTML
    face: gr.Radio
    consent: gr.Radio
    name: gr.Textbox
    save: gr.Button
    report: gr.State
    progress: gr.HTML
    stop: gr.Button
    shoot: gr.State


@dataclass(frozen=True)
class SpeechTab:
    """What is said: words with a voice, or a recording."""

    notice: gr.HTML
    source: gr.Radio
    typed: gr.Column
    text: gr.Textbox
    choice: VoiceChoice
    upload: gr.File
    microphone: gr.Audio
    known: gr.Column
    transcript: gr.Textbox
    tongue: gr.Dropdown
    hear: gr.Button
    sound: gr.Audio


@dataclass(frozen=True)
class Timeline:
    """Feelings that change with the words: their rows, and a suggestion that waits to be taken or not."""

    notice: gr.HTML
    rows: gr.HTML
    suggest: gr.Button
    offer: gr.Column
    offered: gr.HTML
    accept: gr.Button
    dismiss: gr.Button
    draft: gr.State


@dataclass(frozen=True)
class EmotionTab:
    """How it feels: emotions, their changes, strengths, seed, and the engines' own options, in ``panels`` of
    which those of the chosen recipe are in sight."""

    notice: gr.HTML
    presets: Mapping[str, gr.Button]
    emotions: Mapping[str, gr.Slider]
    timeline: Timeline
    strengths: Controls
    seed: gr.Number
    reseed: gr.Button
    engines: Mapping[str, Controls]
    panels: Mapping[str, gr.Column]


@dataclass(frozen=True)
class MotionPanel:
    """Motion alone: the head in 3D, and the file for animators with its format."""

    notice: gr.HTML
    show: gr.Button
    progress: gr.HTML
    cancel: gr.Button
    stage: gr.HTML
    form: gr.Dropdown
    about: gr.HTML
    character: gr.File
    export: gr.Button
    download: gr.DownloadButton


@dataclass(frozen=True)
class FinisherPanel:
    """The options of an engine that goes over the frames, in sight while it is chosen."""

    panel: gr.Column
    controls: Controls


@dataclass(frozen=True)
class PreviewTab:
    """The clip: its progress, the video, how it was made, and the earlier ones."""

    notice: gr.HTML
    progress: gr.HTML
    cancel: gr.Button
    empty: gr.HTML
    player: gr.Column
    video: gr.Video
    download: gr.DownloadButton
    credentials: gr.DownloadButton
    making: gr.HTML
    recipe: gr.Dropdown
    about: gr.HTML
    fps: gr.Dropdown
    size: gr.Dropdown
    quality: gr.Dropdown
    finish: gr.CheckboxGroup
    finishing: Mapping[str, FinisherPanel]
    motion: MotionPanel
    clips: gr.HTML
    shown: gr.State


@dataclass(frozen=True)
class LibraryTab:
    """What people made: the search, the shelf, the item that is open, what was deleted, and past renders."""

    tab: gr.Tab
    notice: gr.HTML
    search: gr.Textbox
    undo: gr.HTML
    panel: gr.Column
    head: gr.HTML
    video: gr.Video
    load: gr.Button
    download: gr.DownloadButton
    credentials: gr.DownloadButton
    delete: gr.Button
    name: gr.Textbox
    rename: gr.Button
    other: gr.Row
    words: gr.Textbox
    say: gr.Button
    shelf: gr.HTML
    history: gr.HTML
    chosen: gr.State
    deleted: gr.State


@dataclass(frozen=True)
class EnginesTab:
    """Engines and the machine: ``pending`` is whose licence is asked about, ``drawn`` the cards as shown."""

    tab: gr.Tab
    notice: gr.HTML
    ask: gr.Column
    terms: gr.HTML
    accept: gr.Button
    decline: gr.Button
    progress: gr.HTML
    cards: gr.HTML
    refresh: gr.Button
    machine: gr.HTML
    pending: gr.State
    drawn: gr.State
    timer: gr.Timer


@dataclass(frozen=True)
class Parts:
    """Everything on the page."""

    studio: Studio
    token: gr.BrowserState
    avatar_id: gr.State
    job_id: gr.State
    tabs: gr.Tabs
    stage: Stage
    avatar: AvatarTab
    speech: SpeechTab
    emotion: EmotionTab
    preview: PreviewTab
    library: LibraryTab
    engines: EnginesTab

    @property
    def face_inputs(self) -> set[Any]:
        """What decides how the still looks."""
        emotion = self.emotion
        return {
            self.token,
            self.avatar_id,
            emotion.seed,
            *emotion.emotions.values(),
            *emotion.strengths.components.values(),
        }

    @property
    def voice_inputs(self) -> set[Any]:
        """What decides how it sounds."""
        speech = self.speech
        return {
            self.token,
            speech.source,
            speech.text,
            speech.choice.engine,
            speech.choice.voice,
            speech.upload,
            speech.microphone,
            speech.transcript,
            speech.tongue,
            *speech.choice.option_components,
        }

    @property
    def engine_controls(self) -> dict[str, Controls]:
        """The options of every engine but the voices, by its name."""
        finishing = {name: panel.controls for name, panel in self.preview.finishing.items()}
        return {**self.emotion.engines, **finishing}

    @property
    def inputs(self) -> set[Any]:
        """What decides the clip."""
        preview = self.preview
        engines = {item for controls in self.engine_controls.values() for item in controls.components.values()}
        making = {preview.recipe, preview.fps, preview.size, preview.quality, preview.finish}
        return self.face_inputs | self.voice_inputs | engines | making

    def guard(self, notice: gr.HTML) -> Guard:
        """A guard that speaks through ``notice``."""
        return Guard(notice)
