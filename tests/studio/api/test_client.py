"""The Python client, as a program uses it."""

import av
import pytest

from engines.errors import StudioError
from studio.benches.api import percentile
from studio.client import StudioClient


def test_a_program_submits_waits_and_downloads(running, photo_file, tmp_path):
    with StudioClient(running[1]) as client:
        session = client.submit(image=photo_file, text="Hi.", emotions={"joy": 0.5}, size=256, fps=10)
        status = client.wait(session, 60)
        assert (status.status, status.progress, status.error) == ("completed", 100.0, None)
        path = client.download(session, tmp_path / "hello.mp4")
    with av.open(str(path)) as file:
        assert file.streams.video[0].frames >= 5


def test_a_refusal_is_the_studios_own_sentence(running, faceless, tmp_path):
    with StudioClient(running[1]) as client:
        with pytest.raises(StudioError, match="No face"):
            client.submit(image=faceless, text="Hi.")
        with pytest.raises(StudioError, match="liveportrait_drive"):
            client.submit(avatar_id="imara", text="Hi.", files={"liveportrait_drive": faceless})
        with pytest.raises(StudioError, match="no such job"):
            client.download("0123456789abcdef", tmp_path / "nothing.mp4")
    assert not list(tmp_path.iterdir())


def test_two_programs_with_secrets_of_their_own_are_apart(running):
    sample = running[0].library.samples()[0].id
    with StudioClient(running[1], owner="a" * 40) as ada, StudioClient(running[1], owner="b" * 40) as bob:
        session = ada.submit(avatar_id=sample, text="A secret. " * 40)
        with pytest.raises(StudioError, match="no such job"):
            bob.status(session)
        ada.cancel(session)
        with pytest.raises(StudioError, match="cancelled"):
            ada.wait(session, 30)


def test_percentiles_are_of_what_was_measured():
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile(list(range(1, 101)), 99) == 99
    assert percentile([7.0], 99) == 7.0
