"""Other voices on the page: what they take is said before they speak, and they speak with any recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
import pytest

from studio.app import build_parts
from studio.services import Studio
from studio.tabs.voices import voice_chosen
from tests.engines.piper.toy_voice import write_voice
from tests.engines.speech_servers import SpeechHost, hosted

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio")]
Open = Callable[..., Any]


@pytest.fixture(scope="module", autouse=True)
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpeechHost]:
    """A speech server that the studio is set up with, one that it is not, and a voice on this machine."""
    models = tmp_path_factory.mktemp("models")
    write_voice(models / "piper", "de_DE-toy-low", language={"code": "de_DE", "name_english": "German"})
    with hosted() as served, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_OPENAI_URL", served.url)
        patch.delenv("STUDIO_FISH_URL", raising=False)
        patch.setattr("engines.piper.ready.weights_folder", lambda: models)
        yield served


def about(visit: Any, words: str) -> None:
    """Wait until it is said."""
    visit.page.wait_for_selector(f"#about-voice:has-text('{words}')")


def test_a_voice_of_a_server_is_chosen_and_makes_a_clip(visit: Open, host: SpeechHost) -> None:
    someone = visit()
    someone.say("Hello, Bob.")
    someone.choose("Spoken by", "OpenAI-compatible server")
    about(someone, "Your words are sent to the speech server")
    assert host.asked == []
    someone.choose("Language", "German")
    someone.choose("Voice", "Nova")
    someone.page.get_by_label("How to speak").fill("cheerful")
    someone.small()
    someone.render()
    _, sent, _ = host.asked[0]
    assert (sent["voice"], sent["input"], sent["instructions"]) == ("nova", "Hello, Bob.", "cheerful")
    someone.page.get_by_role("button", name="How it was made").click()
    someone.page.wait_for_selector(".making:has-text('openai')")


def test_what_is_missing_is_shown_and_said_again_when_it_should_speak(visit: Open) -> None:
    someone = visit()
    someone.say("Hello, Bob.")
    someone.choose("Spoken by", "Fish Speech server")
    about(someone, "STUDIO_FISH_URL")
    someone.page.locator("#render").click()
    someone.page.wait_for_selector("[role=alert]:has-text('STUDIO_FISH_URL') >> visible=true")


def test_online_is_said_before_and_the_language_stays(visit: Open) -> None:
    someone = visit()
    someone.tab("Speech")
    someone.choose("Language", "German")
    someone.choose("Spoken by", "Microsoft Edge (online)")
    about(someone, "your words are sent to Microsoft")
    assert someone.page.get_by_label("Language", exact=True).input_value() == "German (de-DE)"
    someone.choose("Voice", "Katja")
    someone.page.wait_for_timeout(500)  # as people do, after the page has answered
    someone.choose("Spoken by", "eSpeak NG")
    someone.page.wait_for_function("document.querySelector('#about-voice').innerText.trim() === ''")
    assert someone.page.get_by_label("Language", exact=True).input_value() == "German"
    assert someone.outside == []


def test_a_clip_of_a_voice_that_is_gone_keeps_its_name(studio: Studio) -> None:
    with gr.Blocks():
        choice = build_parts(studio).speech.choice
    for voice, engine in (("fish:ada@de", "fish"), ("edge:de-DE-NewNeural", "edge")):
        shown = voice_chosen(choice, studio, voice)
        assert shown[choice.engine] == engine
        assert shown[choice.voice]["value"] == voice
        assert shown[choice.groups[engine]]["visible"]
    assert "STUDIO_FISH_URL" in voice_chosen(choice, studio, "fish:ada@de")[choice.about]
    assert voice_chosen(choice, studio, "gone:ada") == {}


def test_a_voice_on_this_machine_is_heard(visit: Open) -> None:
    someone = visit()
    someone.say("Guten Tag, Bob.")
    someone.choose("Spoken by", "Piper")
    someone.page.wait_for_function("document.querySelector('#voice input').value === 'Toy (low)'")
    someone.page.locator("#hear").click()
    someone.page.wait_for_selector("#sound #duration:has-text('0:0')")
