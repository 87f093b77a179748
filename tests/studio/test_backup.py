"""What is made is copied to a real S3 server, comes back byte for byte, and hostile archives do not."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from engines.errors import StudioError
from engines.types import Output, RenderRequest, Words
from studio.cli import main
from studio.services import Studio, avatar_ref
from studio.settings import load_settings
from studio.shelf import list_items
from tests.studio.conftest import BUCKET, free_port

ROOT = Path(__file__).resolve().parents[2]
ADA, BOB = "a" * 32, "local"
LONG = 30.0
pytestmark = pytest.mark.usefixtures("s3")


@pytest.fixture(scope="module")
def made(s3, tmp_path_factory, photo_file):
    """A data folder with two people's avatars and a clip of a recording, all of it copied to s3://.../made."""
    data = tmp_path_factory.mktemp("made")
    studio = open_studio(data, "made")
    ada = studio.library.add(ADA, photo_file, "Ada", "mine")
    studio.library.add(BOB, photo_file, "Bob", "permission")
    request = RenderRequest(avatar_ref(ada), Words("Hello."), output=Output(25.0, 256))
    job = studio.jobs.submit(ADA, request, ada.name)
    assert list(studio.jobs.watch(ADA, job))[-1].state == "completed"
    assert studio.backup.settle(LONG)
    studio.close()
    return data


@pytest.fixture
def bucket(s3, made, request):
    """A copy of what lies in the bucket, under a prefix of the test's own."""
    return Bucket(request.node.name.replace("[", "-").replace("]", ""))


class Bucket:
    def __init__(self, prefix):
        import boto3

        self.client, self.prefix = boto3.client("s3"), prefix
        for key in self._names("made"):
            source = {"Bucket": BUCKET, "Key": f"made/{key}"}
            self.client.copy_object(Bucket=BUCKET, Key=f"{prefix}/{key}", CopySource=source)

    def _names(self, prefix):
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/").get("Contents", [])
        return sorted(entry["Key"].removeprefix(f"{prefix}/") for entry in found)

    def names(self):
        return self._names(self.prefix)

    def read(self, key):
        return self.client.get_object(Bucket=BUCKET, Key=f"{self.prefix}/{key}")["Body"].read()

    def put(self, key, content, **notes):
        self.client.put_object(Bucket=BUCKET, Key=f"{self.prefix}/{key}", Body=content, Metadata=notes)

    def change(self, key, content):
        """Put something else there with a note that fits it, as who may write to the bucket can."""
        self.put(key, content, sha256=hashlib.sha256(content).hexdigest())


def open_studio(data, prefix, **settings):
    return Studio(load_settings(data=data, backup=f"s3://{BUCKET}/{prefix}", **settings))


def run(prefix, data, *words, capsys=None, monkeypatch=None):
    monkeypatch.setenv("STUDIO_BACKUP", f"s3://{BUCKET}/{prefix}" if prefix else "")
    code = main(["--data", str(data), "recover", *words])
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.fixture
def recover(bucket, capsys, monkeypatch):
    """Run ``launch.py recover`` for a data folder: exit code, stdout, stderr."""

    def go(data, *words):
        return run(bucket.prefix, data, *words, capsys=capsys, monkeypatch=monkeypatch)

    return go


def tree(data):
    """Every file of avatars and clips, by its path below the data folder."""
    found = [path for kind in ("avatars", "clips") for path in (data / kind).rglob("*") if path.is_file()]
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in found}


def rows(out):
    return {(row["kind"], row["user"]): row for row in json.loads(out)["items"]}


def avatar_key(bucket, owner):
    (key,) = [key for key in bucket.names() if key.startswith(f"avatars/{owner}/")]
    return key


def test_everything_comes_back_byte_for_byte(bucket, recover, made, tmp_path):
    assert [key.split("/")[0] for key in bucket.names()] == ["avatars"] * 2 + ["generated-videos"] * 2
    code, out, _ = recover(tmp_path, "--list-only")
    assert code == 0
    assert "3 in the backup" in out
    code, out, _ = recover(tmp_path, "--dry-run")
    assert (code, tree(tmp_path)) == (0, {})
    assert out.count("SUCCESS") == 3

    code, out, _ = recover(tmp_path, "--json")
    assert code == 0
    assert tree(tmp_path) == tree(made)
    told = json.loads(out)
    frames = {(row["kind"], row["user"]): row["frames"] for row in told["items"]}
    clip = json.loads(next((made / "clips" / ADA).glob("*/manifest.json")).read_text())
    assert frames == {("avatar", ADA): 1, ("avatar", BOB): 1, ("clip", ADA): clip["frames"]}
    assert told["totals"] == {"success": 3, "skip": 0, "failed": 0, "frames": 2 + clip["frames"]}

    studio = open_studio(tmp_path, bucket.prefix)
    items = list_items(studio.library, ADA)
    assert [item.kind for item in items] == ["avatar", "clip"]
    assert studio.backup.ledger.waiting() == [], "what came back is not copied again"
    studio.close()
    code, out, _ = recover(tmp_path)
    assert (code, out.count("SKIP")) == (0, 3)


def test_a_video_can_be_played_from_where_it_lies(bucket, made):
    (key,) = [key for key in bucket.names() if key.endswith(".mp4")]
    (clip,) = (made / "clips" / ADA).glob("*/clip.mp4")
    assert key == f"generated-videos/{ADA}/{clip.parent.name}.mp4"
    assert bucket.read(key) == clip.read_bytes()


def test_some_of_it_comes_back_somewhere_else(bucket, recover, made, tmp_path):
    bob = avatar_key(bucket, BOB).split("/")[2].removesuffix(".tar")
    code, out, _ = recover(tmp_path / "data", "--avatar-id", bob, "--output-dir", str(tmp_path / "there"))
    assert (code, out.count("SUCCESS")) == (0, 1)
    whole = tree(made)
    assert tree(tmp_path / "there") == {name: whole[name] for name in whole if bob in name}
    assert tree(tmp_path / "data") == {}
    code, out, _ = recover(tmp_path / "data", "--user-id", ADA)
    assert (code, out.count("SUCCESS")) == (0, 2)
    code, _, err = recover(tmp_path / "data", "--avatar-id", "nobody")
    assert code == 1
    assert "no avatar 'nobody'" in err
    code, _, err = recover(tmp_path / "data", "--user-id", "../x")
    assert (code, len(err.splitlines())) == (1, 1)


def tampered(content):
    place = content.rindex(b"IEND")
    return content[: place - 40] + bytes([content[place - 40] ^ 1]) + content[place - 39 :]


def with_file(content, name, kind=tarfile.REGTYPE, data=b"x", target=""):
    """The archive with another member at its end."""
    buffer = io.BytesIO(content)
    with tarfile.open(fileobj=buffer, mode="a") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.size, member.linkname = kind, len(data) if kind == tarfile.REGTYPE else 0, target
        archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def huge(content):
    """An archive whose first file says that it is of a terabyte."""
    member = tarfile.TarInfo("source.png")
    member.size = 1 << 40
    return member.tobuf(tarfile.GNU_FORMAT) + content


HOSTILE = {
    "tampered": (tampered, "SHA-256 differs"),
    "truncated": (lambda content: content[: len(content) // 2], "cut short"),
    "headless": (lambda content: content[:700], "cut short"),
    "no-archive": (lambda _: b"hello" * 500, "header is damaged"),
    "parent": (lambda content: with_file(content, "../../evil.txt"), "'../../evil.txt'"),
    "absolute": (lambda content: with_file(content, "/evil.txt"), "'/evil.txt'"),
    "symlink": (lambda content: with_file(content, "a", tarfile.SYMTYPE, target="/etc"), "no plain file"),
    "hardlink": (lambda content: with_file(content, "a", tarfile.LNKTYPE, target="x"), "no plain file"),
    "device": (lambda content: with_file(content, "a", tarfile.CHRTYPE), "no plain file"),
    "double": (lambda content: with_file(content, "MANIFEST.json"), "twice"),
    "stowaway": (lambda content: with_file(content, "more.txt"), "files that it lists"),
    "huge": (huge, "STUDIO_BACKUP_BYTES"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_is_refused_and_the_others_come_back(kind, bucket, recover, made, tmp_path):
    spoil, said = HOSTILE[kind]
    key = avatar_key(bucket, ADA)
    bucket.change(key, spoil(bucket.read(key)))
    data = tmp_path / "deep" / "data"
    code, out, _ = recover(data, "--json")
    found = rows(out)
    assert code == 1
    assert said in found["avatar", ADA]["reason"]
    assert {key: row["outcome"] for key, row in found.items()} == {
        ("avatar", ADA): "FAILED",
        ("avatar", BOB): "SUCCESS",
        ("clip", ADA): "SUCCESS",
    }
    whole = tree(made)
    assert tree(data) == {name: whole[name] for name in whole if not name.startswith(f"avatars/{ADA}/")}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep"], "nothing was written elsewhere"


def test_damage_on_the_way_and_archives_under_other_names_are_found(bucket, recover, tmp_path):
    """The note no longer fits; another's archive; a clip whose video is another; too large; not whole."""
    ada, bob = avatar_key(bucket, ADA), avatar_key(bucket, BOB)
    content = bucket.read(ada)
    bucket.put(ada, content[:-1] + b"\1", sha256=hashlib.sha256(content).hexdigest())
    bucket.change(bob, content)
    (video,) = [key for key in bucket.names() if key.endswith(".mp4")]
    bucket.change(video, bucket.read(video)[:-1] + b"\1")
    bucket.put(f"generated-videos/{BOB}/half.mp4", b"video")
    code, out, _ = recover(tmp_path)
    lines = out.splitlines()
    assert code == 1
    assert [line.split()[0] for line in lines[:-1]] == ["FAILED"] * 4
    for line, said in zip(lines, ("SHA-256", "something else", "SHA-256", "only the video"), strict=False):
        assert said in line, line
    assert lines[-1] == "0 recovered (0 frames), 0 skipped, 4 failed."
    assert tree(tmp_path) == {}


def test_what_is_larger_than_allowed_is_neither_kept_nor_fetched(
    bucket, recover, tmp_path, monkeypatch, photo_file
):
    monkeypatch.setenv("STUDIO_BACKUP_BYTES", "65536")
    code, out, _ = recover(tmp_path, "--json")
    assert code == 1
    assert all("STUDIO_BACKUP_BYTES" in row["reason"] for row in rows(out).values() if row["kind"] == "avatar")
    before = bucket.names()
    studio = open_studio(tmp_path, bucket.prefix, backup_bytes=65536)
    studio.library.add("c", photo_file, "Large", "mine")
    assert studio.backup.settle(LONG)
    studio.close()
    assert bucket.names() == before


def test_a_missing_avatar_is_fetched_when_it_is_needed(bucket, made, tmp_path):
    studio = open_studio(tmp_path, bucket.prefix)
    listed = [avatar.name for avatar in studio.library.avatars(ADA) if not avatar.sample]
    assert listed == ["Ada"], "the page's list"
    assert studio.library.avatar(ADA, studio.library.avatars(ADA)[0].id).source.is_file()
    bob = avatar_key(bucket, BOB).split("/")[2].removesuffix(".tar")
    with pytest.raises(StudioError, match="no avatar"):
        studio.library.avatar(ADA, bob)
    assert studio.library.avatar(BOB, bob).name == "Bob"
    late = f"avatars/{BOB}/late.tar"
    bucket.change(late, bucket.read(avatar_key(bucket, BOB)))
    with pytest.raises(StudioError, match="something else"):
        studio.library.avatar(BOB, "late")
    studio.close()
    whole = tree(made)
    assert tree(tmp_path) == {name: whole[name] for name in whole if name.startswith("avatars/")}


def test_what_is_deleted_for_good_is_deleted_there_too(bucket, tmp_path, recover):
    studio = open_studio(tmp_path, bucket.prefix)
    recover(tmp_path)
    (ada,) = [avatar for avatar in studio.library.avatars(ADA) if not avatar.sample]
    (clip,) = studio.library.clips(ADA)
    studio.library.remove(ADA, ada.id)
    studio.library.remove_clip(ADA, clip.id)
    assert studio.backup.settle(LONG)
    assert len(bucket.names()) == 4, "as long as it can be brought back, so can its copy"
    with pytest.raises(StudioError, match="no avatar"):
        studio.library.avatar(ADA, ada.id)
    code, out, _ = recover(tmp_path)
    assert (code, out.count("It was deleted; for a day")) == (0, 2)
    for folder in (tmp_path / "trash" / ADA).glob("*/*"):
        os.utime(folder, (time.time() - 90_000,) * 2)
    studio.library.sweep()
    assert studio.backup.settle(LONG)
    assert bucket.names() == [avatar_key(bucket, BOB)]
    studio.close()


def test_changes_follow(bucket, tmp_path, recover):
    recover(tmp_path)
    studio = open_studio(tmp_path, bucket.prefix)
    before = bucket.read(avatar_key(bucket, ADA))
    (ada,) = [avatar for avatar in studio.library.avatars(ADA) if not avatar.sample]
    studio.library.rename(ADA, ada.id, "Countess")
    assert studio.backup.settle(LONG)
    studio.close()
    after = bucket.read(avatar_key(bucket, ADA))
    assert before != after
    assert b"Countess" in after


def test_a_bucket_that_is_away_neither_stops_nor_fails_anybody(bucket, tmp_path, photo_file, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    studio = open_studio(tmp_path, bucket.prefix)
    added = studio.library.add("c", photo_file, "Carl", "mine")
    assert studio.library.avatar("c", added.id).name == "Carl"
    with pytest.raises(StudioError, match="STUDIO_BACKUP"):
        studio.library.avatar("c", "unknown")
    assert studio.backup.settle(LONG)
    studio.close()
    monkeypatch.undo()
    studio = open_studio(tmp_path, bucket.prefix)
    studio.backup.changed()
    assert studio.backup.settle(LONG)
    studio.close()
    assert f"avatars/c/{added.id}.tar" in bucket.names()


def test_an_avatar_of_the_command_line_is_copied_before_the_program_ends(bucket, tmp_path, photo_file):
    command = [sys.executable, "launch.py", "--data", str(tmp_path), "avatar", "add", str(photo_file)]
    setting = {"STUDIO_BACKUP": f"s3://{BUCKET}/{bucket.prefix}"}
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **setting}, capture_output=True, text=True, timeout=90, check=True
    )
    assert f"avatars/local/{done.stdout.strip()}.tar" in bucket.names()


@pytest.mark.parametrize(
    ("setting", "said"),
    [("", "There is no backup"), ("/some/folder", "s3://"), ("s3://nothing-here", "STUDIO_BACKUP")],
)
def test_without_a_backup_one_sentence_says_so(setting, said, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("STUDIO_BACKUP", setting)
    assert main(["--data", str(tmp_path), "recover"]) == 1
    told = capsys.readouterr()
    assert (told.out, len(told.err.splitlines())) == ("", 1)
    assert said in told.err
