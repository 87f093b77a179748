"""Models of many files are shown, accepted and fetched one model at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.errors import StudioError
from engines.weights import weight_store
from studio.cli.engine_lines import engine_lines
from studio.engine_desk import accept_licences
from studio.engine_report import Sources, groups_of, report_engine
from studio.licences import licences_of
from studio.settings import load_settings
from studio.tabs.engines_markup import cards


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sources:
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "models"))
    return Sources(weight_store(), licences_of(load_settings(data=tmp_path / "data")), None, {})


def test_a_model_is_accepted_and_fetched_by_its_own_name(sources: Sources) -> None:
    whole, mark = report_engine("audio2face", sources), report_engine("audio2face.mark", sources)
    assert len(mark.missing) == len(mark.unaccepted) == 11
    assert {Path(file.file).parent.name for file in mark.files} == {"Audio2Face-3D-v2.3-Mark"}
    assert not {file.name for file in whole.missing} & {"audio2face.emotion.network"}
    accept_licences(sources.store, sources.licences, mark, "here")
    assert not report_engine("audio2face.mark", sources).unaccepted
    assert len(report_engine("audio2face.james", sources).unaccepted) == 11
    with pytest.raises(StudioError, match="no engine"):
        report_engine("audio2face.nobody", sources)
    assert len(report_engine("wav2lip.gan", sources).files) == 1


def test_the_page_and_the_command_line_name_models_not_files(sources: Sources) -> None:
    engine = report_engine("audio2face", sources)
    names = [f"audio2face.{name}" for name in ("v3", "mark", "claire", "james", "emotion")]
    assert [group.name for group in groups_of(engine.files)] == names
    shown = cards([engine], may_change=True)
    for name in names[:-1]:
        assert shown.count(f'data-do="download" data-engine="{name}"') == 1
    assert shown.count('data-do="download"') == 4
    assert "by hand, 5 files" in shown
    assert 'data-do="download"' not in cards([engine], may_change=False)
    single = report_engine("gfpgan", sources)
    assert len(groups_of(single.files)) == len(single.files) > 1
    lines = "\n".join(engine_lines(engine))
    assert "audio2face.mark (11 files, 3" in lines
    assert "engines download audio2face.mark" in lines
    assert "bs_skin" not in lines


def test_a_model_stands_as_its_worst_file(sources: Sources) -> None:
    store = sources.store
    for name in (name for name in store.weights() if name.startswith("audio2face.james.")):
        path = store.target_of(store.weight(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"something")
    states = {group.name: group.state for group in groups_of(report_engine("audio2face", sources).files)}
    assert states["audio2face.james"] == "ready"
    assert states["audio2face.mark"] == "missing"
    bad = store.target_of(store.weight("audio2face.mark.network"))
    bad.parent.mkdir(parents=True)
    bad.write_bytes(b"something else")
    states = {group.name: group.state for group in groups_of(report_engine("audio2face", sources).files)}
    assert states["audio2face.mark"] == "damaged"
