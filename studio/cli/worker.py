"""launch.py worker: a machine that renders what a studio elsewhere was asked for."""

from __future__ import annotations

import signal
import threading

import click

from engines.errors import StudioError
from engines.progress import Watch
from engines.weights import ensure_setup
from studio.services import Studio
from studio.settings import load_settings

NO_DATABASE = (
    "A worker takes jobs from a database that machines share; set STUDIO_DATABASE_URL to the studio's, "
    "postgresql://user:password@host/database."
)

READY = "Waiting for jobs (stop with Ctrl-C; another worker then goes on with what is being rendered)."


@click.command("worker", help="Render jobs from a queue that several machines share, until stopped.")
@click.pass_context
def command(context: click.Context) -> None:
    """See the help text of the command."""
    settings = load_settings(**(context.find_root().obj or {}))
    if not settings.database_url:
        raise StudioError(NO_DATABASE)
    studio = Studio(settings)
    try:
        studio.engines.bring_back_setup(click.echo)
        ensure_setup(Watch())
        studio.jobs.start(only_work=True)
        studio.sweep()
        studio.engines.start_recovery(click.echo)
        print(READY, flush=True)
        _until_stopped()
    finally:
        studio.close()


def _until_stopped() -> None:
    """Wait for Ctrl-C or for the signal that services are stopped with."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
