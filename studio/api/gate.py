"""What stands before every endpoint: whose page asks, how often, with which password, and how much it sends."""

from __future__ import annotations

import base64
import binascii
import math
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request, Response

from studio.access import Access, is_loopback
from studio.api.buckets import Buckets
from studio.api.errors import refusal
from studio.settings import Settings

READ_COST, SEND_COST, GUESS_COST = 1.0, 5.0, 20.0
"""Tokens for asking, for sending something to do, and for a wrong password besides."""
MIB = 1 << 20
SignedIn = Callable[[Mapping[str, str]], bool]
"""Whether these cookies are those of somebody who signed in on the page."""
Asgi = Callable[[Any, Any, Any], Any]


class Gate:
    """ASGI middleware. ``access``: the password to ask for, None where there is none."""

    def __init__(self, app: Asgi, settings: Settings, access: Access | None, signed_in: SignedIn) -> None:
        self._app, self._access, self._signed_in = app, access, signed_in
        self._local = access is None and is_loopback(settings.host)  # a password keeps false names out anyway
        self._buckets = Buckets(settings.api_rate, settings.api_burst)
        self._most = settings.upload_bytes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer what may not pass, hand on what may."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        stopped = self._strange(request) or self._busy(request) or self._locked(request) or self._large(request)
        if stopped is not None:
            await stopped(scope, receive, send)
            return
        counted = _Counted(receive, send, self._most, _too_large(self._most))
        await self._app(scope, counted.receive, counted.send)

    def _strange(self, request: Request) -> Response | None:
        """A page of another site, or a name that only pretends to be this machine (DNS rebinding)."""
        origin, host = request.headers.get("origin"), request.headers.get("host", "")
        if self._local and not is_loopback(_host_name(f"//{host}")):
            return refusal(403, "This studio answers to its own machine only.", "Use the address 127.0.0.1.")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return refusal(403, "A page of another site may not use this studio.", "Call it from a program.")
        return None

    def _busy(self, request: Request) -> Response | None:
        wait = self._buckets.take(_client(request), SEND_COST if request.method == "POST" else READ_COST)
        if not wait:
            return None
        headers = {"Retry-After": str(math.ceil(wait))}
        return refusal(429, "Too many requests.", f"Wait {math.ceil(wait)} s and ask less often.", headers)

    def _locked(self, request: Request) -> Response | None:
        if self._access is None or self._signed_in(request.cookies):
            return None
        given = given_password(request.headers)
        if given is not None and secrets.compare_digest(given.encode(), self._access.password.encode()):
            return None
        if given is not None:
            self._buckets.take(_client(request), GUESS_COST)
        error = "The password is missing." if given is None else "The password is not right."
        return refusal(401, error, headers={"WWW-Authenticate": 'Bearer, Basic realm="Visema Studio"'})

    def _large(self, request: Request) -> Response | None:
        length = request.headers.get("content-length", "0")
        if not length.isdecimal():
            return refusal(400, "The length of what is sent is not a number.", "Send a right Content-Length.")
        return _too_large(self._most) if int(length) > self._most else None


class _Counted:
    """Counts what is received; beyond ``most`` bytes the answer is ``refused``, whatever comes of the rest."""

    def __init__(self, receive: Any, send: Any, most: int, refused: Response) -> None:
        self._receive, self._send, self._left, self._refused = receive, send, most, refused
        self._started = self._ended = False

    async def receive(self) -> Any:
        """The next message; once there is too much, the client counts as gone."""
        message = await self._receive() if self._left >= 0 else {"type": "http.disconnect"}
        self._left -= len(message.get("body", b""))
        return message if self._left >= 0 else {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        """Pass a message on, or the refusal in place of all."""
        if self._started or self._left >= 0:
            self._started = True
            await self._send(message)
        elif not self._ended:
            self._ended = True
            await self._refused({"type": "http"}, self._receive, self._send)


def given_password(headers: Mapping[str, str]) -> str | None:
    """The password in the headers: X-Token, or Authorization with Bearer or Basic; None without."""
    if "x-token" in headers:
        return headers["x-token"]
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _too_large(most: int) -> Response:
    headers = {"Connection": "close"}  # what is still on its way is not read
    return refusal(413, f"That is more than {most // MIB} MB.", "Send a smaller file.", headers)


def _client(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _host_name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
