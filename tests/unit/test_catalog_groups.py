"""Groups of models: files, mistakes in them, and the names of models and engines."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.launching import FAKE
from tests.support.pipeline_home import MACHINE, make_catalog, write_model

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.document import CatalogError
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.names.addition import ModelNameError, new_entry
from dalston_cli.catalog.resolve import ModelRequest, resolve_model
from dalston_cli.catalog.resolve_errors import StageNotCoveredError
from dalston_cli.catalog.unknown import SeveralEnginesError, UnknownEngineError, UnknownModelError
from dalston_cli.catalog.weights.pull_options import PullOptions
from dalston_sdk.wire import Stage

GROUP: dict[str, Any] = {
    "id": "trio",
    "name": "Three models",
    "models": {"transcribe": "speech", "align": "aligner", "diarize": "speakers"},
    "options": {"batch_size": 4},
    "engines": "trio-engine",
}


def catalog_with(folder: Path, **changes: Any) -> Catalog:
    (folder / "groups").mkdir(parents=True)
    (folder / "groups" / "trio.yaml").write_text(yaml.safe_dump(GROUP | changes))
    return make_catalog(folder)


def test_its_name_means_its_models(tmp_path: Path) -> None:
    catalog = catalog_with(tmp_path)

    assert catalog.has_model("trio")
    assert [model.id for model in catalog.models_of("trio")] == ["speech", "aligner", "speakers"]
    assert [model.id for model in catalog.models_of("moods")] == ["moods"]
    assert catalog.model("trio").id == "speech"
    assert catalog.model("trio", Stage.DIARIZE).id == "speakers"
    assert catalog.model("trio", Stage.EVENTS).id == "speech"
    assert catalog.licence("trio") == "Apache-2.0"


def test_the_name_of_its_engines_means_each_once(tmp_path: Path) -> None:
    catalog = catalog_with(tmp_path)

    assert catalog.engines_called("trio-engine") == ("fake",)
    assert catalog.engines_called("fake") == ()
    with pytest.raises(SeveralEnginesError, match="no engine, it stands for fake"):
        catalog.engine("trio-engine")


def test_names_of_engines_and_models_that_are_mixed_up_are_put_right(tmp_path: Path) -> None:
    catalog = catalog_with(tmp_path)
    with pytest.raises(UnknownModelError, match="stands for the engines fake; did you mean `trio`"):
        catalog.model("trio-engine")
    with pytest.raises(UnknownModelError, match="it is an engine; did you mean `speech`"):
        catalog.model("fake")
    with pytest.raises(UnknownEngineError, match="several models; did you mean `trio-engine`"):
        catalog.engine("trio")
    with pytest.raises(UnknownEngineError, match="it is a model; did you mean `fake`"):
        catalog.engine("speech")
    with pytest.raises(UnknownEngineError, match=r"no engine `trio-engin`; .* `trio-engine`"):
        catalog.engine("trio-engin")


def test_a_group_without_a_model_for_a_stage_is_named_itself(tmp_path: Path) -> None:
    request = ModelRequest(model="trio")
    with pytest.raises(StageNotCoveredError, match="no model that trio stands for can refine"):
        resolve_model(catalog_with(tmp_path), Stage.REFINE, request, MACHINE, ())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"models": {"align": "aligner"}}, "lacks one for transcribe", id="no-text"),
        pytest.param(
            {"models": {"transcribe": "speach"}},
            "trio.yaml:4: models.transcribe: there is no model `speach`; did you mean `speech`?",
            id="no-such-model",
        ),
        pytest.param(
            {"models": {"transcribe": "aligner"}}, "does not cover this stage", id="other-stage"
        ),
        pytest.param(
            {"options": {"batch_sise": 4}},
            "has no such option; did you mean `batch_size`?",
            id="no-such-option",
        ),
        pytest.param({"options": {"batch_size": "many"}}, "options.batch_size: ", id="wrong-value"),
        pytest.param({"options": {"compute_type": "int8"}}, "no such option", id="for-loading"),
        pytest.param({"modles": {}}, "did you mean `models`?", id="unknown-key"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(CatalogError) as raised:
        catalog_with(tmp_path, **changes)

    assert problem in raised.value.message


def test_a_model_for_its_engines_together_is_a_mistake(tmp_path: Path) -> None:
    write_model(tmp_path, "bundle", "transcribe, align", engine="trio-engine")

    with pytest.raises(CatalogError, match="make a model of each part, and a group of these"):
        catalog_with(tmp_path)


def test_a_model_of_the_user_takes_its_name(tmp_path: Path) -> None:
    """What was called so before goes on to work."""
    catalog_with(tmp_path / "first")
    write_model(tmp_path / "own", "trio", "transcribe")

    paths = CatalogPaths(engines=(FAKE,), models=(tmp_path / "first", tmp_path / "own"))
    catalog = load_catalog(paths)

    assert catalog.model("trio").id == "trio"
    assert catalog.groups == {}
    assert any("a model takes the name of the group" in note for note in catalog.notes)


def test_an_engine_of_the_user_takes_the_name_of_its_engines(tmp_path: Path) -> None:
    catalog = catalog_with(tmp_path, engines="fake")

    assert catalog.engines_called("fake") == ()
    assert catalog.engine("fake").name == "fake"


def test_no_model_is_added_under_its_name(tmp_path: Path) -> None:
    catalog = catalog_with(tmp_path)

    with pytest.raises(ModelNameError, match="it is the name of the group of models in"):
        new_entry(catalog, "trio", [str(tmp_path)], PullOptions(environment={}))


def test_those_of_whisperx_stand_for_three_engines() -> None:
    catalog = load_catalog(CatalogPaths.from_environment({}))

    assert sorted(catalog.groups) == [
        "whisperx-distil-large-v3.5",
        "whisperx-large-v3",
        "whisperx-large-v3-diarize",
        "whisperx-large-v3-turbo",
        "whisperx-large-v3-turbo-diarize",
        "whisperx-small",
    ]
    engines = catalog.engines_called("whisperx-full")
    assert engines == ("faster-whisper", "whisperx-align", "pyannote")
    for name, group in catalog.groups.items():
        whisper = name.removeprefix("whisperx-").removesuffix("-diarize")
        assert group.models[Stage.TRANSCRIBE] == f"faster-whisper-{whisper}"
        assert (Stage.DIARIZE in group.models) is name.endswith("-diarize")
