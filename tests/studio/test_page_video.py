"""A video on the page: upload, save, watch it become an avatar, let it speak, and stop."""

from __future__ import annotations

import pytest

from tests.clip_makers import read_frames, write_clip

pytestmark = pytest.mark.browser


def save(visit, consent: str = "It is invented") -> None:
    visit.page.wait_for_selector("#review img", state="visible")
    visit.page.get_by_label(consent, exact=True).check()
    visit.page.locator("#save").click()


def test_an_uploaded_video_becomes_an_avatar_that_speaks(visit, served, talking_clip):
    visitor = visit()
    visitor.upload(talking_clip)
    visitor.page.wait_for_selector("#avatar-notice:has-text('A video of')")
    save(visitor)
    visitor.page.wait_for_selector("#film-progress [role=progressbar]")
    visitor.page.wait_for_selector("#avatars :text('video')")
    visitor.page.wait_for_selector("#film-cancel", state="hidden")
    visitor.page.wait_for_selector("#face figcaption:has-text('Talking')")
    assert not visitor.page.locator("#adjust-own").is_visible()
    visitor.tab("Preview")
    visitor.page.get_by_role("button", name="Video settings").click()
    assert visitor.page.get_by_label("Recipe", exact=True).input_value() == "Video avatar"
    visitor.choose("Long side in pixels", "256")
    visitor.say("Hello, you.")
    visitor.render()
    assert visitor.video()
    visitor.tab("Avatar")
    visitor.page.locator("#avatars :text('Mira')").first.click()
    visitor.page.wait_for_selector("#face figcaption:has-text('Mira')")
    visitor.tab("Preview")
    assert visitor.page.get_by_label("Recipe", exact=True).input_value() == "Instant"
    assert visitor.outside == []


def test_cancel_and_reload(visit, talking_clip, tmp_path):
    frames = read_frames(talking_clip)
    long = write_clip(tmp_path / "long.mp4", (frames + frames[::-1]) * 6)
    visitor = visit()
    visitor.upload(long)
    save(visitor)
    visitor.page.wait_for_selector("#film-progress :text('left')")
    visitor.page.reload()
    visitor.page.wait_for_selector("#film-progress [role=progressbar]")
    visitor.page.locator("#film-cancel").click()
    visitor.page.wait_for_selector("#avatar-notice:has-text('Cancelled')")
    assert visitor.page.locator("#avatars :text('Long')").count() == 0


def test_a_clip_without_a_face_says_so(visit, tmp_path, photo):
    visitor = visit()
    visitor.upload(write_clip(tmp_path / "nobody.mp4", [photo[:96, :96] * 0 + 90] * 30))
    save(visitor)
    visitor.page.wait_for_selector("#avatar-notice:has-text('No face was found in the clip')")
