"""What kind of sound or video a file holds, told by its first bytes."""

from __future__ import annotations

from pathlib import Path

HEAD = 64 * 1024
ID3_HEADER = 10

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (0, b"\x1a\x45\xdf\xa3", "matroska,webm"),
    (0, b"caff", "caf"),
    (8, b"WAVE", "wav"),
    (8, b"AVI ", "avi"),
    (8, b"AIFF", "aiff"),
    (8, b"AIFC", "aiff"),
    *((4, atom, "mov,mp4,m4a,3gp,3g2,mj2") for atom in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")),
)
_RIFF = (b"RIFF", b"RF64", b"BW64", b"FORM")


def sound_container(path: Path) -> str | None:
    """FFmpeg's demuxer for the file at ``path``, None if it is of no allowed kind. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        tag = _id3_size(head)
        if tag:
            file.seek(tag)
            head = file.read(HEAD)
    return _by_magic(head) or _by_sync(head.lstrip(b"\0"), tagged=tag > 0)


def _id3_size(head: bytes) -> int:
    """Bytes of an ID3v2 tag at the start, 0 without one (size: 4 times 7 bits, id3.org/id3v2.4.0)."""
    if head[:3] != b"ID3" or len(head) < ID3_HEADER:
        return 0
    size = 0
    for byte in head[6:ID3_HEADER]:
        size = size << 7 | byte & 0x7F
    return ID3_HEADER + size


def _by_magic(head: bytes) -> str | None:
    for offset, magic, container in _MAGIC:
        if head[offset : offset + len(magic)] == magic and (offset != 8 or head[:4] in _RIFF):
            return container
    return None


def _by_sync(head: bytes, tagged: bool) -> str | None:
    """MPEG audio begins with 11 set bits and the layer, of which ADTS (AAC) has none (ISO 11172-3, 13818-7)."""
    if len(head) >= 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "aac" if head[1] & 0xF6 == 0xF0 else "mp3"
    return "mp3" if tagged else None


def sidecar(video: Path) -> Path:
    """Where the arrays of an avatar's film lie: its faces, frame by frame."""
    return video.with_suffix(".npz")


_PICTURE_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
_VIDEO_CONTAINERS = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "ogg")


def is_video(path: Path) -> bool:
    """Whether the file at ``path`` is of a kind that can hold a video. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(12)
    still = head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS
    return not still and sound_container(path) in _VIDEO_CONTAINERS
