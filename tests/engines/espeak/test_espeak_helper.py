"""The helper process: alone with the GPL library, replaceable at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engines.errors import StudioError
from engines.espeak import client
from engines.espeak.client import EspeakHelper, Request, UtteranceRefused
from engines.espeak.voice import EspeakVoice
from engines.progress import Cancelled, Watch

posix = pytest.mark.skipif(os.name != "posix", reason="needs signals and /proc")


@posix
def test_the_studio_never_loads_the_library(voice: EspeakVoice) -> None:
    voice.speak("Hello", "en-us", None, Watch())
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("no /proc here")
    assert "espeak" not in maps.read_text()
    assert "espeak" in Path(f"/proc/{voice.helper.pid}/maps").read_text()


def test_listing_voices_starts_nothing() -> None:
    quiet = EspeakVoice()
    started = time.perf_counter()
    assert len(quiet.voices()) > 100
    assert time.perf_counter() - started < 0.5
    assert quiet.helper.pid is None


def test_first_words_come_within_a_second_or_so() -> None:
    fresh = EspeakVoice()
    started = time.perf_counter()
    fresh.speak("Hello there.", "en-us", None, Watch())
    assert time.perf_counter() - started < 3.0  # 0.1 s on an idle machine
    fresh.close()


@posix
def test_a_killed_helper_is_replaced(voice: EspeakVoice) -> None:
    voice.speak("One", "en-us", None, Watch())
    first = voice.helper.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert voice.speak("Two", "en-us", None, Watch()).duration > 0.5
    assert voice.helper.pid not in (None, first)


@posix
def test_a_helper_killed_between_sentences_does_not_stop_the_speech(voice: EspeakVoice) -> None:
    killed = []

    def kill_once(_stage: str, done: float) -> None:
        if done > 0.4 and not killed and voice.helper.pid:
            killed.append(voice.helper.pid)
            os.kill(voice.helper.pid, signal.SIGKILL)

    speech = voice.speak("One here. Two here. Three here. Four here.", "en-us", None, Watch(kill_once))
    assert killed
    assert len(speech.word_starts) == 8


@posix
def test_a_helper_that_hangs_is_given_up(voice: EspeakVoice) -> None:
    helper = EspeakHelper(timeout=0.5)
    helper.speak(Request("Hello", "gmw/en-US"), Watch())
    assert helper.pid is not None
    os.kill(helper.pid, signal.SIGSTOP)
    hung = helper.pid
    assert len(helper.speak(Request("Hello", "gmw/en-US"), Watch()).samples) > 1000
    assert helper.pid != hung
    helper.close()


def test_a_helper_that_cannot_start_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit(1)")
    monkeypatch.setattr(client, "SCRIPT", broken)
    with pytest.raises(StudioError, match="voice helper"):
        EspeakHelper(timeout=5.0).speak(Request("Hello", "gmw/en-US"), Watch())


def test_a_voice_without_data_is_refused_and_the_next_one_works(voice: EspeakVoice) -> None:
    with pytest.raises(UtteranceRefused):
        voice.helper.speak(Request("Hello", "no-such-voice"), Watch())
    assert len(voice.helper.speak(Request("Hello", "gmw/en-US"), Watch()).samples) > 1000


def test_cancel_stops_within_a_second(voice: EspeakVoice) -> None:
    cancelled_at: list[float] = []

    def cancel_soon(_stage: str, done: float) -> None:
        if done > 0.02 and not cancelled_at:
            cancelled_at.append(time.perf_counter())
            watch.cancel()

    watch = Watch(cancel_soon)
    text = "This goes on and on and on, and on, without an end in sight. " * 1000
    with pytest.raises(Cancelled):
        voice.speak(text, "en-us", None, watch)
    assert time.perf_counter() - cancelled_at[0] < 1.0
    assert voice.speak("Next", "en-us", None, Watch()).duration > 0.5


@posix
def test_cancel_does_not_wait_for_a_helper_that_hangs() -> None:
    stuck = EspeakVoice()
    stuck.speak("Hello", "en-us", None, Watch())
    assert stuck.helper.pid is not None
    os.kill(stuck.helper.pid, signal.SIGSTOP)
    watch = Watch()
    threading.Timer(0.2, watch.cancel).start()
    started = time.perf_counter()
    with pytest.raises(Cancelled):
        stuck.speak("Hello", "en-us", None, watch)
    assert time.perf_counter() - started < 1.2
    stuck.close()


def test_many_threads_get_their_own_words(voice: EspeakVoice) -> None:
    words = {"mama": "m ɑː m", "papa": "p ɑː p", "sister": "s ɪ s t", "boat": "b oʊ t"}

    def sounds(word: str) -> str:
        speech = voice.speak(f"{word}. {word}.", "en-us", None, Watch())
        return " ".join(phone.ipa.strip("ˈˌ") for phone in speech.phones if phone.ipa)

    with ThreadPoolExecutor(8) as pool:
        asked = list(words) * 6
        for word, said in zip(asked, pool.map(sounds, asked), strict=True):
            assert said.count(words[word]) == 2


def test_it_works_from_any_folder_and_dies_with_its_parent(tmp_path: Path) -> None:
    root = Path(client.SCRIPT).parents[2]
    code = (
        f"import sys, os; sys.path.insert(0, {str(root)!r})\n"
        "from engines.espeak.voice import create\n"
        "from engines.progress import Watch\n"
        "if __name__ == '__main__':\n"
        "    voice = create(); speech = voice.speak('Hello', 'en-us', None, Watch())\n"
        "    print(voice.helper.pid, len(speech.samples), flush=True); os._exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=True
    )
    pid, samples = map(int, done.stdout.split())
    assert samples > 10000
    deadline = time.monotonic() + 5
    while os.name == "posix" and Path(f"/proc/{pid}/cmdline").exists() and time.monotonic() < deadline:
        if not Path(f"/proc/{pid}/cmdline").read_bytes():
            break  # a zombie that nobody collected: it has ended
        time.sleep(0.05)
    assert time.monotonic() < deadline


def test_stray_prints_do_not_disturb_the_pipe() -> None:
    """The library complains on its own output about languages without data."""
    helper = EspeakHelper()
    spoken = helper.speak(Request("Hello", "gmq/fo"), Watch())
    assert len(spoken.samples) >= 0
    assert len(helper.speak(Request("Hello", "gmw/en-US"), Watch()).samples) > 1000
    helper.close()
