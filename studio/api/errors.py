"""Errors as every client gets them: {"error": one sentence, "hint": what to do}."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException as BareHTTPException

from engines.errors import StudioError

log = logging.getLogger(__name__)
Result = TypeVar("Result")

SEE_DOCS = "See /docs for what this address takes."
HINTS = {
    401: "Send the password as 'Authorization: Bearer ...' or 'X-Token: ...', or sign in on the page.",
    404: "Check the address and the id; what was made by somebody else cannot be seen.",
    405: SEE_DOCS,
    409: "Ask for its status until it says completed.",
    422: SEE_DOCS,
}
UNEXPECTED = "Something went wrong that should not have."


class ErrorBody(BaseModel):
    """What every error looks like."""

    error: str
    hint: str


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """A request that gets an error with its own status."""

    def __init__(self, status: int, error: str, hint: str = "") -> None:
        self.status, self.error, self.hint = status, error, hint or HINTS.get(status, SEE_DOCS)


def refusal(status: int, error: str, hint: str = "", headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The response for an error."""
    body = {"error": error, "hint": hint or HINTS.get(status, SEE_DOCS)}
    return JSONResponse(body, status, dict(headers or {}))


def told(error: StudioError) -> tuple[str, str]:
    """The sentence of ``error`` in two: what is wrong, and what to do about it ("" if it does not say)."""
    sentence = str(error)
    for mark in (". ", "; "):
        wrong, found, todo = sentence.partition(mark)
        if found:
            return f"{wrong}.", todo[0].upper() + todo[1:]
    return sentence, ""


def known(find: Callable[..., Result], *arguments: Any) -> Result:
    """What ``find`` finds; where it raises StudioError, nothing of that id is there: 404."""
    try:
        return find(*arguments)
    except StudioError as error:
        raise Refused(404, *told(error)) from None


def add_error_handlers(app: FastAPI) -> None:
    """Let every error of ``app`` be of one form."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(StudioError, _studio_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(BareHTTPException, _http_error)
    app.add_exception_handler(404, _http_error)
    app.add_exception_handler(405, _http_error)
    app.add_exception_handler(Exception, _unexpected)


def _refused(_request: Request, error: Any) -> JSONResponse:
    return refusal(error.status, error.error, error.hint)


def _studio_error(_request: Request, error: Any) -> JSONResponse:
    return refusal(422, *told(error))


def _invalid(_request: Request, error: Any) -> JSONResponse:
    first = error.errors()[0]
    name = next((str(part) for part in reversed(first["loc"]) if isinstance(part, str)), "body")
    if first["type"] == "missing":
        return refusal(422, f"'{name}' is missing.", f"Send '{name}'; /docs says how.")
    return refusal(422, f"'{name}' is not right: {first['msg']}.", f"Send '{name}' as /docs describes it.")


def _http_error(_request: Request, error: Any) -> JSONResponse:
    sentence = f"{str(error.detail).strip('.')}."
    return refusal(error.status_code, sentence, headers=error.headers)


def _unexpected(request: Request, error: Any) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return refusal(500, UNEXPECTED, "Try again; the studio's log has the details.")
