"""What many tests need: a real photo, a drawn one without a face, speech."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from engines.progress import Watch
from engines.types import AvatarRef, Image, Output, RenderRequest, Words
from studio.samples import SAMPLES
from studio.services import Studio
from studio.settings import load_settings


@pytest.fixture(scope="session")
def photo_file() -> Path:
    """The portrait that scikit-image ships: 512x512, a smiling face of 94 pixels."""
    return Path(skimage.data.__file__).parent / "astronaut.png"


@pytest.fixture(scope="session")
def photo(photo_file: Path) -> Image:
    """The same as pixels, (512, 512, 3) RGB."""
    return np.ascontiguousarray(cv2.imread(str(photo_file))[..., ::-1])


@pytest.fixture(scope="session")
def faceless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of a landscape without anybody."""
    canvas = np.full((300, 400, 3), (200, 170, 120), np.uint8)
    cv2.rectangle(canvas, (0, 180), (400, 300), (60, 120, 60), -1)
    cv2.circle(canvas, (320, 60), 30, (90, 220, 250), -1)
    path = tmp_path_factory.mktemp("pictures") / "landscape.png"
    cv2.imwrite(str(path), canvas)
    return path


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """A whole studio with a fresh data folder."""
    studio = Studio(load_settings(data=tmp_path / "data"))
    yield studio
    studio.close()


@pytest.fixture(scope="session")
def talking_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample face that talks for three seconds, 288 pixels high, its head and mouth moving."""
    folder = tmp_path_factory.mktemp("clip")
    studio = Studio(load_settings(data=folder / "data"))
    request = RenderRequest(
        AvatarRef(str(SAMPLES / "rafael.jpg")),
        Words("Far above, a lark sang over open fields."),
        options={"facemesh": {"background": "photo"}},
        output=Output(size=288),
    )
    studio.pipeline.render(request, folder / "talking.mp4", Watch())
    studio.close()
    return folder / "talking.mp4"
