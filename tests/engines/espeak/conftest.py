"""One real helper process for all tests of the voice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engines.espeak.voice import EspeakVoice, create


@pytest.fixture(scope="session")
def voice() -> Iterator[EspeakVoice]:
    made = create()
    yield made
    made.close()
