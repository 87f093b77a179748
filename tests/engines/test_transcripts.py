"""A recording with its text, through the whole studio."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest

from engines.pipeline import Pipeline
from engines.progress import Watch
from engines.registry import get_recipe
from engines.types import BLENDSHAPE_INDEX, AvatarRef, Output, RenderRequest, Words
from studio.app import build_parts
from studio.services import Studio
from studio.tabs.owner import known_or_new_token
from studio.tabs.request import words_from

TEXT = "Maybe Pam put a big purple map above the lamp."
OTHER = "Nobody expected such heavy traffic near the station yesterday."


@pytest.fixture
def request_(studio: Studio, photo_file: Path) -> RenderRequest:
    """Somebody's recording of TEXT, with the text."""
    wav = studio.speak("local", Words(TEXT, "en-us+f2"), {})
    words = Words(TEXT, audio=str(wav))
    return RenderRequest(AvatarRef(str(photo_file)), words, output=Output(25.0, 192))


def sealed(pipeline: Pipeline, request: RenderRequest) -> list[bool]:
    """Whether the lips are shut at each P, B and M of the voice that was recorded."""
    recipe = get_recipe("instant")
    spoken = pipeline.speak(Words(TEXT, "en-us+f2"), recipe, {}, Watch()).speech
    heard = pipeline.align(pipeline.speak(request.words, recipe, {}, Watch()), request.words, recipe, Watch())
    motion, _ = pipeline.move(heard.speech, replace(request, output=Output(60.0)), recipe)
    jaw, close = BLENDSHAPE_INDEX["jawOpen"], BLENDSHAPE_INDEX["mouthClose"]
    gap = motion.blendshapes[:, jaw] - motion.blendshapes[:, close]
    middles = [(p.start + p.end) / 2 for p in spoken.phones if p.ipa.lstrip("ˈˌ")[:1] in tuple("pbm")]
    return [bool(gap[round(at * 60) - 1 : round(at * 60) + 2].min() < 0.02) for at in middles]


def test_the_lips_close_where_the_text_says_so(studio: Studio, request_: RenderRequest) -> None:
    shut = sealed(studio.pipeline, request_)
    assert len(shut) >= 8
    assert sum(shut) >= len(shut) - 1


def test_finding_the_words_is_a_stage_that_is_not_repeated(
    studio: Studio, request_: RenderRequest, tmp_path: Path
) -> None:
    first = studio.pipeline.render(request_, tmp_path / "a.mp4", Watch())
    assert [time.stage for time in first.times][:4] == ["photo", "voice", "align", "motion"]
    assert first.notes == ()
    again = studio.pipeline.render(replace(request_, output=Output(30.0, 192)), tmp_path / "b.mp4", Watch())
    assert "align" in {time.stage for time in again.times if time.cached}
    plain = replace(request_, words=replace(request_.words, text="  "))
    without = studio.pipeline.render(plain, tmp_path / "c.mp4", Watch())
    assert "align" not in {time.stage for time in without.times}


def test_another_text_is_told_and_changes_nothing(
    studio: Studio, request_: RenderRequest, tmp_path: Path
) -> None:
    wrong = replace(request_, words=replace(request_.words, text=OTHER))
    clip = studio.pipeline.render(wrong, tmp_path / "a.mp4", Watch())
    assert any("does not say this text" in note for note in clip.notes)
    sound = replace(request_, words=Words(audio=request_.words.audio))
    alone = studio.pipeline.render(sound, tmp_path / "b.mp4", Watch())
    assert alone.path.read_bytes() == clip.path.read_bytes()


def test_half_a_text_is_told(studio: Studio, request_: RenderRequest) -> None:
    recipe = get_recipe("instant")
    wav = studio.speak("local", Words(f"{TEXT} {OTHER}", "en-us+f2"), {})
    words = Words(TEXT, audio=str(wav))
    heard = studio.pipeline.align(studio.pipeline.speak(words, recipe, {}, Watch()), words, recipe, Watch())
    assert "is not in the text" in heard.notes[0]
    assert heard.speech.phones


def notes_on(studio: Studio, said: str, text: str, voice: str) -> tuple[str, ...]:
    """What the user is told of a recording of ``said`` with the words ``text``."""
    recipe = get_recipe("instant")
    words = Words(text, voice.partition("+")[0], str(studio.speak("local", Words(said, voice), {})))
    return studio.pipeline.align(
        studio.pipeline.speak(words, recipe, {}, Watch()), words, recipe, Watch()
    ).notes


def test_a_wrong_sentence_amid_right_ones_is_told_with_its_time(studio: Studio) -> None:
    right = [TEXT, "The weather will be fine tomorrow.", "My brother Bob put five boxes under the table."]
    right += ["We shall meet again at the museum.", "Please bring some bread and a bottle of milk."]
    wrong = [*right[:2], OTHER, *right[3:]]
    assert notes_on(studio, " ".join(right), " ".join(right), "en-us+edward") == ()
    (note,) = notes_on(studio, " ".join(wrong), " ".join(right), "en-us+edward")
    assert re.search(r"[12]0 % .* from 0:0[5-9] on", note)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("अपने माता पिता की बात मानना बहुत ज़रूरी है।", "hi"),
        ("मेरा भाई बाज़ार में मीठे आम और पपीता बेचता है।", "hi"),
        ("こんばんは、ぼくはみなみまちのびょういんでまちます。", "ja"),
    ],
)
def test_right_words_are_not_doubted(studio: Studio, text: str, language: str) -> None:
    assert notes_on(studio, text, text, f"{language}+edward") == ()


@pytest.mark.filterwarnings("ignore::UserWarning:gradio")
def test_the_page_passes_the_words_of_a_recording_on(studio: Studio) -> None:
    with gr.Blocks():
        parts = build_parts(studio)
    form = {item: getattr(item, "value", None) for item in parts.voice_inputs}
    tab = parts.speech
    form |= {parts.token: known_or_new_token(None), tab.source: "uploaded", tab.upload: "a.wav"}
    assert words_from(parts, form) == Words(audio="a.wav")
    form |= {tab.transcript: " Guten Morgen! ", tab.tongue: "de"}
    assert words_from(parts, form) == Words("Guten Morgen!", "de", "a.wav")
