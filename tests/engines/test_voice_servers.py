"""Voices on servers: real HTTP to servers of our own, through the whole studio where it matters."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engines.errors import Cancelled, StudioError
from engines.progress import Watch
from engines.registry import create_stage, get_engine, get_recipe
from engines.speaking import UNREAD
from engines.types import BLENDSHAPE_INDEX, AvatarRef, Output, RenderRequest, Speech, Words
from engines.voice_sound import LEAD_S, TAIL_S
from studio.services import Studio
from studio.settings import load_settings
from tests.engines.speech_servers import TIMBRE, SpeechHost, hosted, level

TEXT = "Maybe Pam put a big purple map above the lamp."
KEY = "sk-secret-of-the-tests"
LONG = "Bob and Pam made up a poem about a bumble bee. " * 40


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[SpeechHost]:
    """A server that both engines are set up with."""
    with hosted() as served:
        for name in ("OPENAI", "FISH"):
            monkeypatch.setenv(f"STUDIO_{name}_URL", f"{served.url}/v1/")
            monkeypatch.setenv(f"STUDIO_{name}_KEY", KEY)
        yield served


def speak(engine: str, text: str, voice: str, watch: Watch | None = None, **options: object) -> Speech:
    """Speech of one engine."""
    declared = get_engine(engine)
    return create_stage(declared, "voice").speak(text, voice, declared.parse_options(options), watch or Watch())


def test_openai_is_asked_as_its_interface_says(host: SpeechHost) -> None:
    speech = speak("openai", TEXT, "nova", speed=1.25, instructions="cheerful")
    where, sent, headers = host.asked[0]
    assert where == "POST /v1/audio/speech"
    assert sent == {
        "model": "tts-1", "voice": "nova", "input": TEXT, "response_format": "wav",
        "speed": 1.25, "instructions": "cheerful",
    }  # fmt: skip
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert speech.text == TEXT
    assert speech.sample_rate == 22050
    said = host.voice.speak(TEXT, TIMBRE, None, Watch())
    assert speech.duration == pytest.approx(said.duration + LEAD_S + TAIL_S, abs=0.01)


def test_fish_is_asked_as_its_interface_says(host: SpeechHost) -> None:
    host.references["ada"] = ("Hello.", b"")
    speak("fish", TEXT, "ada", seed=7, temperature=0.5)
    where, sent, _ = host.asked[0]
    assert where == "POST /v1/tts"
    assert sent == {
        "text": TEXT, "reference_id": "ada", "format": "wav", "streaming": False, "use_memory_cache": "on",
        "temperature": 0.5, "top_p": 0.8, "repetition_penalty": 1.1, "seed": 7,
    }  # fmt: skip
    speak("fish", TEXT, "default")
    assert host.asked[1][1]["reference_id"] is None


def test_a_long_text_goes_in_whole_sentences_and_comes_back_as_one(host: SpeechHost) -> None:
    seen: list[float] = []
    speech = speak("openai", LONG, "nova", Watch(lambda _, fraction: seen.append(fraction)))
    inputs = [sent["input"] for _, sent, _ in host.asked]
    assert len(inputs) == 2
    assert all(len(piece) <= 1000 and piece.endswith("bee.") for piece in inputs)
    assert " ".join(inputs).split() == LONG.split()
    assert seen == [0.0, 0.5, 1.0]
    loud = np.abs(speech.samples) > 0.02
    assert not loud[: int(LEAD_S * speech.sample_rate)].any()
    assert not loud[-int(TAIL_S * speech.sample_rate) :].any()
    assert level(speech.samples) > 0.05


def test_wav_that_was_sent_while_it_was_made(host: SpeechHost) -> None:
    whole = speak("openai", TEXT, "nova")
    host.streamed = True
    assert speak("openai", TEXT, "nova").duration == pytest.approx(whole.duration, abs=0.01)


REFUSALS = {
    "a wrong key": ((401, "application/json", b'{"error": {"message": "Incorrect key sk-secret"}}'), "_KEY"),
    "no such voice": ((404, "text/plain", b"no"), "no such voice"),
    "too much": ((429, "text/plain", b"slow down"), "later"),
    "a reason": (
        (400, "application/json", json.dumps({"error": {"message": f"Bad\n voice for {KEY}."}}).encode()),
        r"\(Bad voice for …\)",
    ),
    "a crash": ((500, "text/html", b"<h1>Oops</h1>"), "status 500"),
    "another host": ((302, "text/plain", b"http://127.0.0.2:9/v1/audio/speech"), "another address"),
    "a page": ((200, "text/html", b"<html>Welcome to my router, please log in.</html>"), "no speech"),
    "nothing": ((200, "audio/wav", b""), "no speech"),
    "a playlist": ((200, "audio/mpegurl", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/secret\n"), "no speech"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_goes_wrong_is_one_sentence_without_the_key(host: SpeechHost, case: str) -> None:
    host.answer, sentence = REFUSALS[case]
    with pytest.raises(StudioError, match=sentence) as error:
        speak("openai", TEXT, "nova")
    said = str(error.value)
    assert KEY not in said
    assert "127.0.0" not in said
    assert said.endswith(".")
    assert "\n" not in said


def test_more_sound_than_the_text_can_have_is_not_taken(host: SpeechHost) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.full(8000 * 60, 0.1, np.float32), 8000, "PCM_U8", format="WAV")
    host.answer = (200, "audio/wav", buffer.getvalue())
    with pytest.raises(StudioError, match="no speech"):
        speak("openai", "Hello.", "nova")
    host.answer = (200, "audio/wav", b"RIFF" + bytes(8 << 20))
    with pytest.raises(StudioError, match="more than"):
        speak("openai", "Hello.", "nova")


def test_cancel_stops_while_the_server_thinks(host: SpeechHost) -> None:
    host.hang = threading.Event()
    watch = Watch()
    threading.Timer(0.3, watch.cancel).start()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        speak("fish", TEXT, "default", watch)
    assert time.monotonic() - start < 5.0
    host.hang.set()


@pytest.mark.parametrize("engine", ["openai", "fish"])
@pytest.mark.parametrize("voice", ["", "../secret", "a/b", "x" * 150, "a\nb"])
def test_names_that_no_server_should_see(host: SpeechHost, engine: str, voice: str) -> None:
    with pytest.raises(StudioError, match="Name a voice"):
        speak(engine, TEXT, voice)
    assert host.asked == []


SET_UPS = {
    "nothing": ("", "not set up"),
    "a file": ("file:///etc/passwd", "no server's address"),
    "no scheme": ("localhost:8080", "no server's address"),
    "a wrong port": ("http://127.0.0.1:99999", "no server's address"),
    "nobody": ("http://127.0.0.1:9", "does not answer"),
}


@pytest.mark.parametrize("case", SET_UPS)
def test_a_server_that_is_not_there_is_shown_with_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: str
) -> None:
    url, sentence = SET_UPS[case]
    monkeypatch.setenv("STUDIO_FISH_URL", url)
    studio = Studio(load_settings(data=tmp_path))
    assert studio.offer("fish").voices == ()
    assert sentence in studio.offer("fish").missing
    with pytest.raises(StudioError, match=sentence):
        studio.speak("local", Words(TEXT, "fish:default"), {})
    studio.close()


def test_fish_speaks_like_a_recording_that_was_added(host: SpeechHost, studio: Studio) -> None:
    recording = studio.speak("local", Words(TEXT), {})
    stage = studio.manager.stage("fish", "voice")
    stage.add("ada", recording, TEXT, Watch())
    said, sound = host.references["ada"]
    assert said == TEXT
    assert soundfile.info(io.BytesIO(sound)).duration > 2.0
    assert [voice.id for voice in studio.offer("fish").voices] == ["fish:default", "fish:ada"]
    stage.remove("ada", Watch())
    assert host.references == {}
    with pytest.raises(StudioError, match="--ref-text"):
        stage.add("ada", recording, " ", Watch())


@pytest.fixture
def request_(photo_file: Path) -> RenderRequest:
    """Words for a voice without times."""
    return RenderRequest(AvatarRef(str(photo_file)), Words(TEXT, "openai:nova"), output=Output(25.0, 192))


def test_the_lips_close_as_the_text_says_in_a_voice_without_times(
    host: SpeechHost, studio: Studio, request_: RenderRequest
) -> None:
    recipe, pipeline = get_recipe("instant"), studio.pipeline
    spoken = pipeline.speak(request_.words, recipe, {}, Watch())
    assert spoken.speech.phones == ()
    found = pipeline.align(spoken, request_.words, recipe, Watch())
    motion, _ = pipeline.move(found.speech, replace(request_, output=Output(60.0)), recipe)
    jaw, close = BLENDSHAPE_INDEX["jawOpen"], BLENDSHAPE_INDEX["mouthClose"]
    gap = motion.blendshapes[:, jaw] - motion.blendshapes[:, close]
    told = host.voice.speak(TEXT, TIMBRE, None, Watch()).phones
    middles = [LEAD_S + (p.start + p.end) / 2 for p in told if p.ipa.lstrip("ˈˌ")[:1] in tuple("pbm")]
    shut = [bool(gap[round(at * 60) - 1 : round(at * 60) + 2].min() < 0.02) for at in middles]
    assert len(shut) >= 8
    assert sum(shut) >= len(shut) - 1


def test_a_clip_names_the_engine_that_spoke_and_never_the_key(
    host: SpeechHost, studio: Studio, request_: RenderRequest, tmp_path: Path
) -> None:
    clip = studio.pipeline.render(request_, tmp_path / "a.mp4", Watch())
    assert list(clip.engines) == ["openai", "speech2face", "facemesh"]
    assert "align" in {time.stage for time in clip.times}
    assert clip.notes == ()
    again = studio.pipeline.speak(request_.words, get_recipe("instant"), {}, Watch())
    assert again.cached
    assert studio.pipeline.align(again, request_.words, get_recipe("instant"), Watch()).cached
    assert len(host.asked) == 1
    kept = [path for path in studio.settings.data.rglob("*") if path.is_file()]
    assert kept
    assert not any(KEY.encode() in path.read_bytes() for path in kept)


def test_another_server_or_model_is_another_clip(
    host: SpeechHost, studio: Studio, request_: RenderRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = studio.pipeline.key(request_)
    monkeypatch.setenv("STUDIO_OPENAI_MODEL", "other")
    other = Studio(load_settings(data=tmp_path / "other"))
    assert other.pipeline.key(request_) != before
    other.close()


OTHERWISE = {
    "another sentence": (
        Words("Nobody expected such heavy traffic near the station.", "openai:nova"),
        "The voice does not say this text; the mouth follows the sound alone.",
    ),
    "a language that the embedded voice cannot read": (Words("សួស្តី", "openai:nova@km"), UNREAD),
    "no language at all": (Words(TEXT, "openai:nova@klingon"), UNREAD),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_a_voice_that_does_not_fit_its_text_is_said(host: SpeechHost, studio: Studio, case: str) -> None:
    host.answer = (200, "audio/wav", host.wav(TEXT))
    recipe, (words, sentence) = get_recipe("instant"), OTHERWISE[case]
    spoken = studio.pipeline.speak(words, recipe, {}, Watch())
    found = studio.pipeline.align(spoken, words, recipe, Watch())
    assert found.notes == (sentence,)
    assert found.speech.phones == ()


def test_the_language_after_the_voice_decides_how_the_text_is_read(host: SpeechHost, studio: Studio) -> None:
    recipe, words = get_recipe("instant"), Words(TEXT, "openai:nova@en-gb")
    spoken = studio.pipeline.speak(words, recipe, {}, Watch())
    assert spoken.speech.language == "en-gb"
    assert studio.pipeline.align(spoken, words, recipe, Watch()).speech.language == "en-gb"
    assert host.asked[0][1]["voice"] == "nova"
