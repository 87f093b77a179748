"""Several machines work at one queue: real PostgreSQL, real worker processes, a real S3 server."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import pytest

from engines.errors import StudioError
from engines.types import AvatarRef, Output, RenderRequest, Words
from studio.jobs.storage import open_storage
from studio.services import Studio
from studio.settings import load_settings
from tests.studio.conftest import BUCKET, free_port

psycopg = pytest.importorskip("psycopg")
ROOT = Path(__file__).resolve().parents[2]
ADA = "a" * 32
PATIENCE = "5"


def wait_until(ready, seconds=90.0):
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "It took too long."
        time.sleep(0.05)


def postgres_program(name):
    """A program of PostgreSQL; Debian keeps them out of the way."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (str(places[-1]) if places else None)
    return found or pytest.skip("no PostgreSQL on this machine: apt-get install postgresql")


@pytest.fixture(scope="module")
def database():
    """The address of a PostgreSQL of our own. It refuses to run as root, so then it runs as its own user."""
    folder = Path(tempfile.mkdtemp(prefix="studio-postgres-"))
    user = {}
    if os.name == "posix" and os.geteuid() == 0:
        try:
            shutil.chown(folder, "postgres", "postgres")
        except LookupError:
            pytest.skip("PostgreSQL does not run as root, and there is no user 'postgres'")
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    make = [postgres_program("initdb"), "-D", "db", "-A", "trust", "-U", "studio", "-E", "UTF8", "--no-sync"]
    subprocess.run(make, check=True, **quiet, **user)
    port = free_port()
    listen = ["-h", "127.0.0.1", "-p", str(port), "-k", str(folder), "-c", "fsync=off"]
    server = subprocess.Popen([postgres_program("postgres"), "-D", "db", *listen], **quiet, **user)
    address = f"postgresql://studio@127.0.0.1:{port}/postgres"
    wait_until(lambda: connects(address))
    yield address
    server.send_signal(signal.SIGINT)
    server.wait()
    shutil.rmtree(folder)


def connects(address):
    try:
        psycopg.connect(address, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture
def team(tmp_path, database):
    """Starts studios and workers at one queue and stops them in the end."""
    team = Team(tmp_path, database)
    yield team
    team.stop()


class Team:
    def __init__(self, folder, database):
        self.folder, self.database = folder, database
        self.storage = str(folder / "shared")
        self.workers, self.studios = [], []

    def studio(self):
        settings = {"database_url": self.database, "storage": self.storage, "render_here": False}
        self.studios.append(Studio(load_settings(data=self.folder / "studio", **settings)))
        return self.studios[-1]

    def hire(self, count):
        """Workers, ready to work."""
        variables = {
            "STUDIO_DATABASE_URL": self.database,
            "STUDIO_STORAGE": self.storage,
            "STUDIO_WORKER_PATIENCE": PATIENCE,
        }
        for _ in range(count):
            data = self.folder / f"worker{len(self.workers)}"
            command = [sys.executable, "launch.py", "--data", str(data), "worker"]
            process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True
            )
            self.workers.append(process)
        for worker in self.workers[-count:]:
            assert worker.stdout.readline().startswith("Waiting for jobs")

    def stop(self):
        for studio in self.studios:
            studio.close()
        for worker in self.workers:
            worker.kill()
            worker.wait()
            worker.stdout.close()


def request(photo_file, text):
    return RenderRequest(AvatarRef(str(photo_file)), Words(text), output=Output(25.0, 256))


def whole(view):
    """Whether the clip is here and has every frame."""
    with av.open(str(view.clip.path)) as clip:
        return sum(1 for _ in clip.decode(video=0)) == view.clip.manifest["frames"]


def states(studio):
    return [view.state for view in studio.jobs.list(ADA)]


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is of other systems")
def test_when_a_worker_dies_another_finishes_its_job(team, photo_file, tmp_path):
    studio = team.studio()
    team.hire(2)
    photo = tmp_path / "photo.png"
    shutil.copyfile(photo_file, photo)
    words = "This is number {}, and it is long enough to be broken off in the middle of it. "
    jobs = [studio.jobs.submit(ADA, request(photo, words.format(index) * 3), "x") for index in range(3)]
    photo.unlink()
    shared = Path(team.storage) / "jobs"
    wait_until(lambda: any(studio.jobs.view(ADA, job).state == "running" for job in jobs))
    wait_until(lambda: list(shared.glob("*/segments-*/00001.npz")))
    team.workers[0].kill()
    wait_until(lambda: not {"queued", "running"} & set(states(studio)))
    assert [view.message for view in studio.jobs.list(ADA)] == [""] * 3
    assert all(whole(studio.jobs.view(ADA, job)) for job in jobs)
    assert {clip.id for clip in studio.library.clips(ADA)} == set(jobs)
    assert not list(shared.glob("*/*")), "what was shared is gone once the clip is in the library"

    last = studio.jobs.submit(ADA, request(photo_file, words.format(4) * 6), "x")
    wait_until(lambda: studio.jobs.view(ADA, last).stage == "render")
    asked = time.monotonic()
    studio.jobs.cancel(ADA, last)
    wait_until(lambda: studio.jobs.view(ADA, last).state == "cancelled")
    assert time.monotonic() - asked < 2.0, "also from another machine"


def test_a_worker_that_is_told_to_stop_hands_its_job_on(team, s3, photo_file):
    team.storage = f"s3://{BUCKET}/some/place"
    studio = team.studio()
    team.hire(1)
    job = studio.jobs.submit(ADA, request(photo_file, "From one machine to the next, by way of S3. " * 8), "x")
    wait_until(lambda: studio.jobs.view(ADA, job).stage == "render")
    team.workers[0].terminate()
    assert team.workers[0].wait(30) == 0
    wait_until(lambda: studio.jobs.view(ADA, job).state == "queued")
    team.hire(1)
    wait_until(lambda: studio.jobs.view(ADA, job).state == "completed")
    assert whole(studio.jobs.view(ADA, job))
    assert open_storage(team.storage).keys("jobs") == []


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_storages_keep_list_and_drop(kind, request, tmp_path):
    if kind == "s3":
        request.getfixturevalue("s3")
    storage = open_storage(f"s3://{BUCKET}/test" if kind == "s3" else str(tmp_path / "shared"))
    source = tmp_path / "source.bin"
    for key, content in (
        ("jobs/one/a.bin", b"a"),
        ("jobs/one/deep/b.bin", b"b"),
        ("jobs/one-more/c.bin", b"c"),
    ):
        source.write_bytes(content)
        storage.put(source, key)
    assert storage.keys("jobs/one") == ["jobs/one/a.bin", "jobs/one/deep/b.bin"]
    storage.get("jobs/one/deep/b.bin", tmp_path / "copy.bin")
    assert (tmp_path / "copy.bin").read_bytes() == b"b"
    with pytest.raises(StudioError):
        storage.get("jobs/one/nothing", tmp_path / "none.bin")
    assert not (tmp_path / "none.bin").exists()
    storage.drop("jobs/one")
    assert storage.keys("jobs") == ["jobs/one-more/c.bin"]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "STUDIO_DATABASE_URL"),
        ({"STUDIO_DATABASE_URL": "mysql://somewhere"}, "postgresql://"),
        ({"STUDIO_DATABASE_URL": "postgresql://studio@127.0.0.1:1/x"}, "STUDIO_STORAGE"),
        (
            {"STUDIO_DATABASE_URL": "postgresql://studio@127.0.0.1:1/x", "STUDIO_STORAGE": "shared"},
            "cannot be used",
        ),
    ],
)
def test_a_worker_says_what_it_lacks(variables, said, tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "launch.py"), "--data", str(tmp_path), "worker"],
        cwd=tmp_path,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
