"""Every setting, read once: environment variables STUDIO_..., overridden by flags."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engines.errors import StudioError
from engines.tiers import Tier, lifetimes

PROJECT = Path(__file__).resolve().parent.parent
SPACE_DATA = Path("/data")
LOOPBACK = "127.0.0.1"
GIB = 1 << 30
HOUR = 3600.0


class Settings(BaseSettings):
    """What a person or a host can set. Sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="STUDIO_", frozen=True)

    data: Path = Field(default_factory=lambda: default_data())
    host: str = Field(default_factory=lambda: "0.0.0.0" if on_space() else LOOPBACK)  # noqa: S104
    port: int = Field(default=7860, ge=0, le=65535)
    token: str = Field(default="", max_length=200)
    max_seconds: float = Field(default=600.0, gt=0)
    cache_bytes: int = Field(default=4 * GIB, ge=1 << 20)
    cache_seconds: str = Field(default="", max_length=500)
    job_seconds: float = Field(default=4 * HOUR, gt=0)
    stage_seconds: float = Field(default=3 * HOUR, gt=0)
    render_here: bool = True
    database_url: str = Field(default="", repr=False)
    storage: str = ""
    backup: str = Field(default="", max_length=1000)
    backup_bytes: int = Field(default=2 * GIB, ge=1 << 16)
    worker_patience: float = Field(default=15.0, ge=1)
    sign_cert: Path | None = None
    sign_key: Path | None = Field(default=None, repr=False)
    upload_bytes: int = Field(default=200 << 20, ge=1 << 16)
    api_rate: float = Field(default=10.0, ge=0)
    api_burst: int = Field(default=300, ge=10)
    engine_memory: int = Field(default=8 * GIB, ge=1 << 20)

    @field_validator("cache_seconds")
    @classmethod
    def _known_tiers(cls, value: str) -> str:
        lifetimes(value)
        return value

    @field_validator("backup")
    @classmethod
    def _s3_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,62}(/[A-Za-z0-9._/-]*)?", value):
            raise StudioError("STUDIO_BACKUP is no address of a bucket; write it like s3://bucket/prefix.")
        return value

    @property
    def cache_folder(self) -> Path:
        """Where everything lies that can be made again."""
        return self.data / "cache"

    @property
    def cache_lifetimes(self) -> dict[Tier, float | None]:
        """Seconds for which the entries of each tier are kept; None: until room is needed."""
        return lifetimes(self.cache_seconds)


def on_space() -> bool:
    """Whether this runs as a Hugging Face Space."""
    return bool(os.environ.get("SPACE_ID"))


def default_data() -> Path:
    """A Space keeps its data in /data where it has one that is writable; everybody else beside the program."""
    if on_space() and _writable(SPACE_DATA):
        return SPACE_DATA
    return PROJECT / "data"


def load_settings(**overrides: Any) -> Settings:
    """Settings with ``overrides`` that are not None; raises StudioError naming the first wrong one."""
    try:
        settings = Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise StudioError(f"The setting '{name}' is not right: {first['msg']}.") from None
    return settings


def ensure_data_folder(settings: Settings) -> None:
    """Make the data folder; raises StudioError if it cannot be made or written to."""
    if not _writable(settings.data):
        raise StudioError(
            f"The data folder '{settings.data}' cannot be written to; "
            "allow writing there or name another one with --data or STUDIO_DATA."
        )


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
