"""LivePortrait's five files: read, refused by name, asked for in words."""

from __future__ import annotations

import re
import shutil

import pytest
import torch

from engines.errors import StudioError
from engines.liveportrait import WEIGHTS, LivePortraitOptions
from engines.liveportrait.files import find_files, readiness
from engines.liveportrait.models import load_networks
from engines.registry import get_engine
from engines.weights import weight_store
from tests.engines.liveportrait.conftest import FILES, MAKERS


@pytest.fixture
def folder(portrait_models, tmp_path, monkeypatch):
    """Files of one's own to spoil."""
    copy = tmp_path / "models"
    shutil.copytree(portrait_models / "liveportrait", copy / "liveportrait")
    for kept in (copy / "liveportrait").glob("*.safetensors"):
        kept.unlink()
    monkeypatch.setenv("STUDIO_MODELS", str(copy))
    return copy / "liveportrait"


def test_official_files_are_read_and_kept_as_plain_numbers(folder):
    networks = load_networks(find_files())
    assert not networks.generator.training
    assert networks.generator.up_0.conv_s.weight[0, 0, 0, 0] == 1  # what the stored norm makes of it
    assert networks.retargeting.retarget_mouth.mlp[6].bias.abs().sum() > 0
    assert len(list(folder.glob("*.safetensors"))) == 5
    again = load_networks(find_files())
    for name in WEIGHTS:
        first, second = (getattr(each, name).state_dict() for each in (networks, again))
        assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize(
    ("name", "lost", "reason"),
    [
        ("motion", "detector.fc_t.bias", "detector.fc_t.bias, which is missing"),
        ("generator", "up_1.conv_s.weight_u", "up_1.conv_s.weight, which is missing"),
        ("warping", "dense_motion_network.mask.weight", "lacks dense_motion_network.mask.weight"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_what_it_lacks(folder, name, lost, reason):
    state = MAKERS[name]()
    del state[lost]
    torch.save(state, folder / f"{FILES[name]}.pth")
    with pytest.raises(StudioError, match=re.escape(reason)) as refusal:
        load_networks(find_files())
    assert f"{FILES[name]}.pth cannot be used for animation with LivePortrait" in str(refusal.value)


def test_one_network_in_anothers_place_is_told(folder):
    shutil.copy(folder / f"{FILES['motion']}.pth", folder / f"{FILES['appearance']}.pth")
    with pytest.raises(StudioError, match=r"appearance_feature_extractor\.pth .* lacks second\.weight"):
        load_networks(find_files())


def test_what_is_missing_is_named_with_where_to_put_it(folder):
    assert readiness(LivePortraitOptions()).problem == ""
    (folder / f"{FILES['warping']}.pth").unlink()
    (folder / f"{FILES['generator']}.pth").unlink()
    said = readiness(LivePortraitOptions()).problem
    assert "2 model files warping_module.pth, spade_generator.pth" in said
    assert "MIT" in said
    assert str(folder) in said
    assert "engines download liveportrait" in said
    with pytest.raises(StudioError, match="spade_generator"):
        find_files()


def test_the_model_files_say_what_they_are_for():
    known = weight_store().weights()
    assert set(get_engine("liveportrait").weights) == {
        name for name in known if name.startswith("liveportrait.")
    }
    assert all(known[name].licence == "MIT" and not known[name].setup for name in WEIGHTS.values())
