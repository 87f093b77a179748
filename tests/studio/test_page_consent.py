"""Before a face first speaks the page asks once whose it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.credentials_read import read_credentials
from studio.services import Studio

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio")]


def test_one_question_before_the_first_render_and_none_after(
    visit: Callable[..., Any], served: tuple[Studio, str], photo_file: Path
) -> None:
    seen, library = visit(), served[0].library
    page = seen.page
    seen.small()
    seen.upload(photo_file)
    page.wait_for_selector("#review .frame.chosen")
    page.locator("#save").click()
    page.wait_for_selector(".card:has-text('Not said whose') input:checked")
    seen.say("May I?")
    page.locator("#render").click()
    page.wait_for_selector("#ask:has-text('Whose face is it?')")
    (owner,) = library.owners()
    assert served[0].jobs.list(owner) == (), "nothing is rendered before the answer"
    page.locator("#ask-permission").press("Enter")
    page.wait_for_selector("#clip video[src]")
    assert not page.locator("#ask").is_visible()
    (clip,) = library.clips(owner)
    record = read_credentials(clip.path, served[0].credentials).consent
    assert (record.right, record.by) == ("permission", "on the page")
    assert record == library.avatars(owner)[0].record
    seen.say("And once more.")
    seen.render()
    assert len(library.clips(owner)) == 2


def test_a_sample_speaks_without_a_question(visit: Callable[..., Any], served: tuple[Studio, str]) -> None:
    seen = visit()
    seen.small()
    seen.say("I am drawn.")
    seen.render()
    assert not seen.page.locator("#ask").is_visible()
    newest = max(served[0].settings.data.glob("clips/*/*/clip.mp4"), key=lambda path: path.stat().st_mtime)
    assert read_credentials(newest, served[0].credentials).consent.right == "invented"
