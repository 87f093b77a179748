"""A video that is made in pieces is the video that is made in one go, also when it was broken off between."""

from dataclasses import replace
from itertools import pairwise

import av
import numpy as np
import pytest

from engines.encode import encode_clip
from engines.errors import Cancelled, StudioError
from engines.ledger import Ledger
from engines.progress import Watch
from engines.segments import (
    SEGMENT_SECONDS,
    SegmentWriter,
    check_segment,
    encode_sound,
    join_segments,
    plan_segments,
)
from engines.staged import Outline, StagedRender
from engines.types import AvatarRef, FrameSpec, FrameStream, Output, RenderRequest, Speech, Words

COUNT, SIZE, FPS = 130, 96, 25.0
SPEC = FrameSpec(SIZE, SIZE, FPS, COUNT)
SPEECH = Speech((0.4 * np.sin(np.arange(round(COUNT / FPS * 22050)) / 8)).astype(np.float32), 22050)


def pictures(first=0):
    """A blurred field that drifts by two pixels a frame: every frame is unlike every other."""
    rng = np.random.default_rng(7)
    field = np.kron(rng.integers(0, 255, (SIZE // 8, SIZE // 8, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    for index in range(first, COUNT):
        yield np.roll(field, 2 * index, axis=1)


def decoded(path):
    with av.open(str(path)) as clip:
        video = clip.streams.video[0]
        frames = list(clip.decode(video))
        times = [float(frame.pts * video.time_base) for frame in frames]
        return times, np.array([frame.to_ndarray(format="rgb24") for frame in frames])


def noise(frames):
    """Mean squared error against the pictures that went in."""
    return float(np.mean((frames.astype(float) - np.array(list(pictures()), float)) ** 2))


def write(folder, cuts, first, last):
    """Segments ``first`` to ``last`` by a writer of their own; their paths."""
    start = cuts[first].start
    writer = SegmentWriter(FrameStream(SPEC, pictures(start)), cuts[first:], Watch())
    paths = [folder / f"{index}.npz" for index in range(first, last)]
    for path, cut in zip(paths, cuts[first:last], strict=True):
        writer.write(cut, path)
    writer.close()
    return paths


@pytest.mark.parametrize("count", [1, 2, 49, 50, 51, 130, 15000])
def test_segments_are_even_and_short(count):
    cuts = plan_segments(FrameSpec(64, 64, 25.0, count))
    assert [frame for cut in cuts for frame in cut] == list(range(count))
    assert all(1 <= len(cut) <= SEGMENT_SECONDS * 25 for cut in cuts)


@pytest.mark.parametrize("broken_off_after", [None, 1, 2])
def test_pieces_make_the_same_video_as_one_go(tmp_path, broken_off_after):
    cuts = plan_segments(SPEC)
    stops = [0, broken_off_after, len(cuts)] if broken_off_after else [0, len(cuts)]
    paths = [path for a, b in pairwise(stops) for path in write(tmp_path, cuts, a, b)]
    joined, whole = tmp_path / "joined.mp4", tmp_path / "whole.mp4"
    join_segments(paths, (SPEC, "usual"), encode_sound(SPEECH, SPEC, Watch()), joined, Watch())
    encode_clip(FrameStream(SPEC, pictures()), SPEECH, whole, Watch())
    times, frames = decoded(joined)
    assert times == decoded(whole)[0] == pytest.approx([index / FPS for index in range(COUNT)])
    assert noise(frames) <= noise(decoded(whole)[1]) * 1.08
    assert joined.stat().st_size <= whole.stat().st_size * 1.15
    with av.open(str(joined)) as one, av.open(str(whole)) as other:
        for kind in ("video", "audio"):
            a, b = getattr(one.streams, kind)[0], getattr(other.streams, kind)[0]
            assert (a.frames, a.duration, a.codec.name) == (b.frames, b.duration, b.codec.name)


def test_a_segment_of_another_video_or_a_torn_one_is_refused(tmp_path):
    cuts = plan_segments(SPEC)
    paths = write(tmp_path, cuts, 0, len(cuts))
    sound = encode_sound(SPEECH, SPEC, Watch())
    with pytest.raises(StudioError, match="do not fit"):
        join_segments(
            paths, (FrameSpec(SIZE * 2, SIZE, FPS, COUNT), "usual"), sound, tmp_path / "clip.mp4", Watch()
        )
    paths[1].write_bytes(paths[1].read_bytes()[:-200])
    assert [check_segment(path) for path in paths] == [True, False, True]
    with pytest.raises(StudioError, match="do not fit"):
        join_segments(paths, (SPEC, "usual"), sound, tmp_path / "clip.mp4", Watch())
    assert not list(tmp_path.glob("*.mp4"))


def test_cancelling_leaves_no_half_segment(tmp_path):
    watch, made = Watch(), iter(range(COUNT))

    def frames():
        for picture in pictures():
            if next(made) == 20:
                watch.cancel()
            yield picture

    writer = SegmentWriter(FrameStream(SPEC, frames()), plan_segments(SPEC), watch)
    with pytest.raises(Cancelled):
        writer.write(plan_segments(SPEC)[0], tmp_path / "0.npz")
    writer.close()
    assert not list(tmp_path.iterdir())


@pytest.fixture
def request_(photo_file):
    words = "One two three four five, once I caught a fish alive."
    return RenderRequest(AvatarRef(str(photo_file)), Words(words), output=Output(25.0, 224))


def test_a_broken_off_render_goes_on_where_it_was(studio, request_, tmp_path):
    made = []
    watch = Watch(lambda stage, _: made.append(stage))
    out, pieces = tmp_path / "clip.mp4", tmp_path / "pieces"
    first = StagedRender(studio.pipeline, request_, pieces, watch)
    document = first.begin(out).document()
    outline = Outline.parse(document)
    spent = [first.segment(outline, 0)]
    first.close()
    made.clear()

    second = StagedRender(studio.pipeline, request_, pieces, watch)
    assert second.segment(outline, 0) == {}, "what is there is not made again"
    spent += [second.segment(outline, index) for index in range(1, outline.segments)]
    second.segment_path(outline, 1).unlink()
    clip = second.join(outline, spent, out)
    second.close()
    lost = len(plan_segments(outline.spec)[1])
    from_second_on = outline.spec.count - len(plan_segments(outline.spec)[0])
    assert from_second_on + lost <= made.count("render") <= from_second_on + outline.spec.count
    assert decoded(out)[0] == pytest.approx([index / 25.0 for index in range(clip.frames)])
    assert {"photo", "voice", "motion", "frames", "encode", "join"} <= {time.stage for time in clip.times}
    assert not list(pieces.glob("*/*.npz")), "pieces of a finished clip are no longer needed"

    take = studio.pipeline.rehearse(request_, Watch(), Ledger())
    stream = studio.pipeline.stream(request_, take, Watch())
    frames = list(stream.frames)
    encode_clip(replace(stream, frames=iter(frames)), take.speech, tmp_path / "whole.mp4", Watch())
    joined, whole = (decoded(path)[1].astype(float) for path in (out, tmp_path / "whole.mp4"))
    assert np.mean((joined - frames) ** 2) <= 1.05 * np.mean((whole - frames) ** 2)


def test_the_same_request_again_is_known_at_once(studio, request_, tmp_path):
    studio.pipeline.render(request_, tmp_path / "one.mp4", Watch())
    again = StagedRender(studio.pipeline, request_, tmp_path / "pieces", Watch())
    outline = again.begin(tmp_path / "two.mp4")
    clip = again.join(outline, [], tmp_path / "two.mp4")
    assert outline.segments == 0
    assert clip.times[0].cached
    assert (tmp_path / "two.mp4").read_bytes() == (tmp_path / "one.mp4").read_bytes()
