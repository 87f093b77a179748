"""From words to a video that plays: the mouth follows the speech, and nothing is computed twice."""

from dataclasses import replace

import av
import numpy as np
import pytest

from engines.errors import StudioError
from engines.faces import face_finder, find_faces
from engines.progress import Watch
from engines.registry import get_recipe
from engines.types import AvatarRef, EmotionKey, Expression, Output, RenderRequest, Words

SENTENCE = "Maybe Bob bought a big blue balloon. Hmm, wow!"


@pytest.fixture
def request_(photo_file):
    return RenderRequest(AvatarRef(str(photo_file)), Words(SENTENCE), output=Output(25.0, 384))


def frames_of(path):
    with av.open(str(path)) as clip:
        return [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]


def gaps_of(frames):
    """Inner-lip gap per frame in inter-ocular distances, as a face tracker sees it."""
    (face,) = find_faces(frames[0])
    gaps = []
    for frame in frames:
        face = face_finder().track(frame, face)
        points = face.landmarks[:, :2]
        gaps.append(np.linalg.norm(points[14] - points[13]) / np.linalg.norm(points[263] - points[33]))
    return np.array(gaps)


def test_the_mouth_follows_the_speech(studio, request_, tmp_path):
    clip = studio.pipeline.render(request_, tmp_path / "clip.mp4", Watch())
    speech = studio.pipeline.speak(request_.words, get_recipe("instant"), {}, Watch()).speech
    frames = frames_of(clip.path)
    assert len(frames) == clip.frames == round(speech.duration * 25)
    gaps = gaps_of(frames)
    assert gaps.max() > 0.08
    assert gaps.min() < 0.03
    motion, _ = studio.pipeline.move(speech, request_, get_recipe("instant"))
    planned = motion.blendshapes[:, 17] - motion.blendshapes[:, 18]
    assert np.corrcoef(planned, gaps)[0, 1] > 0.8


def test_the_second_time_comes_from_the_cache(studio, request_, tmp_path):
    first = studio.pipeline.render(request_, tmp_path / "a.mp4", Watch())
    again = studio.pipeline.render(request_, tmp_path / "b.mp4", Watch())
    assert [time.cached for time in again.times] == [True]
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert (again.frames, again.duration) == (first.frames, first.duration)
    happy = Expression((EmotionKey(0.0, {"joy": 0.9}),))
    other = studio.pipeline.render(replace(request_, expression=happy), tmp_path / "c.mp4", Watch())
    cached = {time.stage for time in other.times if time.cached}
    assert cached == {"photo", "voice"}


def test_the_same_request_gives_the_same_clip_on_a_fresh_machine(studio, request_, tmp_path):
    from studio.services import Studio
    from studio.settings import load_settings

    studio.pipeline.render(request_, tmp_path / "a.mp4", Watch())
    other = Studio(load_settings(data=tmp_path / "other"))
    other.pipeline.render(request_, tmp_path / "b.mp4", Watch())
    other.close()
    first, second = frames_of(tmp_path / "a.mp4"), frames_of(tmp_path / "b.mp4")
    assert all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))


def test_a_recording_moves_the_mouth_too(studio, request_, tmp_path):
    wav = studio.speak("local", Words(SENTENCE), {})
    words = Words(audio=str(wav))
    clip = studio.pipeline.render(replace(request_, words=words), tmp_path / "clip.mp4", Watch())
    gaps = gaps_of(frames_of(clip.path))
    assert gaps.max() > 0.06
    assert gaps.std() > 0.01


def test_several_faces_are_told_and_the_chosen_one_talks(studio, photo, tmp_path):
    import cv2

    pair = np.hstack([photo, cv2.resize(photo[:, ::-1], (512, 512))])
    cv2.imwrite(str(tmp_path / "pair.png"), pair[..., ::-1])
    request = RenderRequest(
        AvatarRef(str(tmp_path / "pair.png"), 1), Words("Hello there."), output=Output(25.0)
    )
    clip = studio.pipeline.render(request, tmp_path / "clip.mp4", Watch())
    assert "2 faces" in clip.notes[0]
    frames = np.array(frames_of(clip.path)[::3], np.int16)
    moved = np.abs(np.diff(frames, axis=0)).mean((0, 1, 3))
    halves = moved[: pair.shape[1] // 2].mean(), moved[pair.shape[1] // 2 :].mean()
    assert max(halves) > 10 * min(halves)


def test_a_still_shows_the_emotion(studio, photo_file):
    avatar = AvatarRef(str(photo_file))
    calm = studio.pipeline.still(avatar, Expression())
    amazed = studio.pipeline.still(avatar, Expression((EmotionKey(0.0, {"amazement": 1.0}),)))
    brows = [find_faces(still)[0].landmarks[[105, 334], 1].mean() for still in (calm, amazed)]
    eyes = [find_faces(still)[0].landmarks[[33, 263], 1].mean() for still in (calm, amazed)]
    assert (eyes[1] - brows[1]) > (eyes[0] - brows[0]) + 1.0


@pytest.mark.parametrize("text", ["", "   \n", "😀🎉"])
def test_nothing_to_say_is_said(studio, request_, text, tmp_path):
    with pytest.raises(StudioError):
        studio.pipeline.render(replace(request_, words=Words(text)), tmp_path / "clip.mp4", Watch())
    assert not (tmp_path / "clip.mp4").exists()


def test_a_text_that_is_too_long_is_told_its_limit(studio, request_, tmp_path):
    with pytest.raises(StudioError, match="20,000"):
        studio.pipeline.render(replace(request_, words=Words("a word. " * 2500)), tmp_path / "c.mp4", Watch())
