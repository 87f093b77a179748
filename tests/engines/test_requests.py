"""One JSON document says everything about a clip, and what does not fit is named."""

import json
from dataclasses import replace

import pytest

from engines.errors import StudioError
from engines.inputs import check_files
from engines.options import option_fields
from engines.registry import all_engines, all_recipes, get_engine, get_recipe
from engines.requests import content_document, is_transparent, parse_request, request_document
from engines.types import AvatarRef, EmotionKey, Expression, RenderRequest, Words


@pytest.fixture
def request_(tmp_path):
    face = tmp_path / "face.png"
    face.write_bytes(b"pixels")
    expression = Expression((EmotionKey(0.0, {"joy": 0.8}), EmotionKey(2.0, {"anger": 1.0})), head=0.5)
    return RenderRequest(AvatarRef(str(face)), Words("Hello"), expression)


def test_a_request_survives_json(request_):
    assert parse_request(json.loads(json.dumps(request_document(request_)))) == request_


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("expression", "mouth"), 3.0, "expression.mouth"),
        (("output", "fps"), 1000, "output.fps"),
        (("expression", "emotions", 0, "weights", "joy"), -1, "joy"),
        (("avatar",), {}, "avatar.source"),
    ],
)
def test_what_does_not_fit_is_named(request_, path, value, named):
    document = request_document(request_)
    *parents, last = path
    target = document
    for key in parents:
        target = target[key]
    target[last] = value
    with pytest.raises(StudioError, match=named):
        parse_request(document)


def test_an_unknown_emotion_is_refused_with_the_ten(request_):
    document = request_document(replace(request_, expression=Expression((EmotionKey(0.0, {"rage": 1.0}),))))
    with pytest.raises(StudioError, match="amazement"):
        parse_request(document)


def test_content_decides_not_the_file_name(request_, tmp_path):
    copy = tmp_path / "copy.png"
    copy.write_bytes(b"pixels")
    same = replace(request_, avatar=AvatarRef(str(copy)))
    assert content_document(same) == content_document(request_)
    copy.write_bytes(b"other pixels")
    assert content_document(same) != content_document(request_)


def test_every_engine_declares_options_that_make_sliders():
    for engine in all_engines().values():
        defaults = engine.parse_options({})
        for entry in option_fields(engine.options):
            assert entry.title
            assert getattr(defaults, entry.name) == entry.default
            if entry.kind in ("number", "integer"):
                assert entry.minimum <= entry.default <= entry.maximum


def test_the_default_recipe_names_engines_that_exist():
    recipe = get_recipe("instant")
    for name, stage in ((recipe.voice, "voice"), (recipe.driver, "driver"), (recipe.animator, "animator")):
        assert stage in get_engine(name).stages


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(StudioError, match="instant"):
        get_recipe("magic")
    with pytest.raises(StudioError, match="facemesh"):
        get_engine("magic")
    assert "instant" in all_recipes()


def behind(request, path):
    options = {"facemesh": {"background": "picture", "background_picture": str(path)}}
    return replace(request, options=options)


def test_a_picture_among_the_options_counts_by_its_content(request_, tmp_path):
    first, copy = tmp_path / "beach.png", tmp_path / "copy.png"
    first.write_bytes(b"sand")
    copy.write_bytes(b"sand")
    assert content_document(behind(request_, first)) == content_document(behind(request_, copy))
    copy.write_bytes(b"snow")
    assert content_document(behind(request_, first)) != content_document(behind(request_, copy))
    with pytest.raises(StudioError, match=r"no picture 'gone.png'"):
        check_files(behind(request_, tmp_path / "gone.png"))


def test_only_a_transparent_background_asks_for_a_file_with_alpha(request_):
    assert is_transparent(replace(request_, options={"facemesh": {"background": "transparent"}}))
    assert not is_transparent(request_)
