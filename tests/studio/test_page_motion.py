"""Motion alone on the page: a head in 3D that says the words, and files for animators."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engines.exports import FORMATS, perform
from engines.progress import Watch
from engines.types import BLENDSHAPE_INDEX, AvatarRef, Image, Output, RenderRequest, Words
from studio.services import Studio

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio")]

Open = Callable[..., Any]
WORDS = "Mama, I am far above all of that."
PICTURES_WHILE_PLAYING = """() => new Promise(done => {
  const canvas = document.querySelector('.viewer canvas'), seen = new Set();
  const look = () => {
    seen.add(canvas.toDataURL());
    const playing = document.querySelector('.play').textContent === 'Pause';
    if (playing && seen.size < 6) requestAnimationFrame(look); else done(seen.size);
  };
  document.querySelector('.viewer input').value = 0;
  document.querySelector('.viewer input').dispatchEvent(new Event('input', { bubbles: true }));
  if (document.querySelector('.play').textContent === 'Play') document.querySelector('.play').click();
  setTimeout(() => requestAnimationFrame(look), 100);
})"""
"""How many pictures the canvas shows, six at most, read in the frames in which they are drawn."""
NO_WEBGL = "HTMLCanvasElement.prototype.getContext = () => null;"


def test_the_head_speaks_before_anything_is_rendered(visit: Open, served: tuple[Studio, str]) -> None:
    seen = visit(viewport={"width": 500, "height": 800})
    viewer = preview(seen)
    page = seen.page
    assert page.evaluate(PICTURES_WHILE_PLAYING) >= 3, "it moves while it plays"
    page.locator(".play").click()
    page.wait_for_function("document.querySelector('.play').textContent === 'Play'")
    jaw = jaw_of(served[0])
    shown = {}
    for name, frame in (("open", int(np.argmax(jaw))), ("closed", int(np.argmin(jaw)))):
        page.locator(".viewer input").fill(f"{frame / 25:.2f}")
        shown[name] = inside_of_mouth(front := picture(viewer))
    assert shown["open"] > 2.5 * shown["closed"] > 0, f"the mouth opens: {shown}"
    page.get_by_role("button", name="From the side").click()
    assert changed(front, picture(viewer)) > 2000
    assert seen.outside == []
    assert page.locator(".clip").count() == 0


def test_the_preview_is_for_everybody(visit: Open) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    seen = visit(viewport={"width": 390, "height": 844}, color_scheme="dark", reduced_motion="reduce")
    preview(seen)
    page = seen.page
    time.sleep(0.3)
    assert at(page) == 0, "nothing moves unasked"
    page.locator(".viewer canvas").press("Space")
    page.wait_for_function("document.querySelector('.viewer').dataset.at > 0.3")
    page.locator(".viewer canvas").press("Space")
    page.wait_for_function("document.querySelector('.play').textContent === 'Play'")
    held = at(page)
    page.locator(".viewer canvas").press("ArrowRight")
    assert at(page) == pytest.approx(min(held + 1, float(seconds(page))), abs=0.05)
    page.locator(".viewer canvas").press("Home")
    assert at(page) == 0
    page.get_by_role("button", name="Export motion").click()
    page.wait_for_selector("#motion-about .hint")
    time.sleep(0.4)
    found = axe.run(page).response["violations"]
    assert [item["id"] for item in found if item["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_without_webgl_a_sentence_says_so_and_the_sound_plays(visit: Open) -> None:
    seen = visit()
    seen.page.evaluate(NO_WEBGL)
    preview(seen)
    assert "WebGL" in seen.page.locator(".viewer .told").inner_text()
    assert not seen.page.locator(".viewer canvas").is_visible()
    seen.page.wait_for_function("document.querySelector('.viewer').dataset.at > 0.3")


def test_motion_is_exported_from_the_page(visit: Open, tmp_path: Path) -> None:
    seen = visit()
    page = seen.page
    seen.say(WORDS)
    seen.tab("Preview")
    page.get_by_role("button", name="Export motion").click()
    seen.choose("Format", FORMATS["livelink-csv"].title)
    page.wait_for_selector("#motion-about:has-text('Unreal')")
    rows = list(csv.DictReader(exported(page, tmp_path).open(encoding="utf-8")))
    assert max(float(row["JawOpen"]) for row in rows) > 0.1
    assert rows[25]["Timecode"] == "00:00:01:00.000", "at the frame rate of the video settings"
    seen.choose("Format", FORMATS["glb"].title)
    page.set_input_files("#motion-character input[type=file]", files=[hostile()])
    page.wait_for_selector("#motion-character .file-preview")
    page.locator("#motion-make").click()
    page.wait_for_selector("#motion-notice .notice:has-text('This head is damaged')")
    page.wait_for_selector("#motion-cancel", state="hidden")
    seen.say("")
    seen.tab("Preview")
    page.locator("#motion-show").click()
    page.wait_for_selector("#motion-notice .notice:has-text('Type something')")


def preview(seen: Any) -> Any:
    """Ask for the preview of WORDS; the canvas once it is there."""
    seen.page.locator("[role=tab]:has-text('Speech')").click()
    seen.page.locator("#words textarea").fill(WORDS)
    seen.page.wait_for_selector(f".says:has-text('{WORDS}')")
    seen.tab("Preview")
    seen.page.locator("#motion-show").click()
    seen.page.wait_for_selector(".viewer[data-ready]")
    return seen.page.locator(".viewer canvas")


def at(page: Any) -> float:
    return float(page.locator(".viewer").get_attribute("data-at"))


def seconds(page: Any) -> str:
    return str(page.locator(".viewer").get_attribute("data-seconds"))


def picture(canvas: Any) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(canvas.screenshot(), np.uint8), cv2.IMREAD_COLOR)[..., ::-1])


def changed(first: Image, second: Image) -> int:
    """Pixels that differ clearly."""
    return int((np.abs(first.astype(int) - second).max(axis=2) > 24).sum())


def inside_of_mouth(image: Image) -> int:
    """Pixels between the lips: dark, as red as flesh or as white as teeth, in the middle of the lower face."""
    height, width = image.shape[:2]
    across = height // 10
    part = image[height * 3 // 5 : height * 4 // 5, width // 2 - across : width // 2 + across].astype(int)
    red, green = part[..., 0], part[..., 1]
    return int(((red < 95) | (red > 2 * green) | (part.min(axis=2) > 185)).sum())


def jaw_of(studio: Studio) -> Any:
    """How far the jaw opens, frame by frame, for WORDS as the page has them."""
    request = RenderRequest(AvatarRef(""), Words(WORDS), output=Output(25.0))
    performance, _ = perform(studio.pipeline, request, Watch())
    return performance.motion.blendshapes[:, BLENDSHAPE_INDEX["jawOpen"]]


def exported(page: Any, folder: Path) -> Path:
    """Make the file and download it."""
    page.locator("#motion-make").click()
    page.wait_for_selector("#motion-file:has-text('Download')")
    with page.expect_download() as waiting:
        page.locator("#motion-file").click()
    path = folder / waiting.value.suggested_filename
    assert path.name == "motion-livelink.csv"
    waiting.value.save_as(path)
    return path


def hostile() -> dict[str, Any]:
    return {"name": "own.glb", "mimeType": "model/gltf-binary", "buffer": b"glTF" + json.dumps({}).encode() * 9}
