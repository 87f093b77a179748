"""From what stands on the page to one RenderRequest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engines.errors import StudioError
from engines.quality import QUALITIES
from engines.registry import get_engine
from engines.requests import check_engines, check_kind, engines_of
from engines.types import EmotionKey, Expression, Output, RenderRequest, Words
from studio.services import avatar_ref
from studio.tabs.owner import owner_of
from studio.tabs.parts import Form, Parts
from studio.tabs.voices import why_no_voice

TYPED, UPLOADED, RECORDED = "typed", "uploaded", "recorded"
OWN_SIZE = 0


def expression_from(parts: Parts, form: Form) -> Expression:
    """How it should feel."""
    tab = parts.emotion
    weights = {name: float(form[slider]) for name, slider in tab.emotions.items() if form[slider]}
    emotions = (EmotionKey(0.0, weights),) if weights else ()
    return Expression(emotions=emotions, seed=int(form[tab.seed] or 0), **tab.strengths.values(form))


def words_from(parts: Parts, form: Form) -> Words:
    """What is said. Raises StudioError where there is nothing to say."""
    tab = parts.speech
    if form[tab.source] == TYPED:
        return _typed_words(str(form[tab.text] or ""), str(form[tab.choice.voice] or ""), parts, form)
    recording = form[tab.upload if form[tab.source] == UPLOADED else tab.microphone]
    if not recording:
        verb = "Upload" if form[tab.source] == UPLOADED else "Record"
        raise StudioError(f"{verb} some speech first, on the Speech tab.")
    said = str(form[tab.transcript] or "").strip()
    return Words(said, str(form[tab.tongue]), str(recording)) if said else Words(audio=str(recording))


def request_from(parts: Parts, form: Form) -> RenderRequest:
    """The whole clip. Raises StudioError if something is missing or not this person's."""
    avatar = parts.studio.library.avatar(owner_of(form[parts.token]), _chosen_avatar(parts, form))
    request = RenderRequest(
        avatar=avatar_ref(avatar),
        words=words_from(parts, form),
        expression=expression_from(parts, form),
        recipe=str(form[parts.preview.recipe]),
        output=_output(parts, form),
        finish=tuple(form[parts.preview.finish] or ()),
    )
    request = replace(request, options=engine_options(parts, form, request))
    _check_files_used(parts, form, request)
    check_engines(request)
    check_kind(request)
    return request


def engine_options(parts: Parts, form: Form, request: RenderRequest) -> dict[str, dict[str, Any]]:
    """Per engine that ``request`` takes, what differs from its defaults."""
    shown = {**parts.engine_controls, **parts.speech.choice.options}
    options = {
        engine.name: shown[engine.name].changed(form) for engine in engines_of(request) if engine.name in shown
    }
    return {name: values for name, values in options.items() if values}


def _check_files_used(parts: Parts, form: Form, request: RenderRequest) -> None:
    """Raise StudioError if a file was chosen for an engine that has no part in ``request``."""
    taking = {engine.name for engine in engines_of(request)}
    unused = {name: controls for name, controls in parts.engine_controls.items() if name not in taking}
    for name, controls in unused.items():
        for option in filter(lambda each: each.kind == "file", controls.declared.values()):
            if form[controls.components[option.name]]:
                raise StudioError(
                    f"A file was chosen as '{option.title}' for {get_engine(name).title}, which has no part in "
                    "this recipe: choose another recipe, or take the file out again."
                )


def _output(parts: Parts, form: Form) -> Output:
    """What the video is; its encoder goes by the level of quality that was chosen last."""
    tab, level = parts.preview, QUALITIES.get(str(form[parts.preview.quality]))
    encoding = level.encoding if level else Output().encoding
    return Output(fps=float(form[tab.fps]), size=int(form[tab.size]) or None, encoding=encoding)


def _typed_words(text: str, voice: str, parts: Parts, form: Form) -> Words:
    if not text.strip():
        raise StudioError("Type something to say first, on the Speech tab.")
    if not voice:
        raise StudioError(why_no_voice(parts.studio, str(form[parts.speech.choice.engine])))
    return Words(text=text, voice=voice)


def _chosen_avatar(parts: Parts, form: Form) -> str:
    if not form[parts.avatar_id]:
        raise StudioError("Choose a face first, on the Avatar tab.")
    return str(form[parts.avatar_id])
