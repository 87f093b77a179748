"""Moving the points of a face in a real browser, by mouse, touch and keys, also where no face was found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import photo_drawings as drawings
import pytest
from PIL import Image as Pillow

from engines.types import Image
from studio.library import Avatar
from studio.services import Studio

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio")]

Open = Callable[..., Any]
CORNER = "[data-handle=mouth_left]"


def bring(seen: Any, photo: Path, name: str) -> None:
    """Keep a photo as an avatar and open its points."""
    seen.upload(photo)
    seen.page.wait_for_selector("#review .frame.chosen")
    save(seen.page, name)
    seen.page.locator("#adjust-own").click()
    seen.page.wait_for_selector(CORNER)


def save(page: Any, name: str) -> None:
    page.get_by_label("It is invented").check()
    page.locator("#name input, #name textarea").fill(name)
    page.locator("#save").click()
    page.wait_for_selector(f".card:has-text('{name}') input:checked")


def kept(studio: Studio, name: str) -> dict[str, Any]:
    """The manifest of the avatar of that name."""
    manifests = [
        json.loads(path.read_text()) for path in studio.settings.data.glob("avatars/*/*/manifest.json")
    ]
    return next(manifest for manifest in manifests if manifest["name"] == name)


def middle(page: Any, selector: str) -> tuple[float, float]:
    page.locator(selector).scroll_into_view_if_needed()
    box = page.locator(selector).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def in_sheet(page: Any, selector: str) -> tuple[float, float]:
    """Where a handle is on the photo, in px of the screen."""
    x, y = middle(page, selector)
    box = page.locator(".sheet").bounding_box()
    return x - box["x"], y - box["y"]


def drag(page: Any, selector: str, right: float, down: float) -> None:
    x, y = middle(page, selector)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right / 2, y + down / 2)
    page.mouse.move(x + right, y + down)
    page.mouse.up()


@contextmanager
def used(page: Any) -> Iterator[None]:
    """Do something, press "Use it" and wait until the pictures of its effect are others."""
    script = "[...document.querySelectorAll('.effects img')].map(image => image.src).join()"
    before = page.evaluate(script)
    yield
    page.locator("[data-do=use]").click()
    page.wait_for_function(f"before => {{ const now = {script}; return now && now !== before; }}", arg=before)


def test_a_dragged_mouth_corner_is_used_kept_and_shown(
    visit: Open, served: tuple[Studio, str], photo_file: Path
) -> None:
    seen = visit()
    page = seen.page
    assert not page.locator("#adjust-own").is_visible(), "samples are as they are"
    bring(seen, photo_file, "Dragged")
    assert page.locator(".handle").count() == 14
    assert serious_faults(page) == []
    page.get_by_role("button", name="Mouth", exact=True).click()
    untouched = page.locator("#face img").get_attribute("src")
    with used(page):
        drag(page, CORNER, 40, 24)
        assert "right" in page.locator(".told").inner_text()
    (shift,) = kept(served[0], "Dragged")["adjust"]
    assert shift["handle"] == "mouth_left"
    assert 0.04 < shift["dx"] < 0.3
    assert shift["dy"] == pytest.approx(shift["dx"] * 24 / 40, abs=0.01)
    page.wait_for_function("src => document.querySelector('#face img').src !== src", arg=untouched)
    page.locator("#adjust-close").click()
    page.wait_for_selector(CORNER, state="detached")
    page.locator("#adjust-own").click()
    page.wait_for_selector(CORNER)
    now, found = (page.locator(CORNER).get_attribute(f"data-{when}") for when in ("now", "found"))
    assert now != found, "the correction is there when one comes back"
    page.get_by_role("button", name="Reset").click()
    with used(page):
        pass
    assert kept(served[0], "Dragged")["adjust"] == []


def test_the_keyboard_moves_points_and_undo_takes_it_back(
    visit: Open, served: tuple[Studio, str], photo_file: Path
) -> None:
    seen = visit()
    page = seen.page
    bring(seen, photo_file, "Keys")
    place = "[...document.querySelectorAll('.handle')].map(h => h.style.left + h.style.top).join()"
    start = page.evaluate(place)
    x, y = in_sheet(page, "[data-handle=chin]")
    page.get_by_role("button", name="Chin").focus()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("ArrowRight")
    assert in_sheet(page, "[data-handle=chin]") == pytest.approx((x + 1, y + 10), abs=0.6)
    assert "Chin: " in page.locator("#adjust [role=status]").inner_text()
    page.keyboard.press("Control+z")
    assert page.evaluate(place) == start
    assert page.locator("[data-do=undo]").is_disabled()
    drag(page, "[data-handle=lip_top]", 0, 80)
    page.locator("[data-do=use]").click()
    page.wait_for_selector("#adjust-notice .notice:has-text('fold')")
    assert kept(served[0], "Keys")["adjust"] == []


def test_a_finger_moves_points_on_a_phone(visit: Open, served: tuple[Studio, str], photo_file: Path) -> None:
    seen = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = seen.page
    bring(seen, photo_file, "Touched")
    page.get_by_role("button", name="Eyes").click()
    x, y = middle(page, "[data-handle=eye_left_upper]")
    scrolled = page.evaluate("scrollY")
    finger = page.context.new_cdp_session(page)
    for kind, step in (("touchStart", 0), ("touchMove", 6), ("touchMove", 12), ("touchEnd", None)):
        points = [] if step is None else [{"x": x, "y": y - step}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    with used(page):
        pass
    (shift,) = kept(served[0], "Touched")["adjust"]
    assert shift["handle"] == "eye_left_upper"
    assert shift["dy"] < -0.02
    assert page.evaluate("scrollY") >= scrolled - 1, "the page does not scroll under the finger"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_face_that_is_not_found_is_put_there_by_hand(
    visit: Open, served: tuple[Studio, str], faceless: Path
) -> None:
    seen = visit()
    page = seen.page
    seen.upload(faceless)
    page.wait_for_selector("#avatar-notice .notice:has-text('No face was found')")
    page.locator("#place").click()
    page.wait_for_selector(CORNER)
    assert not page.locator("#save").is_visible()
    before = in_sheet(page, "[data-handle=lip_line]")
    with used(page):
        drag(page, "[data-handle=chin]", 0, 24)
    after = in_sheet(page, "[data-handle=lip_line]")
    assert 8 < after[1] - before[1] < 24, "eyes and chin carry the mouth along"
    page.wait_for_selector("#save")
    save(page, "Landscape")
    manifest = kept(served[0], "Landscape")
    assert 0.1 < manifest["placed"]["iod"] < 0.4
    avatar = next(item for item in all_avatars(served[0]) if item.name == "Landscape")
    assert avatar.placed is not None
    page.locator("#adjust-own").click()
    page.wait_for_selector(CORNER)


def test_who_sees_the_mouth_may_overrule_that_it_is_covered(visit: Open, photo: Image, tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    Pillow.fromarray(drawings.with_mask(photo)).save(path)
    page = visit().page
    page.set_input_files("#photo input[type=file]", str(path))
    page.wait_for_selector("#avatar-notice .notice:has-text('covered')")
    page.locator("#place").click()
    page.wait_for_selector(CORNER)
    x, y = (
        float(share) for share in page.locator("[data-handle=lip_line]").get_attribute("data-now").split(",")
    )
    assert np.hypot(x * 512 - 222, y * 512 - 146) < 15, "the points start where the face is"
    with used(page):
        pass
    save(page, "Masked")


def serious_faults(page: Any) -> list[str]:
    """What axe finds in the panel that keeps people from using it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, context="#adjust").response["violations"]
    return [
        f"{item['id']}: {item['nodes'][0]['html']}"
        for item in found
        if item["impact"] in ("serious", "critical")
    ]


def all_avatars(studio: Studio) -> list[Avatar]:
    owners = [folder.name for folder in (studio.settings.data / "avatars").iterdir()]
    return [avatar for owner in owners for avatar in studio.library.avatars(owner)]
