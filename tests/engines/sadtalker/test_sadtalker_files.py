"""Model files in the official layout are read; others are refused by the names that do not fit."""

from __future__ import annotations

import re

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from engines import convolution
from engines.errors import StudioError
from engines.registry import engine_readiness, get_engine
from engines.requests import check_engines
from engines.sadtalker import fast
from engines.sadtalker.checkpoint import Parts, load_mapping, load_parts
from engines.types import AvatarRef, RenderRequest, Words
from tests.engines.sadtalker.conftest import seeded


def test_the_official_layout_gives_the_weights_that_were_saved(with_models):
    read = load_parts(with_models / "SadTalker_V0.0.2_256.safetensors").state_dict()
    for name, value in seeded(Parts).state_dict().items():
        torch.testing.assert_close(read[name], value, msg=lambda text, name=name: f"{name}: {text}")


def test_a_mapping_is_kept_as_plain_numbers_and_not_taken_for_the_other(with_models):
    path = with_models / "mapping_00229-model.pth.tar"
    load_mapping(path, 70)
    assert list(with_models.glob("mapping_00229-model*.safetensors"))
    with pytest.raises(StudioError, match=r"first\.0\.weight, which is 16x70x7 and not 16x73x7"):
        load_mapping(path, 73)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            lambda names: names.pop("generator.third.conv.weight"),
            "generator.third.conv.weight, which is missing",
        ),
        (lambda names: names.update(surprise=torch.ones(2)), "surprise, which is not part of it"),
        (
            lambda names: names["audio2exp.mapping1.bias"].fill_(torch.nan),
            "audio2exp.mapping1.bias, which is not",
        ),
    ],
    ids=["missing", "strange", "no numbers"],
)
def test_a_file_that_does_not_fit_is_refused_by_the_first_names(with_models, tmp_path, damage, said):
    names = load_file(with_models / "SadTalker_V0.0.2_256.safetensors")
    damage(names)
    save_file(names, tmp_path / "wrong.safetensors")
    with pytest.raises(StudioError, match=re.escape(said)):
        load_parts(tmp_path / "wrong.safetensors")


def test_what_is_missing_is_said_with_where_to_put_it(with_models):
    engine = get_engine("sadtalker")
    assert not engine_readiness(engine, {}).problem
    assert engine_readiness(engine, {}).variant.startswith("256 ")
    problem = engine_readiness(engine, {"size": "512"}).problem
    assert "SadTalker needs the model file SadTalker_V0.0.2_512.safetensors" in problem
    assert "Engines tab" in problem
    (with_models / "mapping_00229-model.pth.tar").rename(with_models / "elsewhere")
    try:
        assert "mapping_00229" in engine_readiness(engine, {"mode": "crop"}).problem
        assert not engine_readiness(engine, {"mode": "full"}).problem
    finally:
        (with_models / "elsewhere").rename(with_models / "mapping_00229-model.pth.tar")


def test_without_its_files_it_is_refused_before_any_work(photo_file, monkeypatch, tmp_path):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    request = RenderRequest(AvatarRef(str(photo_file)), Words("Hello."), recipe="sadtalker")
    with pytest.raises(StudioError, match="SadTalker_V0"):
        check_engines(request)


@pytest.mark.parametrize("compiled", [True, False])
def test_the_quick_way_of_a_processor_draws_the_same(monkeypatch, compiled):
    if not compiled:
        monkeypatch.setattr(convolution, "convolution_module", lambda: None)
    torch.manual_seed(1)
    plain = nn.Sequential(
        nn.Conv2d(128, 128, 3, padding=1), nn.Sigmoid(), nn.Conv2d(128, 4, 7, padding=3)
    ).eval()
    picture = torch.randn(2, 128, 21, 18)
    with torch.inference_mode():
        wanted = plain(picture)
        fast.quicken(plain)
        assert not isinstance(plain[0], nn.Conv2d)
        assert isinstance(plain[2], nn.Conv2d), "one of another kind stays"
        torch.testing.assert_close(plain(picture), wanted, atol=1e-4, rtol=1e-4)
