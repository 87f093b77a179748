"""Where jobs are written down: a SQLite file of one machine, or a PostgreSQL that several machines share."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from engines.errors import StudioError

_LOCK = 0x5669736D
"""Which advisory lock of PostgreSQL guards the making of tables."""
_META = sa.MetaData()

JOBS = sa.Table(
    "studio_jobs",
    _META,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False, index=True),
    sa.Column("avatar", sa.Text, nullable=False),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("lane", sa.Text, nullable=False),
    sa.Column("vip", sa.Boolean, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("starts", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("fraction", sa.Float, nullable=False),
    sa.Column("seconds_left", sa.Float),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("cancel", sa.Boolean, nullable=False),
    sa.Column("collected", sa.Boolean, nullable=False),
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)
TURNS = sa.Table(
    "studio_turns", _META, sa.Column("id", sa.Integer, primary_key=True), sqlite_autoincrement=True
)
WORKERS = sa.Table(
    "studio_workers",
    _META,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("seen", sa.Float, nullable=False),
)


def database_url(setting: str, data: Path) -> str:
    """The address of the database: the setting's PostgreSQL, or a file in the data folder.

    Raises StudioError for an address of anything else.
    """
    if not setting:
        return f"sqlite:///{(data / 'jobs.db').as_posix()}"
    scheme, separator, rest = setting.partition("://")
    if not separator or scheme.partition("+")[0] not in ("postgres", "postgresql"):
        raise StudioError(
            "STUDIO_DATABASE_URL is not right; write it as postgresql://user:password@host/database."
        )
    return f"postgresql+psycopg://{rest}"


def open_database(url: str) -> sa.Engine:
    """Connect and make the studio's tables. Raises StudioError if the database cannot be reached."""
    engine = _sqlite(url) if url.startswith("sqlite") else _postgres(url)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            _META.create_all(connection)
    except SQLAlchemyError as error:
        engine.dispose()
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise StudioError(f"The job database cannot be used ({reason}); {_remedy(engine)}.") from None
    return engine


def now(connection: sa.Connection) -> Any:
    """Seconds since 1970 by the clock that all workers share."""
    if connection.dialect.name == "postgresql":
        return sa.func.extract("epoch", sa.func.clock_timestamp())
    return time.time()


def _remedy(engine: sa.Engine) -> str:
    if engine.dialect.name == "postgresql":
        return "check STUDIO_DATABASE_URL"
    return f"move {Path(str(engine.url.database)).name} out of the data folder and start again"


def _postgres(url: str) -> sa.Engine:
    return sa.create_engine(url, pool_size=8, max_overflow=8, pool_pre_ping=True)


def _sqlite(url: str) -> sa.Engine:
    engine = sa.create_engine(url, pool_size=8, max_overflow=24)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"  # writers wait for each other instead of failing half-way
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine
