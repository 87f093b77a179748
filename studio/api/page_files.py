"""Files of the page that are too large to be part of it: the 3D library, fetched once somebody wants it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import FileResponse

from studio.theme import ASSETS

router = APIRouter(include_in_schema=False)
A_DAY = {"Cache-Control": "private, max-age=86400"}


@router.get("/page/three.min.js")
def three() -> FileResponse:
    """three.js as one module."""
    return FileResponse(ASSETS / "three" / "three.min.js", media_type="text/javascript", headers=A_DAY)
