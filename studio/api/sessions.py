"""Jobs as the seed systems' clients know them: sessions with a status, a progress in percent and a download."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi.responses import FileResponse
from pydantic import BaseModel

from studio.api.errors import Refused, known
from studio.jobs import JobView, State
from studio.services import Studio

C2PA = "application/c2pa"
KINDS = {".mp4": "video/mp4", ".webm": "video/webm"}


class Accepted(BaseModel):
    """A job was queued; ``queue_position`` 1 is next, 0 already runs. ``expected_seconds``: how long it takes
    on this machine once it runs, measured or told from the work of its networks. ``notes``: what was left out
    of the wish, in sentences."""

    session_id: str
    status: State
    queue_position: int
    expected_seconds: float
    notes: list[str] = []


class SessionStatus(BaseModel):
    """``progress`` 0 to 100; ``error`` is a sentence once the status is failed; ``seconds_left`` is a guess."""

    session_id: str
    status: State
    progress: float
    stage: str
    queue_position: int
    seconds_left: float | None
    error: str | None
    vip: bool
    avatar: str


def accepted(studio: Studio, owner: str, job_id: str, notes: Sequence[str] = ()) -> Accepted:
    """What a client hears of a job that was just queued."""
    view = studio.jobs.view(owner, job_id)
    return Accepted(
        session_id=job_id,
        status=view.state,
        queue_position=view.position,
        expected_seconds=round(studio.jobs.expected(owner, job_id), 1),
        notes=list(notes),
    )


def view_of(studio: Studio, owner: str, session_id: str) -> JobView:
    """A job of the owner's; 404 if there is none of that id."""
    return known(studio.jobs.view, owner, session_id)


def status_of(view: JobView) -> SessionStatus:
    """How a job stands."""
    return SessionStatus(
        session_id=view.id,
        status=view.state,
        progress=round(100 * view.fraction, 1),
        stage=view.stage,
        queue_position=view.position,
        seconds_left=None if view.seconds_left is None else round(view.seconds_left, 1),
        error=(view.message or "The render failed.") if view.state == "failed" else None,
        vip=view.vip,
        avatar=view.avatar,
    )


def download_of(view: JobView) -> FileResponse:
    """The clip; 409 while there is none yet, 410 once there is none any more."""
    path = _video_of(view)
    return FileResponse(path, media_type=KINDS[path.suffix], filename=f"{view.id}{path.suffix}")


def credentials_of(view: JobView) -> FileResponse:
    """The .c2pa file that lies beside a clip; 404 where there is none."""
    path = _video_of(view).with_suffix(".c2pa")
    if not path.is_file():
        raise Refused(404, "This clip has no credentials beside it.", "An .mp4 carries them inside.")
    return FileResponse(path, media_type=C2PA, filename=f"{view.id}.c2pa")


def _video_of(view: JobView) -> Path:
    if view.state == "completed" and view.clip is not None:
        return view.clip.path
    if view.state == "completed":
        raise Refused(410, "The clip was deleted.", "Render it again.")
    if view.state in ("failed", "cancelled"):
        raise Refused(409, f"There is no clip: the render {view.state}.", view.message or "Render it again.")
    raise Refused(409, f"The clip is not finished: it is {view.state}.")
