"""A film of the clip that all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.footage.filming import Filmed, FilmOptions, film_clip
from engines.progress import Watch


@pytest.fixture(scope="session")
def filmed(talking_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Filmed:
    """The film of ``talking_clip``."""
    return film_clip(talking_clip, tmp_path_factory.mktemp("film"), FilmOptions(), Watch())
