"""Who may ask, how often, how much: password, other sites, rate and size."""

import base64

import httpx
import pytest

from studio.api.buckets import Buckets
from studio.app import serve
from studio.services import Studio
from studio.settings import load_settings
from tests.studio.api.conftest import is_error
from tests.studio.conftest import free_port

PASSWORD = "open sesame"
BURST = 60


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A studio with a password, that takes little and not often, and its address."""
    limits = {"upload_bytes": 1 << 17, "api_rate": 0.5, "api_burst": BURST}
    data = tmp_path_factory.mktemp("guarded")
    studio = Studio(load_settings(data=data, host="127.0.0.1", port=free_port(), token=PASSWORD, **limits))
    server = serve(studio)
    yield server.url
    server.close()
    studio.close()


def basic(password):
    return {"Authorization": "Basic " + base64.b64encode(f"studio:{password}".encode()).decode()}


@pytest.mark.parametrize(
    "headers", [{"Authorization": f"Bearer {PASSWORD}"}, {"X-Token": PASSWORD}, basic(PASSWORD)]
)
def test_the_password_opens(guarded, headers):
    assert httpx.get(f"{guarded}blendshape-names", headers=headers).status_code == 200


def test_signing_in_on_the_page_opens_the_api_too(guarded):
    with httpx.Client(base_url=guarded) as client:
        assert is_error(client.get("/docs"), 401)
        client.post("/login", data={"username": "studio", "password": PASSWORD})
        assert client.get("/docs").status_code == 200


def test_without_the_password_nothing_is_told(guarded):
    for headers in ({}, {"X-Token": "guess"}):
        assert is_error(httpx.get(f"{guarded}health", headers=headers), 401)


def test_too_much_is_refused_before_and_while_it_is_read(guarded):
    headers, big = {"X-Token": PASSWORD}, b"x" * (1 << 18)
    told = httpx.post(f"{guarded}generate", headers=headers, files={"image": big})
    assert is_error(told, 413)

    def untold():
        yield b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
        for start in range(0, len(big), 4096):
            yield big[start : start + 4096]
        yield b"\r\n--b--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    assert is_error(httpx.post(f"{guarded}generate", headers={**headers, **kind}, content=untold()), 413)


def test_pages_of_other_sites_and_false_names_are_refused(guarded, web):
    evil = {"Origin": "https://evil.example"}
    assert is_error(httpx.get(f"{guarded}blendshape-names", headers={"X-Token": PASSWORD, **evil}), 403)
    for strange in (evil, {"Host": "evil.example"}):
        assert is_error(web.get("/blendshape-names", headers=strange), 403)
    own = {"Origin": str(web.base_url).rstrip("/")}
    assert web.get("/blendshape-names", headers=own).status_code == 200


def test_a_proxy_may_give_its_own_name_where_there_is_a_password(guarded):
    headers = {"X-Token": PASSWORD, "Host": "studio.example"}
    assert httpx.get(f"{guarded}blendshape-names", headers=headers).status_code == 200


def test_who_asks_too_often_has_to_wait(guarded):
    headers = {"X-Token": PASSWORD}
    with httpx.Client(base_url=guarded, headers=headers) as client:
        answers = [client.get("/blendshape-names") for _ in range(BURST + 5)]
    assert is_error(answers[-1], 429)
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_a_bucket_fills_again_and_belongs_to_one_client():
    buckets = Buckets(rate=1000.0, burst=10)
    assert buckets.take("ada", 10) == 0
    assert 0 < buckets.take("ada", 10) <= 0.01
    assert buckets.take("bob", 10) == 0
    assert Buckets(rate=0.0, burst=1).take("ada", 1e9) == 0
