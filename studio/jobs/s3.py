"""Files of jobs in an S3 bucket. Endpoint, region and credentials come from the usual AWS variables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from engines.errors import StudioError
from engines.files import whole_file

MISSING = ("404", "NoSuchKey", "NotFound")
DELETED_AT_ONCE = 1000
"""The most keys that S3 deletes in one request."""


class S3Storage:
    """``address``: s3://bucket/prefix. Raises StudioError where the bucket cannot be reached or used."""

    def __init__(self, address: str) -> None:
        self._bucket, _, prefix = address.removeprefix("s3://").partition("/")
        self._prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        with _told():
            self._client: Any = boto3.client("s3")
            self._client.head_bucket(Bucket=self._bucket)

    def put(self, source: Path, key: str) -> None:
        """See ``Storage``."""
        with _told():
            self._client.upload_file(str(source), self._bucket, self._prefix + key)

    def get(self, key: str, target: Path) -> None:
        """See ``Storage``."""
        with whole_file(target) as part, _told():
            self._client.download_file(self._bucket, self._prefix + key, str(part))

    def keys(self, prefix: str) -> list[str]:
        """See ``Storage``."""
        with _told():
            return sorted(key.removeprefix(self._prefix) for key in self._full_keys(prefix))

    def drop(self, prefix: str) -> None:
        """See ``Storage``."""
        with _told():
            keys = [{"Key": key} for key in self._full_keys(prefix)]
            for start in range(0, len(keys), DELETED_AT_ONCE):
                some = {"Objects": keys[start : start + DELETED_AT_ONCE], "Quiet": True}
                self._client.delete_objects(Bucket=self._bucket, Delete=some)

    def _full_keys(self, prefix: str) -> Iterator[str]:
        folder = f"{self._prefix}{prefix}/"
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=folder):
            yield from (entry["Key"] for entry in page.get("Contents", ()))


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong with S3, as a sentence."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in MISSING:
            raise StudioError("A file or the bucket is not in the S3 storage; check STUDIO_STORAGE.") from None
        raise StudioError(
            f"The S3 storage refused: {error}; check STUDIO_STORAGE and the AWS variables."
        ) from None
    except (BotoCoreError, boto3.exceptions.Boto3Error) as error:
        raise StudioError(f"The S3 storage cannot be used: {error}.") from None
