"""What the page is made of, without a browser."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import gradio as gr
import numpy as np
import pytest
from PIL import Image as Pillow
from pydantic import Field

from engines.errors import StudioError
from engines.registry import Engine, all_engines
from engines.types import AvatarRef, Expression, Image, StageTime
from studio.app import build_parts
from studio.services import Studio
from studio.tabs import markup, pictures
from studio.tabs.files import plain_name, publish
from studio.tabs.guard import UNEXPECTED, Guard
from studio.tabs.options import dataclass_controls, nice_step, options_controls
from studio.tabs.owner import known_or_new_token, owner_of
from studio.tabs.request import request_from
from studio.tabs.speech import size_of

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:gradio")


@dataclass(frozen=True)
class Sample:
    """Options of every kind that an engine may declare."""

    warmth: Annotated[float, Field(ge=0.0, le=2.0, title="Warmth", description="How warm.")] = 1.0
    steps: Annotated[int, Field(ge=1, le=40, title="Steps")] = 20
    mirror: bool = False
    style: Literal["soft", "sharp"] = "soft"
    note: str = ""
    tint: Annotated[str, Field(json_schema_extra={"format": "colour"})] = "#102030"
    scene: Annotated[str, Field(json_schema_extra={"format": "picture"})] = ""
    dance: Annotated[str, Field(json_schema_extra={"format": "file", "endings": [".mp4", ".npz"]})] = ""


def test_options_become_controls_of_their_kind() -> None:
    controls = options_controls(Engine("sample", "Sample", "1", {}, "MIT", options=Sample))
    kinds = {name: type(item) for name, item in controls.components.items()}
    assert kinds == {
        "warmth": gr.Slider,
        "steps": gr.Slider,
        "mirror": gr.Checkbox,
        "style": gr.Radio,
        "note": gr.Textbox,
        "tint": gr.ColorPicker,
        "scene": gr.File,
        "dance": gr.File,
    }
    assert controls.components["dance"].file_types == [".mp4", ".npz"]
    warmth = controls.components["warmth"]
    assert (warmth.minimum, warmth.maximum, warmth.value) == (0.0, 2.0, 1.0)
    assert (warmth.label, warmth.info) == ("Warmth", "How warm.")


def test_only_what_was_changed_goes_into_a_request() -> None:
    controls = dataclass_controls(Sample)
    form = {item: item.value for item in controls.components.values()}
    assert controls.changed(form) == {}
    form |= {controls.components["warmth"]: 2, controls.components["steps"]: None}
    assert controls.changed(form) == {"warmth": 2.0}
    assert isinstance(controls.values(form)["warmth"], float)
    assert controls.values(form)["steps"] == 20
    form |= {controls.components["tint"]: "rgba(16, 32.2, 255, 1)", controls.components["scene"]: "a.png"}
    form |= {controls.components["dance"]: "b.mp4"}
    changed = {"warmth": 2.0, "tint": "#1020ff", "scene": "a.png", "dance": "b.mp4"}
    assert controls.changed(form) == changed


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 2), (80, 320), (-150, 150), (0, 99)])
def test_steps_are_fine_enough_and_not_too_fine(low: float, high: float) -> None:
    assert 20 <= (high - low) / nice_step(low, high) < 200


def test_every_engine_gets_controls_that_start_at_its_defaults() -> None:
    for engine in all_engines().values():
        controls = options_controls(engine)
        form = {item: item.value for item in controls.components.values()}
        assert controls.changed(form) == {}, engine.name


def test_tokens_are_long_random_and_stand_for_owners() -> None:
    token = known_or_new_token(None)
    assert token != known_or_new_token("short")
    assert known_or_new_token(token) == token
    assert owner_of(token) == hashlib.sha256(token.encode()).hexdigest()[:32]
    for wrong in (None, "", "short", 7, ["x" * 50]):
        with pytest.raises(StudioError):
            owner_of(wrong)


def test_files_are_handed_out_under_names_that_others_cannot_guess(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "page"))
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"video")
    mine, again = (Path(publish(clip, "a" * 32, "Ada: Hello!")) for _ in range(2))
    theirs = Path(publish(clip, "b" * 32, "Ada: Hello!"))
    assert mine == again != theirs
    assert mine.name == "Ada-Hello.mp4"
    assert mine.read_bytes() == b"video"
    assert len(mine.parent.name) == 64


@pytest.mark.parametrize(
    ("text", "name"), [("../../etc/passwd", "etc-passwd"), ("  ", "clip"), ("Grüße, Welt!", "Grüße-Welt")]
)
def test_names_of_files_are_plain(text: str, name: str) -> None:
    assert plain_name(text) == name


def test_errors_become_sentences_and_the_unforeseen_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    notice = gr.HTML()

    def fails(error: Exception) -> dict[Any, Any]:
        raise error

    guarded = Guard(notice).event(fails)
    assert "Take another one." in guarded(StudioError("Take another one."))[notice]
    with caplog.at_level(logging.ERROR):
        told = guarded(ValueError("/secret/path"))[notice]
    assert markup.notice(UNEXPECTED) == told
    assert "/secret/path" in caplog.text


def test_a_stream_that_fails_ends_with_a_sentence() -> None:
    notice = gr.HTML()

    def fails() -> Iterator[dict[Any, Any]]:
        yield {notice: "working"}
        raise StudioError("Stopped half way.")

    said = [update[notice] for update in Guard(notice).stream(fails)()]
    assert said[0] == "working"
    assert "Stopped half way." in said[1]


def test_what_people_write_is_escaped() -> None:
    evil = '<img src=x onerror="alert(1)">'
    card = markup.Card("id", evil, evil, "data:,", removable=True)
    made = markup.making_of([StageTime("photo", 1.0, True)], [(evil, evil)], [evil])
    for text in (
        markup.avatar_cards([card], "id"),
        markup.clip_cards([card], "id"),
        markup.notice(evil),
        markup.still("data:,", evil, evil),
        markup.says(evil, ""),
        made,
    ):
        assert "<img src=x" not in text
        assert 'onerror="' not in text
    assert "from cache" in made


def test_a_close_up_shows_the_face_large(photo: Image, photo_file: Path) -> None:
    close = pictures.close_up(photo, AvatarRef(str(photo_file)))
    assert close.shape[0] == close.shape[1] < 300
    half = pictures.close_up(np.ascontiguousarray(photo[::2, ::2]), AvatarRef(str(photo_file)))
    assert abs(half.shape[0] * 2 - close.shape[0]) <= 2


def test_a_small_face_in_a_large_picture_is_found(photo: Image, tmp_path: Path) -> None:
    wide = np.full((1400, 2800, 3), 128, np.uint8)
    wide[400:912, 2000:2512] = photo
    path = tmp_path / "wide.png"
    Pillow.fromarray(wide).save(path)
    assert pictures.close_up(wide, AvatarRef(str(path))).shape[0] < 300


def test_the_length_of_a_text_follows_the_rate() -> None:
    text = "word " * 100
    assert size_of(text, 165.0).startswith("500 characters, about 3")
    assert size_of("", None) == "Type some words on the Speech tab"
    assert size_of(text, 320.0) != size_of(text, 80.0)


def test_the_untouched_page_is_a_whole_request(studio: Studio) -> None:
    with gr.Blocks():
        parts = build_parts(studio)
    token = known_or_new_token(None)
    sample = studio.library.samples()[0]
    form = {item: getattr(item, "value", None) for item in parts.inputs}
    form |= {parts.token: token, parts.avatar_id: sample.id}
    request = request_from(parts, form)
    assert request.avatar.source == str(sample.source)
    assert request.words.text
    assert request.expression == Expression()
    assert request.options == {}
    dropped = parts.emotion.engines["liveportrait"].components["drive"]
    with pytest.raises(StudioError, match="for LivePortrait, which has no part"):
        request_from(parts, {**form, dropped: "nod.mp4"})
    with pytest.raises(StudioError, match="no avatar"):
        request_from(parts, {**form, parts.avatar_id: "somebody-elses"})
    with pytest.raises(StudioError, match="reload"):
        request_from(parts, {**form, parts.token: None})
    with pytest.raises(StudioError, match="Type something"):
        request_from(parts, {**form, parts.speech.text: "  "})
    with pytest.raises(StudioError, match="Upload some speech"):
        request_from(parts, {**form, parts.speech.source: "uploaded"})
