"""Model files of every form that is about are read, others are refused by name, and none of them runs."""

from __future__ import annotations

import pickle
import re
import shutil
import warnings
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from engines.checkpoints import read_weights
from engines.errors import StudioError
from engines.ledger import Ledger
from engines.progress import Watch
from engines.requests import engine_versions
from engines.types import AvatarRef, Output, RenderRequest, Words
from engines.wav2lip import checkpoint
from engines.wav2lip.checkpoint import PURPOSE, load_generator
from engines.wav2lip.network import SIZES, Generator96
from engines.weights import weight_store
from studio.cli import main
from tests.engines.wav2lip.conftest import NARROW, narrow, opening


@pytest.fixture
def state(monkeypatch) -> dict[str, Tensor]:
    """The weights of a narrow network, which is the only one that there is."""
    monkeypatch.setattr(checkpoint, "SIZES", (NARROW,))
    return opening(narrow())


class Trap:
    """Unpickled freely, this writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def as_official(state, path):
    named = {f"module.{name}": value for name, value in state.items()}
    document = {"state_dict": named, "optimizer": {"state": {0: {"step": 3}}}, "global_step": 3}
    torch.save(document, path, _use_new_zipfile_serialization=False)


def as_traced(state, path):
    generator = narrow().eval()
    generator.load_state_dict(state)
    seen = torch.zeros(1, 1, 80, 16), torch.zeros(1, 6, 96, 96)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(generator, seen, check_trace=False).save(str(path))


FORMS = {
    "official.pth": as_official,
    "bare.pth": torch.save,
    "wrapped.pth": lambda state, path: torch.save({"state_dict": state}, path),
    "traced.pt": as_traced,
    "plain.safetensors": save_file,
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_read_and_kept_as_plain_numbers(state, tmp_path, name):
    FORMS[name](state, tmp_path / name)
    generator = load_generator(tmp_path / name)
    assert all(torch.equal(value, state[key]) for key, value in generator.state_dict().items())
    kept = list(tmp_path.glob("*.safetensors"))
    assert len(kept) == 1
    again = load_generator(tmp_path / name)
    assert all(torch.equal(value, state[key]) for key, value in again.state_dict().items())


def test_another_file_of_the_same_name_is_read_anew(state, tmp_path):
    torch.save(state, tmp_path / "net.pth")
    load_generator(tmp_path / "net.pth")
    torch.save({**state, "output_block.1.bias": torch.tensor([7.0, 8.0, 9.0])}, tmp_path / "net.pth")
    assert load_generator(tmp_path / "net.pth").output_block[1].bias.tolist() == [7.0, 8.0, 9.0]
    assert len(list(tmp_path.glob("*.safetensors"))) == 1


def test_a_scripted_module_is_read_without_running_it(tmp_path):
    module = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(module).save(str(tmp_path / "net.pt"))
    found = read_weights(tmp_path / "net.pt", PURPOSE)
    assert list(found) == list(module.state_dict())
    assert all(torch.equal(found[name], value) for name, value in module.state_dict().items())


def changed(state, **changes):
    return {name: value for name, value in {**state, **changes}.items() if value is not None}


REFUSED = {
    "output_block.1.bias, which is missing": {"output_block.1.bias": None},
    "output_block.1.weight, which is 3x8x2x2 and not 3x8x1x1": {
        "output_block.1.weight": torch.zeros(3, 8, 2, 2)
    },
    "extra.weight, which is not part of it": {"extra.weight": torch.zeros(1)},
    "output_block.1.bias, which is not all numbers": {"output_block.1.bias": torch.full((3,), torch.nan)},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_network_that_does_not_fit_is_refused_by_the_names_that_do_not(state, tmp_path, reason):
    torch.save(changed(state, **REFUSED[reason]), tmp_path / "net.pth")
    with pytest.raises(StudioError, match=re.escape(reason)):
        load_generator(tmp_path / "net.pth")


def test_of_many_misfits_the_first_are_named(tmp_path, state):
    torch.save({name: value for name, value in state.items() if "encoder" not in name}, tmp_path / "net.pth")
    with pytest.raises(StudioError, match=r"face_encoder_blocks\.0\.0\.conv_block\.0\.weight.* and \d+ more"):
        load_generator(tmp_path / "net.pth")
    torch.save({"backbone.weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(StudioError, match=r"has backbone\.weight instead"):
        load_generator(tmp_path / "other.pth")


@pytest.mark.parametrize("form", ["official.pth", "bare.pth", "plain.safetensors"])
def test_a_file_that_is_cut_off_is_refused(state, tmp_path, form):
    FORMS[form](state, tmp_path / "whole")
    data = (tmp_path / "whole").read_bytes()
    for length in (0, 100, len(data) // 2, len(data) - 100):
        (tmp_path / form).write_bytes(data[:length])
        with pytest.raises(StudioError, match="cut off"):
            load_generator(tmp_path / form)


def test_nothing_of_a_hostile_file_runs(state, tmp_path):
    sprung = tmp_path / "sprung"
    torch.save({"state_dict": {**state, "trap": Trap(sprung)}}, tmp_path / "new.pth")
    torch.save(Trap(sprung), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as archive:
        archive.writestr("net/code/net.py", "raise SystemExit")
        archive.writestr("net/data.pkl", pickle.dumps({"trap": Trap(sprung)}))
    with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/code/net.py", "")
        archive.writestr("net/data.pkl", pickle.dumps({}))
        archive.writestr("net/data/0", bytes(50_000_000))
    for name in ("new.pth", "old.pth", "script.pt", "bomb.pt"):
        with pytest.raises(StudioError, match="more than weights"):
            load_generator(tmp_path / name)
    assert not sprung.exists()


@pytest.fixture
def request_(photo_file):
    spoken = Words("Oh, a boat.")
    return RenderRequest(AvatarRef(str(photo_file)), spoken, output=Output(6.0, 256), finish=("wav2lip",))


def test_a_clip_gets_other_lips_and_goes_on_in_its_middle(with_models, studio, request_):
    assert engine_versions(request_)["wav2lip"].startswith("1 (wav2lip256 ")
    take = studio.pipeline.rehearse(request_, Watch(), Ledger())
    whole = list(studio.pipeline.stream(request_, take, Watch()).frames)
    bare = studio.pipeline.stream(
        RenderRequest(request_.avatar, request_.words, output=request_.output), take, Watch()
    )
    assert len(whole) == len(take.motion)
    assert max(abs(a.astype(int) - b).max() for a, b in zip(whole, bare.frames, strict=True)) > 30
    later = studio.pipeline.stream(request_, take, Watch(), first=3).frames
    assert all((a == b).all() for a, b in zip(later, whole[3:], strict=True))


def test_clips_of_another_file_of_the_same_name_are_others(with_models, request_):
    (file,) = with_models.glob("wav2lip/wav2lip256.*")
    before = engine_versions(request_)
    file.write_bytes(file.read_bytes() + b"0")
    assert engine_versions(request_) != before


def test_without_a_model_file_one_sentence_says_how_to_get_it(
    models, tmp_path, monkeypatch, photo_file, capsys
):
    shutil.copytree(models, tmp_path / "models", ignore=shutil.ignore_patterns("wav2lip"))
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "models"))
    words = ["--data", str(tmp_path / "data"), "render", "--avatar", str(photo_file), "--text", "Oh."]
    code = main([*words, "--finish", "wav2lip", "--out", str(tmp_path / "clip.mp4")])
    said = capsys.readouterr().err.strip()
    assert code == 1
    assert "wav2lip_gan.pth" in said
    assert str(tmp_path / "models" / "wav2lip" / "wav2lip_gan.pth") in said
    assert "research" in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "clip.mp4").exists()


def test_a_wrong_file_in_the_right_place_is_told_from_the_page_on(
    models, tmp_path, monkeypatch, request_, studio
):
    shutil.copytree(models, tmp_path / "models", ignore=shutil.ignore_patterns("wav2lip"))
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "models"))
    folder = tmp_path / "models" / "wav2lip"
    folder.mkdir()
    torch.save({"backbone.weight": torch.zeros(2)}, folder / "wav2lip256.pth")
    with pytest.raises(StudioError, match=r"wav2lip256\.pth.*backbone\.weight"):
        studio.pipeline.render(request_, tmp_path / "clip.mp4", Watch())
    (folder / "wav2lip256.pth").unlink()
    (folder / "wav2lip_gan.pth").write_bytes(b"<html>")
    with pytest.raises(StudioError, match=r"wav2lip_gan\.pth of Wav2Lip is damaged"):
        studio.pipeline.key(request_)


def test_the_model_files_say_what_they_are_for():
    known = {name: weight for name, weight in weight_store().weights().items() if name.startswith("wav2lip.")}
    assert len(known) == 3
    assert not any(weight.setup for weight in known.values())
    assert all("only" in weight.licence for weight in known.values())


def test_the_sizes_are_told_apart_by_their_names():
    for size in SIZES:
        with torch.device("meta"):
            names = size.kind().state_dict()
        assert next(each for each in SIZES if each.mark in names) is size
    assert isinstance(narrow(), Generator96)
