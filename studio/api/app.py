"""The REST API as one FastAPI app, and how it stands beside the page."""

from __future__ import annotations

import time
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute, Match

from studio.access import Access
from studio.api import audio2face, clone, docs, engines, exports, health, library, page_files, sadtalker, visema
from studio.api.context import forget_uploads, usual_owner
from studio.api.errors import ErrorBody, add_error_handlers
from studio.api.gate import Gate, SignedIn
from studio.api.preparing import Preparer
from studio.api.speedup import learn_photo
from studio.services import Studio

TITLE = "Visema Studio API"
VERSION = "1"
ROUTERS = (visema, sadtalker, audio2face, exports, clone, library, engines, health, docs, page_files)
STATUSES = (401, 403, 404, 409, 410, 413, 422, 429, 501)


def build_api(studio: Studio, access: Access | None, signed_in: SignedIn) -> FastAPI:
    """All endpoints for ``studio`` behind one gate."""
    errors: dict[int | str, dict[str, Any]] = {status: {"model": ErrorBody} for status in STATUSES}
    api = FastAPI(title=TITLE, version=VERSION, docs_url=None, redoc_url=None, openapi_url=None)
    api.state.studio = studio
    api.state.preparer = Preparer(studio.pipeline, lambda recipe, spent: learn_photo(studio, recipe, spent))
    api.state.owner = usual_owner(studio.settings, access)
    for module in ROUTERS:
        api.include_router(module.router, responses=errors)
    add_error_handlers(api)
    api.add_middleware(Gate, settings=studio.settings, access=access, signed_in=signed_in)
    return api


def attach_api(page: Any, studio: Studio, access: Access | None) -> FastAPI:
    """Let the page's server answer for the API too; everything else stays the page's."""
    forget_uploads(studio, before=time.time())

    def signed_in(cookies: Any) -> bool:
        """Gradio names its session cookies after itself."""
        names = (f"access-token-{page.cookie_id}", f"access-token-unsecure-{page.cookie_id}")
        return any(page.tokens.get(cookies.get(name)) is not None for name in names)

    api = build_api(studio, access, signed_in)
    page.router.routes.insert(0, Doorway(api))
    return api


class Doorway(BaseRoute):
    """Hands every request for an address of ``api`` over to it, whatever the method."""

    def __init__(self, api: FastAPI) -> None:
        self._api = api

    def matches(self, scope: Any) -> tuple[Match, Any]:
        """Full wherever the API has something to say."""
        if scope["type"] != "http":
            return Match.NONE, {}
        known = any(route.matches(scope)[0] is not Match.NONE for route in self._api.router.routes)
        return (Match.FULL if known else Match.NONE), {}

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Let the API answer."""
        await self._api(scope, receive, send)
