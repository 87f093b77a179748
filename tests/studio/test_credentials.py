"""Every clip says who made it, with what and of whose face; whoever changes it is found out."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import av
import pytest
from click.testing import CliRunner
from clip_checks import frames_of
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engines.errors import StudioError
from engines.types import AvatarRef, Output, RenderRequest, Words
from studio.cli.root import cli
from studio.consent import ConsentRecord
from studio.credentials import COMPOSED, GENERATED, Credentials, Statement, source_type
from studio.credentials_read import read_credentials
from studio.settings import load_settings

c2pa = pytest.importorskip("c2pa", reason="no build of the C2PA library for this system")

ADA = "a" * 32
ROOT = Path(__file__).resolve().parents[2]
MINE = ConsentRecord("mine", "2026-05-04T10:00:00+00:00", "on the page")
STATEMENT = Statement(GENERATED, "instant", {"espeak": "7"}, MINE, "2026-05-05T10:00:00+00:00")


@pytest.fixture
def credentials(tmp_path):
    return Credentials(load_settings(data=tmp_path / "data"))


@pytest.fixture
def video(tmp_path):
    return write_video(tmp_path / "clip.mp4", "libx264")


def write_video(path, codec):
    """A second of grey that gets lighter."""
    with av.open(str(path), "w") as out:
        track = out.add_stream(codec, rate=25)
        track.width, track.height, track.pix_fmt = 64, 64, "yuv420p"
        for shade in range(25):
            frame = av.VideoFrame(64, 64, "gray8")
            frame.planes[0].update(bytes([shade * 9]) * frame.planes[0].buffer_size)
            out.mux(track.encode(frame.reformat(format="yuv420p")))
        out.mux(track.encode(None))
    return path


def request(photo_file, text="Signed."):
    return RenderRequest(AvatarRef(str(photo_file)), Words(text), output=Output(10.0, 256))


def with_changed_byte(video, at):
    data = bytearray(video.read_bytes())
    data[at] ^= 1
    changed = video.with_name(f"changed{at}.mp4")
    changed.write_bytes(data)
    return changed


def test_a_signed_clip_says_what_it_is_and_still_plays(credentials, video):
    before = [frame.tobytes() for frame in frames_of(video)]
    assert credentials.sign(video, STATEMENT) == ""
    report = read_credentials(video, credentials)
    assert (report.state, report.ours, report.source) == ("valid", True, GENERATED)
    assert (report.engines, report.consent) == ({"espeak": "7"}, MINE)
    assert report.signer.startswith("Visema Studio")
    assert [frame.tobytes() for frame in frames_of(video)] == before


def test_a_changed_byte_of_video_or_credentials_is_found_out(credentials, video):
    credentials.sign(video, STATEMENT)
    data = video.read_bytes()
    for place in (data.index(b"mdat") + 40, data.index(b"trainedAlgorithmic") + 2, data.index(b"espeak") + 1):
        assert read_credentials(with_changed_byte(video, place), credentials).state == "changed"
    longer = video.with_name("longer.mp4")
    longer.write_bytes(data + b"\0\0\0\x0cmdat1234")
    assert read_credentials(longer, credentials).state == "changed"


def test_no_credentials_is_said_and_not_taken_for_changed(credentials, video):
    assert read_credentials(video, credentials).state == "none"
    with pytest.raises(StudioError, match="no file"):
        read_credentials(video.with_name("absent.mp4"), credentials)


def test_another_studio_knows_the_clip_is_whole_but_not_who_signed(credentials, video, tmp_path):
    credentials.sign(video, STATEMENT)
    other = Credentials(load_settings(data=tmp_path / "other"))
    report = read_credentials(video, other)
    assert (report.state, report.ours) == ("valid", False)
    assert "not known to this studio" in "\n".join(report.lines())


def test_a_file_without_a_place_for_credentials_gets_them_beside_it(credentials, tmp_path):
    video = write_video(tmp_path / "clip.webm", "libvpx")
    assert "clip.c2pa" in credentials.sign(video, STATEMENT)
    assert read_credentials(video, credentials).state == "valid"
    video.write_bytes(video.read_bytes()[:-1] + b"x")
    assert read_credentials(video, credentials).state == "changed"
    (tmp_path / "clip.c2pa").unlink()
    assert read_credentials(video, credentials).state == "none"


def test_the_key_is_made_once_and_is_nobody_elses_to_read(credentials, tmp_path):
    first = credentials.key()
    again = Credentials(load_settings(data=tmp_path / "data")).key()
    assert again == first
    folder = tmp_path / "data" / "credentials"
    assert sorted(path.name for path in folder.iterdir()) == ["certificate.pem", "key.pem"]
    if os.name == "posix":
        assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600


def test_a_certificate_of_ones_own_is_used_and_a_wrong_one_explained(credentials, video, tmp_path):
    key = credentials.key()
    chain, own, wrong = tmp_path / "chain.pem", tmp_path / "own.pem", tmp_path / "wrong.pem"
    chain.write_bytes(key.chain)
    own.write_bytes(key.key)
    stranger = ec.generate_private_key(ec.SECP256R1())
    wrong.write_bytes(
        stranger.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    ours = Credentials(load_settings(data=tmp_path / "new", sign_cert=chain, sign_key=own))
    assert ours.sign(video, STATEMENT) == ""
    assert read_credentials(video, credentials).ours
    assert not (tmp_path / "new" / "credentials").exists()
    for given in (
        {"sign_cert": chain},
        {"sign_cert": chain, "sign_key": wrong},
        {"sign_cert": video, "sign_key": own},
    ):
        with pytest.raises(StudioError):
            Credentials(load_settings(data=tmp_path / "new", **given)).prepare()


def test_a_job_delivers_a_signed_clip_and_so_does_the_cache(studio, photo_file):
    avatar = studio.library.add(ADA, photo_file, "Eileen", MINE)
    seen = []
    for _ in range(2):
        job = studio.jobs.submit(ADA, request(avatar.source), avatar.name)
        clip = list(studio.jobs.watch(ADA, job))[-1].clip
        seen.append((clip.manifest["signed"], clip.manifest["avatar_id"], clip.manifest["times"][-1]["cached"]))
        report = read_credentials(clip.path, studio.credentials)
        assert (report.state, report.ours, report.consent) == ("valid", True, MINE)
        assert set(report.engines) == set(clip.manifest["engines"])
    assert seen == [(True, avatar.id, False), (True, avatar.id, True)]
    data = clip.path.read_bytes()
    assert len(json.loads(c2pa.Reader(str(clip.path)).json())["manifests"]) == 1, (
        "signed once, not over and over"
    )
    for private in (str(studio.settings.data), photo_file.name, "Eileen", "Signed."):
        assert private.encode() not in data


def test_the_command_line_signs_and_verifies(photo_file, tmp_path):
    out, data = tmp_path / "out.mp4", tmp_path / "data"

    def run(*words):
        return CliRunner().invoke(cli, ["--data", str(data), *words], standalone_mode=False)

    words = ("--text", "Hi.", "--size", "256", "--fps", "10", "--json", "--consent", "permission")
    assert run("render", "--avatar", str(photo_file), *words, "--out", str(out)).exception is None
    good = run("verify", str(out))
    assert good.return_value == 0
    for said in ("Valid", "this studio", "made by AI", "facemesh", "with permission", "at the command line"):
        assert said in good.output
    place = out.read_bytes().index(b"mdat") + 60
    bad = run("verify", str(with_changed_byte(out, place)), "--json")
    assert (bad.return_value, json.loads(bad.output)["state"]) == (3, "changed")


def test_where_the_library_is_missing_clips_are_delivered_with_a_note(photo_file, tmp_path):
    """In a Python that cannot find it, as on a system without a build of it."""
    script = (
        "import sys, importlib.util as util; found = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'c2pa' else found(name, *rest)\n"
        "from studio.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ["--text", "Hi.", "--size", "256", "--fps", "10", "--out", str(tmp_path / "out.mp4")]
    done = subprocess.run(
        [sys.executable, "-c", script, "--data", str(tmp_path), "render", "--avatar", str(photo_file), *words],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "carries no content credentials" in done.stderr
    assert frames_of(tmp_path / "out.mp4")


def test_footage_is_composed_and_pictures_are_generated(video, photo_file):
    assert source_type(video) == COMPOSED
    assert source_type(photo_file) == GENERATED
