"""The page is open to its own machine only; anybody else needs the password."""

import httpx
import pytest

from studio.access import access_for, is_loopback
from studio.app import serve
from studio.services import Studio
from studio.settings import load_settings
from tests.studio.conftest import free_port


@pytest.fixture(autouse=True)
def no_space(monkeypatch):
    for name in ("SPACE_ID", "STUDIO_TOKEN", "STUDIO_HOST"):
        monkeypatch.delenv(name, raising=False)


def test_it_listens_to_this_machine_unless_told_otherwise(tmp_path):
    settings = load_settings(data=tmp_path)
    assert is_loopback(settings.host)
    assert access_for(settings) is None


def test_a_wider_address_gets_a_password_that_stays(tmp_path):
    settings = load_settings(data=tmp_path, host="0.0.0.0")
    first = access_for(settings)
    assert len(first.password) >= 12
    assert access_for(settings) == first
    assert access_for(load_settings(data=tmp_path / "..", host="::")) != first


def test_a_space_listens_to_everybody_and_keeps_its_data_where_it_can(tmp_path, monkeypatch):
    monkeypatch.setenv("SPACE_ID", "someone/studio")
    monkeypatch.setattr("studio.settings.SPACE_DATA", tmp_path)
    settings = load_settings()
    assert (settings.host, settings.port, settings.data) == ("0.0.0.0", 7860, tmp_path)
    assert access_for(settings) is None


def test_without_the_password_nothing_is_served(tmp_path):
    studio = Studio(load_settings(data=tmp_path, port=free_port(), token="open sesame"))
    server = serve(studio)
    try:
        with httpx.Client(base_url=server.url) as client:
            assert "Nothing rendered" not in client.get("/").text
            assert client.get("/gradio_api/info").status_code == 401
            wrong = client.post("/login", data={"username": "studio", "password": "guess"})
            assert wrong.status_code == 400
            right = client.post("/login", data={"username": "studio", "password": "open sesame"})
            assert right.status_code == 200
            assert client.get("/gradio_api/info").status_code == 200
    finally:
        server.close()
        studio.close()
