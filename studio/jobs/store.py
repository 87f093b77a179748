"""The job table: what people see of jobs. Which workflow steps are done is DBOS's to know."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import sqlalchemy as sa

from studio.jobs.database import JOBS, TURNS, WORKERS, now
from studio.jobs.views import FINAL, State

Enqueue = Callable[[sa.Connection, "JobRow"], None]
"""Puts a job into the durable queue within the same transaction."""
MAX_KEPT = 1000
"""Ended jobs that are remembered; beyond this the oldest are forgotten."""

KEEP_FAILED = 7 * 24 * 3600.0
"""Seconds for which a failed job's files are kept, so that it can be tried again."""


@dataclass(frozen=True)
class JobRow:
    """One job as it is written down.

    ``turn`` orders the queue; ``attempt`` counts retries; ``starts`` counts how often it was begun without
    finishing a segment; ``worker`` is who runs it or ran it last; ``collected``: its clip is in the library.
    """

    id: str
    owner: str
    avatar: str
    request: dict[str, Any]
    lane: str
    vip: bool = False
    turn: int = 0
    attempt: int = 1
    starts: int = 0
    state: State = "queued"
    stage: str = "queued"
    fraction: float = 0.0
    seconds_left: float | None = None
    message: str = ""
    cancel: bool = False
    collected: bool = False
    worker: str = ""
    created: float = 0.0


_COLUMNS = [JOBS.c[entry.name] for entry in fields(JobRow)]
_C = JOBS.c


class JobStore:
    """Reads and writes jobs. Every change is one transaction that says from which states it may start."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(self, row: JobRow, enqueue: Enqueue) -> None:
        """Write down a new job and queue it, both or neither."""
        with self._engine.begin() as connection:
            placed = self._placed(connection, row, created=time.time())
            connection.execute(JOBS.insert().values(vars(placed)))
            enqueue(connection, placed)

    def again(self, job_id: str, states: Sequence[State], enqueue: Enqueue, keep_turn: bool = False) -> bool:
        """Queue a job anew if it is in one of ``states``, at the end or where it was; False if it is not."""
        with self._engine.begin() as connection:
            row = self._locked(connection, job_id)
            if row is None or row.state not in states:
                return False
            fresh = self._placed(connection, row, turn=row.turn if keep_turn else None, attempt=row.attempt + 1)
            connection.execute(JOBS.update().where(_C.id == job_id).values(vars(fresh)))
            enqueue(connection, fresh)
            return True

    def get(self, job_id: str) -> JobRow | None:
        """A job by id."""
        found = self._rows(_C.id == job_id)
        return found[0] if found else None

    def of(self, owner: str, limit: int) -> list[JobRow]:
        """The newest jobs of an owner, newest first."""
        query = sa.select(*_COLUMNS).where(_C.owner == owner).order_by(_C.created.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [_row(entry) for entry in connection.execute(query)]

    def queue(self, lane: str) -> list[str]:
        """The ids that wait in a lane, next first."""
        query = sa.select(_C.id).where(_C.state == "queued", _C.lane == lane)
        with self._engine.connect() as connection:
            return list(connection.scalars(query.order_by(_C.vip.desc(), _C.turn)))

    def counts(self) -> dict[str, int]:
        """How many jobs wait and run, of all owners."""
        query = sa.select(_C.state, sa.func.count()).where(_C.state.in_(["queued", "running"]))
        with self._engine.connect() as connection:
            found = {entry[0]: entry[1] for entry in connection.execute(query.group_by(_C.state))}
        return {state: found.get(state, 0) for state in ("queued", "running")}

    def unfinished(self) -> set[str]:
        """The ids of jobs whose files are still needed: not over yet, or failed and perhaps tried again."""
        with self._engine.connect() as connection:
            return set(
                connection.scalars(sa.select(_C.id).where(_C.state.in_(["queued", "running", "failed"])))
            )

    def begin(self, job_id: str, attempt: int, worker: str) -> JobRow | None:
        """Take a job that waits or whose worker died; None if it is over or was queued anew."""
        return self._change(
            (_C.id == job_id, _C.attempt == attempt, _C.state.in_(["queued", "running"])),
            state="running", worker=worker, starts=_C.starts + 1, seconds_left=None,
        )  # fmt: skip

    def report(self, row: JobRow, stage: str, fraction: float, left: float | None) -> None:
        """Write down how far a running job is."""
        self._change(self._mine(row), stage=stage, fraction=fraction, seconds_left=left)

    def moved(self, row: JobRow) -> None:
        """A segment is done: the job gets on."""
        self._change(self._mine(row), starts=0)

    def end(self, row: JobRow, state: State, message: str = "", collected: bool = False) -> bool:
        """Say how a running job ended; False if it is not this worker's any more."""
        fraction = 1.0 if state == "completed" else _C.fraction
        ended = self._change(
            self._mine(row), state=state, message=message, collected=collected, fraction=fraction,
            stage="done" if state == "completed" else _C.stage, seconds_left=None,
        )  # fmt: skip
        return ended is not None

    def cancel(self, job_id: str) -> State | None:
        """Cancel a job that waits, or ask the worker of one that runs to stop; returns the state before."""
        if self._change((_C.id == job_id, _C.state == "queued"), state="cancelled"):
            return "queued"
        return "running" if self._change((_C.id == job_id, _C.state == "running"), cancel=True) else None

    def orders(self, worker: str) -> dict[str, bool]:
        """The jobs that ``worker`` is to run, and whether each is to be cancelled."""
        query = sa.select(_C.id, _C.cancel).where(_C.state == "running", _C.worker == worker)
        with self._engine.connect() as connection:
            return {entry.id: entry.cancel for entry in connection.execute(query)}

    def collect(self, job_id: str) -> None:
        """Note that the clip is in the library."""
        self._change((_C.id == job_id,), collected=True)

    def release(self, alive: Iterable[str]) -> None:
        """Back into the queue with what is run by nobody that is alive."""
        orphaned = (_C.state == "running", _C.worker.not_in(list(alive)))
        with self._engine.begin() as connection:
            connection.execute(JOBS.update().where(*orphaned).values(state="queued"))

    def beat(self, worker: str) -> None:
        """Say that ``worker`` is alive."""
        with self._engine.begin() as connection:
            time_now = now(connection)
            beat = WORKERS.update().where(WORKERS.c.id == worker).values(seen=time_now)
            if connection.execute(beat).rowcount == 0:
                connection.execute(WORKERS.insert().values(id=worker, seen=time_now))

    def alive(self, patience: float) -> set[str]:
        """The workers that were seen within ``patience`` seconds; the others are forgotten."""
        with self._engine.begin() as connection:
            connection.execute(WORKERS.delete().where(WORKERS.c.seen < now(connection) - patience))
            return set(connection.scalars(sa.select(WORKERS.c.id)))

    def leave(self, worker: str) -> None:
        """``worker`` stops: its jobs go back into the queue."""
        with self._engine.begin() as connection:
            connection.execute(WORKERS.delete().where(WORKERS.c.id == worker))
            mine = (_C.state == "running", _C.worker == worker)
            connection.execute(JOBS.update().where(*mine).values(state="queued"))

    def forget_old(self) -> list[str]:
        """Drop the oldest ended jobs beyond MAX_KEPT; returns their ids."""
        ended = sa.select(_C.id).where(_C.state.in_(FINAL)).order_by(_C.created.desc()).offset(MAX_KEPT)
        with self._engine.begin() as connection:
            old = list(connection.scalars(ended.limit(MAX_KEPT)))
            connection.execute(JOBS.delete().where(_C.id.in_(old)))
        return old

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _placed(
        self, connection: sa.Connection, row: JobRow, turn: int | None = None, **changes: Any
    ) -> JobRow:
        """``row`` as a job that waits, at the end of the queue unless ``turn`` says where."""
        if turn is None:
            key = connection.execute(TURNS.insert()).inserted_primary_key
            turn = int(cast("Any", key)[0])
            connection.execute(TURNS.delete().where(TURNS.c.id < turn))
        clean: dict[str, Any] = {
            "state": "queued",
            "stage": "queued",
            "fraction": 0.0,
            "message": "",
            "starts": 0,
        }
        clean |= {"cancel": False, "collected": False, "seconds_left": None, "turn": turn}
        return JobRow(**{**vars(row), **clean, **changes})

    def _locked(self, connection: sa.Connection, job_id: str) -> JobRow | None:
        found = connection.execute(sa.select(*_COLUMNS).where(_C.id == job_id).with_for_update()).first()
        return _row(found) if found else None

    def _mine(self, row: JobRow) -> tuple[Any, ...]:
        """The job, while it is still run by the worker and in the attempt of ``row``."""
        same = (_C.id == row.id, _C.attempt == row.attempt, _C.worker == row.worker)
        return (*same, _C.state == "running")

    def _change(self, where: tuple[Any, ...], **values: Any) -> JobRow | None:
        with self._engine.begin() as connection:
            changed = connection.execute(
                JOBS.update().where(*where).values(**values).returning(*_COLUMNS)
            ).first()
        return _row(changed) if changed else None

    def _rows(self, *where: Any) -> list[JobRow]:
        with self._engine.connect() as connection:
            return [_row(entry) for entry in connection.execute(sa.select(*_COLUMNS).where(*where))]


def _row(entry: Any) -> JobRow:
    return JobRow(**entry._mapping)
