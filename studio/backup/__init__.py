"""Copies of avatars and clips in an S3 bucket, and the way back.

avatars/<owner>/<id>.tar             the avatar's folder
generated-videos/<owner>/<id>.mp4    the video alone, to be played from where it lies (.webm where transparent)
generated-videos/<owner>/<id>.tar    what the library needs besides: manifest, recording, pictures, credentials

An owner is the library's folder name, a hash of a browser's secret at most: no key opens anything.
"""

from __future__ import annotations

from studio.backup.keeper import Backup
from studio.settings import Settings

__all__ = ["Backup", "open_backup"]


def open_backup(settings: Settings) -> Backup:
    """The copies of the data folder of ``settings``; nothing is asked of the bucket yet."""
    return Backup(settings.data, settings.backup, settings.backup_bytes)
