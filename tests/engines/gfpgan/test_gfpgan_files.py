"""The official layout is read, other files are refused by name, and a clip says what made it."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from engines.errors import StudioError
from engines.gfpgan import GfpganOptions
from engines.gfpgan.checkpoint import KINDS, load_restorer
from engines.gfpgan.files import readiness
from engines.gfpgan.finisher import GfpganFinisher
from engines.ledger import Ledger
from engines.progress import Watch
from engines.requests import check_engines, engine_versions
from engines.types import AvatarRef, FrameSpec, FrameStream, Output, RenderRequest, Speech, Words
from engines.weights import weight_store
from tests.engines.gfpgan.conftest import model_file


@pytest.mark.parametrize("holder", ["params_ema", "params", None])
def test_the_official_layout_is_read_and_kept_as_plain_numbers(state, tmp_path, holder):
    path = tmp_path / "GFPGANv1.4.pth"
    torch.save(state if holder is None else {holder: state}, path)
    for network in (load_restorer(path), load_restorer(path)):
        assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert len(list(tmp_path.glob("GFPGANv1.4-*.safetensors"))) == 1


def test_averaged_weights_come_before_those_of_the_last_step(state, tmp_path):
    last = {name: value + 1 for name, value in state.items()}
    torch.save({"params": last, "params_ema": state}, tmp_path / "both.pth")
    assert torch.equal(load_restorer(tmp_path / "both.pth").conv_body_first.bias, state["conv_body_first.bias"])


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("final_conv.bias, which is missing", {"final_conv.bias": None}),
        ("final_conv.bias, which is not all numbers", {"final_conv.bias": torch.full((4,), torch.nan)}),
        ("final_conv.bias, which is 7 and not 4", {"final_conv.bias": torch.zeros(7)}),
    ],
)
def test_what_does_not_fit_is_refused_by_name(state, tmp_path, reason, change):
    changed = {name: value for name, value in {**state, **change}.items() if value is not None}
    torch.save({"params_ema": changed}, tmp_path / "net.pth")
    with pytest.raises(StudioError, match=rf"net\.pth.*enhancing faces with GFPGAN.*{re.escape(reason)}"):
        load_restorer(tmp_path / "net.pth")


def test_another_networks_file_and_a_torn_one_are_refused(tmp_path):
    torch.save({"face_decoder_blocks.0.weight": torch.zeros(2)}, tmp_path / "lips.pth")
    with pytest.raises(
        StudioError, match=r"lacks stylegan_decoder.* has face_decoder_blocks\.0\.weight instead"
    ):
        load_restorer(tmp_path / "lips.pth")
    (tmp_path / "torn.pth").write_bytes((tmp_path / "lips.pth").read_bytes()[:200])
    with pytest.raises(StudioError, match="cut off"):
        load_restorer(tmp_path / "torn.pth")


def test_the_kinds_are_told_apart_by_their_names():
    for kind in KINDS:
        with torch.device("meta"):
            names = kind.kind().state_dict()
        assert next(each for each in KINDS if each.mark in names) is kind


def test_without_a_file_one_sentence_says_how_to_get_it(store):
    model_file(store).unlink()
    problem = readiness(GfpganOptions()).problem
    assert problem.startswith("GFPGAN needs the model file GFPGANv1.4.pth, which does not come with the studio")
    assert "non-commercial" in problem
    assert str(model_file(store)) in problem
    other = readiness(GfpganOptions(weights="restoreformer")).problem
    assert "RestoreFormer.pth" in other
    assert "github.com/TencentARC/GFPGAN" in other


def test_the_real_files_are_known_by_their_digests():
    known = [weight for name, weight in weight_store().weights().items() if name.startswith("gfpgan.")]
    assert len(known) == 3
    assert all(len(weight.sha256) == 64 and not weight.setup for weight in known)


def test_a_clip_of_any_recipe_gets_a_clearer_face_and_goes_on_in_its_middle(store, studio, photo_file):
    words = Words("Oh.")
    request = RenderRequest(AvatarRef(str(photo_file)), words, output=Output(6.0, 384), finish=("gfpgan",))
    check_engines(request)
    assert engine_versions(request)["gfpgan"] == "1 (1.4)"
    take = studio.pipeline.rehearse(request, Watch(), Ledger())
    whole = list(studio.pipeline.stream(request, take, Watch()).frames)
    bare = RenderRequest(request.avatar, words, output=request.output)
    plain = list(studio.pipeline.stream(bare, take, Watch()).frames)
    assert len(whole) == len(plain)
    assert all(np.abs(a.astype(int) - b).max() > 5 for a, b in zip(whole, plain, strict=True))
    later = studio.pipeline.stream(request, take, Watch(), first=2).frames
    assert all((a == b).all() for a, b in zip(later, whole[2:], strict=True))


def test_no_strength_at_all_needs_no_network(photo):
    stream = FrameStream(FrameSpec(512, 512, 25.0, 1), iter([photo]))
    speech = Speech(np.zeros(16_000, np.float32), 16_000)
    finisher = GfpganFinisher()
    assert finisher.finish(stream, speech, GfpganOptions(strength=0.0), Watch()) is stream
