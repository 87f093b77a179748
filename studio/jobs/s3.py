"""Files in an S3 bucket. Endpoint, region and credentials come from the usual AWS variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from engines.errors import StudioError
from engines.files import whole_file

MISSING = ("404", "NoSuchKey", "NotFound")
DELETED_AT_ONCE = 1000
"""The most keys that S3 deletes in one request."""
ASIDE = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 3},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
"""For work that nobody waits for, with any kind of S3: not all know the checksums that AWS has added."""


class NoSuchFileError(StudioError):
    """The bucket does not have it, or there is no such bucket."""


@dataclass(frozen=True)
class S3Entry:
    """A file in the bucket: its key below the prefix, bytes, and when it was put there (ISO, UTC)."""

    key: str
    size: int
    changed: str


@dataclass(frozen=True)
class S3Body:
    """A file as it is being read: bytes, what was noted when it was put, and its pieces."""

    size: int
    notes: Mapping[str, str]
    pieces: Iterator[bytes]


class S3Storage:
    """``address``: s3://bucket/prefix, given by ``setting``. Raises StudioError where that cannot be used.

    ``aside``: for work that nobody waits for. It gives up sooner, and takes no threads of boto3's, which would
    keep a program from ending.
    """

    def __init__(self, address: str, setting: str = "STUDIO_STORAGE", aside: bool = False) -> None:
        self._bucket, _, prefix = address.removeprefix("s3://").partition("/")
        self._prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self._setting = setting
        self._transfer = TransferConfig(use_threads=not aside)
        with self._told():
            self._client: Any = boto3.client("s3", config=ASIDE if aside else None)
            self._client.head_bucket(Bucket=self._bucket)

    def put(self, source: Path, key: str, notes: Mapping[str, str] | None = None) -> None:
        """See ``Storage``. ``notes`` are kept with the file and come back when it is read."""
        extra = {"Metadata": dict(notes)} if notes else None
        with self._told():
            self._client.upload_file(
                str(source), self._bucket, self._prefix + key, ExtraArgs=extra, Config=self._transfer
            )

    def get(self, key: str, target: Path) -> None:
        """See ``Storage``."""
        with whole_file(target) as part, self._told():
            self._client.download_file(self._bucket, self._prefix + key, str(part))

    @contextmanager
    def reading(self, key: str) -> Iterator[S3Body]:
        """The file at ``key``, to be read piece by piece: nobody need know beforehand how long it is."""
        with self._told():
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            with closing(answer["Body"]) as body:
                yield S3Body(answer["ContentLength"], answer["Metadata"], body.iter_chunks(1 << 20))

    def keys(self, prefix: str) -> list[str]:
        """See ``Storage``."""
        return [entry.key for entry in self.entries(prefix)]

    def entries(self, prefix: str) -> list[S3Entry]:
        """Every file below ``prefix``, by key."""
        with self._told():
            return sorted(self._found(prefix), key=lambda entry: entry.key)

    def drop(self, prefix: str) -> None:
        """See ``Storage``."""
        full = [{"Key": self._prefix + key} for key in self.keys(prefix)]
        with self._told():
            for start in range(0, len(full), DELETED_AT_ONCE):
                some = {"Objects": full[start : start + DELETED_AT_ONCE], "Quiet": True}
                self._client.delete_objects(Bucket=self._bucket, Delete=some)

    def remove(self, key: str) -> None:
        """Delete one file, which every kind of S3 knows how to; one that is not there is no error."""
        with self._told():
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def _found(self, prefix: str) -> Iterator[S3Entry]:
        folder = f"{self._prefix}{prefix}/"
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=folder):
            for entry in page.get("Contents", ()):
                key = entry["Key"].removeprefix(self._prefix)
                yield S3Entry(key, entry["Size"], entry["LastModified"].isoformat(timespec="seconds"))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong with S3, as a sentence."""
        try:
            yield
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in MISSING:
                raise NoSuchFileError(
                    f"A file or the bucket is not in the S3 storage; check {self._setting}."
                ) from None
            raise StudioError(
                f"The S3 storage refused: {error}; check {self._setting} and the AWS variables."
            ) from None
        except (BotoCoreError, boto3.exceptions.Boto3Error) as error:
            raise StudioError(
                f"The S3 storage cannot be used: {str(error).strip('.')}; check {self._setting} and the AWS "
                "variables."
            ) from None
