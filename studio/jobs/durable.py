"""The durable side of jobs: DBOS keeps the queue, and which steps of a workflow are done.

Everything that knows of DBOS is here. Its values are JSON, never pickles; nothing of it listens or calls out.
DBOS runs once per process: a second studio in the same process waits until the first is closed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions

from studio.jobs.store import JobRow

NAME = "visema-studio"
WORKFLOW = "render"
VERSION = "1"
"""Of the order of steps: workflows of another version are left to workers of that version."""
POLL = 0.2
"""Seconds between looks into the queue."""
TURNS = 1 << 30
LOCAL = "local"
"""The worker of a database that only one process works at."""
_ONE_PER_PROCESS = threading.Lock()

Result = TypeVar("Result")
Step = Callable[..., Any]
"""step(name, function, *arguments): the function's result, from an earlier run if it got that far."""


class Durable:
    """The queue of one database; ``launch`` makes this process work at it."""

    def __init__(self, engine: sa.Engine, url: str, worker: str, lanes: Sequence[str]) -> None:
        self._engine, self._url, self._worker, self._lanes = engine, url, worker, lanes
        _quiet()
        DBOS.migrate(url)
        self._client = DBOSClient(
            system_database_engine=engine, serializer=DBOSPortableJSONSerializer(), application_name=NAME
        )
        for lane in lanes:
            self._client.register_queue(lane, worker_concurrency=1, polling_interval_sec=POLL)

    def enqueue(self, connection: sa.Connection, row: JobRow) -> None:
        """Queue a job as part of the transaction of ``connection``."""
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": row.lane,
            "workflow_id": workflow_id(row.id, row.attempt),
            "app_version": VERSION,
            "priority": 1 + (0 if row.vip else TURNS) + row.turn % (TURNS - 1),
        }
        self._client.enqueue_in_transaction(connection, options, row.id, row.attempt)

    def drop(self, job_id: str, attempt: int) -> None:
        """Take a job that waits out of the queue."""
        self._client.cancel_workflow(workflow_id(job_id, attempt))

    def forget(self, job_ids: Sequence[str]) -> None:
        """Drop the records of jobs that nobody remembers."""
        for job_id in job_ids:
            old = self._client.list_workflows(
                workflow_id_prefix=f"{job_id}.", load_input=False, load_output=False
            )
            self._client.delete_workflows([entry.workflow_id for entry in old])

    def launch(self, run: Callable[[str, int, Step], None]) -> bool:
        """Work at the queue: ``run(job_id, attempt, step)`` for one job after the other in each lane.

        False if another studio of this process does so already.
        """
        if not _ONE_PER_PROCESS.acquire(blocking=False):
            return False
        DBOS(
            config={
                "name": NAME,
                "system_database_url": self._url,
                "system_database_engine": self._engine,
                "serializer": DBOSPortableJSONSerializer(),
                "application_version": VERSION,
                "executor_id": self._worker,
                "enable_otlp": False,
                "log_level": "ERROR",
            }
        )

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        def render(job_id: str, attempt: int) -> None:
            run(job_id, attempt, _step)

        DBOS.listen_queues(self._lanes)
        DBOS.launch()
        return True

    def recover(self, alive: set[str]) -> bool:
        """Queue the jobs of workers that are not alive again; True if there were any."""
        pending = self._client.list_workflows(status="PENDING", load_input=False, load_output=False)
        dead = {entry.executor_id for entry in pending if entry.executor_id} - alive
        if dead:
            DBOS._recover_pending_workflows(sorted(dead))
        return bool(dead)

    def stop(self) -> None:
        """Stop working; what was running is neither done nor failed and goes on at the next launch."""
        DBOS.destroy(destroy_registry=True)
        _ONE_PER_PROCESS.release()

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()


def workflow_id(job_id: str, attempt: int) -> str:
    """A job's workflow: a new one for each attempt."""
    return f"{job_id}.{attempt}"


def _step(name: str, function: Callable[..., Result], *arguments: Any) -> Result:
    result: Result = DBOS.run_step({"name": name}, function, *arguments)
    return result


def _quiet() -> None:
    """DBOS prints to stderr unless its logger has a handler; errors still reach the program's own."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.ERROR)
