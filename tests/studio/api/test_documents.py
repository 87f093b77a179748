"""The OpenAPI document tells the truth, and nothing that fits or breaks it makes the studio stumble."""

import contextlib

import pytest

from tests.studio.api.conftest import is_error

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
generation = pytest.importorskip("schemathesis.generation")
hypothesis = pytest.importorskip("hypothesis")

FEW = hypothesis.settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
FAMILIES = {
    "VISEMA": {"/generate", "/status/{session_id}", "/download/{session_id}", "/health"},
    "SadTalker": {
        "/api/avatar/upload",
        "/api/avatar/status/{image_id}",
        "/api/vip/generate",
        "/api/vip/status/{session_id}",
        "/api/vip/download/{session_id}",
        "/api/cache/stats",
    },
    "Audio2Face": {"/process-audio/", "/process-audio", "/blendshape-names"},
    "engines": {"/api/engines", "/api/engines/{name}", "/api/engines/{name}/download"},
    "library": {
        "/api/library",
        "/api/library/{item_id}/restore",
        "/api/library/{item_id}/rerender",
        "/api/jobs",
    },
    "clone": {"/api/clone/avatar", "/api/clone/generate", "/api/clone/health"},
}


def test_every_endpoint_is_documented(web):
    document = web.get("/openapi.json").json()
    assert set().union(*FAMILIES.values()) <= set(document["paths"])
    assert not any("gradio" in path for path in document["paths"])
    page = web.get("/docs").text
    for path in document["paths"]:
        assert path.split("{")[0] in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_page_is_still_there(web):
    assert "Visema Studio" in web.get("/").text
    assert web.get("/config").status_code == 200
    assert is_error(web.post("/health"), 405)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
def test_nothing_makes_the_studio_stumble(running):
    schema = schemathesis.openapi.from_url(f"{running[1]}openapi.json")
    for operation in schema.get_all_operations():
        ask(operation.ok())


def ask(operation):
    """Send what fits the document and what does not, as hypothesis makes it up."""
    for mode in generation.GenerationMode:

        @FEW
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def send(case):
            response = case.call(timeout=30)
            where = f"{operation.label}: {response.status_code} {response.text[:200]}"
            assert response.status_code < 500 or response.status_code == 501, where
            if response.status_code >= 400:
                assert set(response.json()) == {"error", "hint"}, where

        with contextlib.suppress(hypothesis.errors.Unsatisfiable):  # what takes nothing takes nothing wrong
            send()
