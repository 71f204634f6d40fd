from pathlib import Path
from time import process_time

import pytest
from tests.support.hub.entries import ENGINE_YAML

from dalston_cli.catalog.document import CatalogError
from dalston_cli.catalog.folders import CatalogFolderError, CatalogPaths, data_root
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.sources import FileSource
from dalston_cli.catalog.unknown import UnknownEngineError, UnknownModelError
from dalston_cli.catalog.weights.inventory import weights_elsewhere
from dalston_cli.errors import ConfigurationError, UsageError
from dalston_sdk.wire import Stage

MODEL_YAML = """\
id: tiny
engine: example
runtime_model_id: tiny
stages: [transcribe]
name: Tiny
languages: [en]
licence: MIT
source:
  kind: hf
  repo: test/tiny
  revision: main
size_mb: 1
defaults:
  beam_size: 5
  compute_type: int8
"""


def _paths(folder: Path, model: str = MODEL_YAML, engine: str = ENGINE_YAML) -> CatalogPaths:
    (folder / "engines" / "transcribe" / "example").mkdir(parents=True)
    (folder / "engines" / "transcribe" / "example" / "engine.yaml").write_text(engine)
    (folder / "models").mkdir()
    (folder / "models" / "tiny.yaml").write_text(model)
    return CatalogPaths(engines=(folder / "engines",), models=(folder,))


def test_entries_know_where_they_were_read(tmp_path: Path) -> None:
    catalog = load_catalog(_paths(tmp_path))
    assert catalog.model("tiny").file == tmp_path / "models" / "tiny.yaml"
    assert catalog.engine("example").folder == tmp_path / "engines" / "transcribe" / "example"
    assert catalog.model("tiny").defaults == {"beam_size": 5, "compute_type": "int8"}
    assert catalog.notes == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        pytest.param(
            "name: Tiny",
            "nmae: Tiny",
            5,
            "nmae: no such key; did you mean `name`?",
            id="unknown-key",
        ),
        pytest.param(
            "  repo: test/tiny",
            "  repository: x",
            10,
            "source.repository: no such key; did you mean `repo`?",
            id="unknown-key-in-union",
        ),
        pytest.param("size_mb: 1", "size_mb: many", 12, "not 'many'", id="wrong-type"),
        pytest.param(
            "size_mb: 1", "size_mb: -1", 12, "greater than or equal to 0, not -1", id="out-of-range"
        ),
        pytest.param("licence: MIT\n", "", 1, "licence: is missing", id="missing-key"),
        pytest.param(
            "[transcribe]",
            "[transcibe]",
            4,
            "`transcibe` is not one of transcribe, align",
            id="wrong-enum",
        ),
        pytest.param(
            "[transcribe]", "[transcibe]", 4, "did you mean `transcribe`?", id="near-enum"
        ),
        pytest.param("[transcribe]", "[]", 4, "at least 1 item", id="empty-list"),
        pytest.param(
            "kind: hf",
            "kind: htps",
            8,
            "`htps` is not one of hf, https, pypi, file, bundled, service; did you mean `https`?",
            id="wrong-kind",
        ),
        pytest.param("  kind: hf\n", "", 8, "`kind` is missing", id="missing-kind"),
        pytest.param(
            "[en]", "[en, no]", 6, "reads this as true or false; put it in quotes", id="norway"
        ),
        pytest.param(
            "revision: main",
            "revision: 3.0",
            11,
            "the number 3.0; put it in quotes",
            id="number-for-text",
        ),
        pytest.param(
            "name: Tiny",
            "name: Tiny\nid: again",
            6,
            "`id` stands already on line 1",
            id="duplicate-key",
        ),
        pytest.param("name: Tiny", "name: [Tiny", 6, "is not valid YAML", id="syntax"),
        pytest.param(
            "name: Tiny", "name: !!python/name:os.system", 5, "is not valid YAML", id="code"
        ),
        pytest.param(
            "engine: example",
            "engine: exampel",
            2,
            "there is no engine `exampel`; did you mean `example`?",
            id="unknown-engine",
        ),
        pytest.param(
            "[transcribe]",
            "[transcribe, align]",
            4,
            "does not offer align, only transcribe",
            id="stage-not-offered",
        ),
        pytest.param(
            "  beam_size: 5",
            "  beam_sise: 5",
            14,
            "no such option; did you mean `beam_size`?",
            id="unknown-default",
        ),
        pytest.param(
            "  beam_size: 5",
            "  beam_size: five",
            14,
            "Expected `int | null`, got `str`",
            id="wrong-default",
        ),
        pytest.param(
            "compute_type: int8", "compute_type: 8", 15, "must be text", id="wrong-load-default"
        ),
    ],
)
def test_mistakes_in_a_model_are_told_with_their_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in MODEL_YAML
    paths = _paths(tmp_path, model=MODEL_YAML.replace(old, new))
    with pytest.raises(CatalogError) as raised:
        load_catalog(paths)
    assert f"{tmp_path / 'models' / 'tiny.yaml'}:{line}: " in raised.value.message
    assert message in raised.value.message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "beam_size",
            "beam_siez",
            "`beam_siez` is no option of transcribe; did you mean `beam_size`?",
            id="option",
        ),
        pytest.param(
            "devices: [cpu, cuda]", "devices: [gpu]", "`gpu` is not one of cpu, cuda", id="device"
        ),
        pytest.param(
            "  transcribe:\n",
            "  transcribing:\n",
            "`transcribing` is not one of transcribe",
            id="stage",
        ),
        pytest.param(
            "    options:", "    option:", "no such key; did you mean `options`?", id="key-in-stage"
        ),
    ],
)
def test_mistakes_in_an_engine_are_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    paths = _paths(tmp_path, engine=ENGINE_YAML.replace(old, new))
    with pytest.raises(CatalogError, match=r"engine\.yaml:") as raised:
        load_catalog(paths)
    assert message in raised.value.message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", ":1: must be keys with values", id="empty"),
        pytest.param(b"- id: x\n", ":1: must be keys with values", id="list"),
        pytest.param(b"id: \xff\n", ":1: cannot be read", id="not-utf8"),
        pytest.param(b"id: \x00\n", ":1: holds the control character U+0000", id="nul"),
        pytest.param(b"id: &a\n  x: *a\n", ":1: is nested too deeply", id="contains-itself"),
    ],
)
def test_files_that_are_no_entries(tmp_path: Path, content: bytes, message: str) -> None:
    paths = _paths(tmp_path)
    (tmp_path / "models" / "tiny.yaml").write_bytes(content)
    with pytest.raises(CatalogError) as raised:
        load_catalog(paths)
    assert message in raised.value.message.replace(":2:", ":1:")


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    paths = _paths(tmp_path, model=MODEL_YAML.replace("size_mb: 1", "sise: 1"))
    (tmp_path / "models" / "other.yaml").write_text("id: 3\n")
    with pytest.raises(CatalogError, match="mistakes in the catalog") as raised:
        load_catalog(paths)
    files = {problem.file.name for problem in raised.value.problems}
    assert files == {"tiny.yaml", "other.yaml"}
    assert raised.value.exit_code == 4
    assert isinstance(raised.value, ConfigurationError)


def test_a_later_folder_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    paths = _paths(tmp_path / "built-in")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "my.yaml").write_text(MODEL_YAML.replace("name: Tiny", "name: Mine"))
    catalog = load_catalog(CatalogPaths(engines=paths.engines, models=(*paths.models, mine)))
    assert catalog.model("tiny").name == "Mine"
    assert len(catalog.notes) == 1
    assert str(mine / "my.yaml") in catalog.notes[0]


def test_two_of_a_name_in_one_folder_are_a_mistake(tmp_path: Path) -> None:
    paths = _paths(tmp_path)
    (tmp_path / "models" / "zwei.yaml").write_text(MODEL_YAML)
    with pytest.raises(CatalogError, match=r"zwei.yaml:1: id: the model `tiny` stands already in"):
        load_catalog(paths)


def test_unknown_names_are_usage_errors_with_the_nearest(tmp_path: Path) -> None:
    catalog = load_catalog(_paths(tmp_path))
    with pytest.raises(UnknownModelError, match="did you mean `tiny`") as model:
        catalog.model("tinny")
    with pytest.raises(UnknownEngineError, match=r"there is no engine `zzz`$"):
        catalog.engine("zzz")
    assert isinstance(model.value, UsageError)
    assert "dalston models list" in (model.value.hint or "")


def test_models_for_a_stage_come_best_first(tmp_path: Path) -> None:
    paths = _paths(tmp_path)
    better = MODEL_YAML.replace("id: tiny", "id: better") + "rank: 9\n"
    (tmp_path / "models" / "better.yaml").write_text(better)
    catalog = load_catalog(paths)
    assert [model.id for model in catalog.models_for(Stage.TRANSCRIBE)] == ["better", "tiny"]
    assert catalog.models_for(Stage.ALIGN) == ()


@pytest.mark.parametrize(
    ("aliases", "line", "message"),
    [
        pytest.param("[small, small]", 2, "`small` stands already in", id="twice"),
        pytest.param("[auto]", 2, "`auto` means the best installed model", id="reserved"),
        pytest.param("[tiny]", 2, "`tiny` is the id of a model, in", id="own-id"),
        pytest.param("[other]", 2, "`other` is the id of a model, in", id="id-of-another"),
        pytest.param("[taken]", 2, "`taken` stands already in", id="of-another"),
        pytest.param("['a b']", 2, "should match pattern", id="blank"),
    ],
)
def test_mistakes_in_aliases_are_told_with_their_line(
    tmp_path: Path, aliases: str, line: int, message: str
) -> None:
    model = MODEL_YAML.replace("id: tiny\n", f"id: tiny\naliases: {aliases}\n", 1)
    paths = _paths(tmp_path, model=model)
    other = MODEL_YAML.replace("id: tiny\n", "id: other\naliases: [taken]\n", 1)
    (tmp_path / "models" / "other.yaml").write_text(other)
    with pytest.raises(CatalogError) as raised:
        load_catalog(paths)
    assert f"tiny.yaml:{line}: aliases" in raised.value.message
    assert message in raised.value.message


def test_a_later_folder_takes_an_alias_over(tmp_path: Path) -> None:
    paths = _paths(tmp_path / "first", MODEL_YAML.replace("engine:", "aliases: [a, b]\nengine:", 1))
    mine = tmp_path / "mine"
    mine.mkdir()
    text = MODEL_YAML.replace("id: tiny", "id: own\naliases: [a]", 1)
    (mine / "own.yaml").write_text(text)
    (mine / "b.yaml").write_text(MODEL_YAML.replace("id: tiny", "id: b"))
    catalog = load_catalog(CatalogPaths(engines=paths.engines, models=(*paths.models, mine)))
    assert {name: catalog.aliases.get(name) for name in "ab"} == {"a": "own", "b": None}
    assert catalog.model("a").id == "own"
    assert catalog.model("b").id == "b"
    assert [note.partition(" takes ")[2] for note in catalog.notes] == [
        "the alias `a` from the model tiny"
    ]


def test_a_path_to_weights_is_read_from_the_files_own_folder(tmp_path: Path) -> None:
    source = "source: {kind: file, path: ../weights}\n"
    start = MODEL_YAML.index("source:")
    end = MODEL_YAML.index("size_mb")
    catalog = load_catalog(_paths(tmp_path, MODEL_YAML[:start] + source + MODEL_YAML[end:]))
    found = catalog.model("tiny").source
    assert isinstance(found, FileSource)
    assert found.path == tmp_path / "weights"
    engine = catalog.model("tiny").engine
    assert weights_elsewhere(catalog, engine) == ()
    found.path.mkdir()
    assert weights_elsewhere(catalog, engine) == (tmp_path / "weights",)
    assert weights_elsewhere(catalog, "another") == ()


def test_what_the_links_of_a_snapshot_lead_to_belongs_to_it(tmp_path: Path) -> None:
    repo = tmp_path / "models--someone--speech"
    snapshot, blobs = repo / "snapshots" / "1", repo / "blobs"
    for folder in (snapshot, blobs):
        folder.mkdir(parents=True)
    (snapshot / "elsewhere").symlink_to(tmp_path)
    source = f"source: {{kind: file, path: {snapshot}}}\n"
    start = MODEL_YAML.index("source:")
    end = MODEL_YAML.index("size_mb")
    catalog = load_catalog(_paths(tmp_path, MODEL_YAML[:start] + source + MODEL_YAML[end:]))
    assert weights_elsewhere(catalog, catalog.model("tiny").engine) == (blobs, snapshot)


def test_the_environment_names_more_folders(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    paths = CatalogPaths.from_environment({"DALSTON_CATALOG_PATH": f"{other}:", "HOME": "/"})
    assert paths.models == (data_root() / "catalog", other)
    assert paths.engines == (data_root() / "engines",)
    added = tmp_path / "added"
    variables = {"DALSTON_CATALOG_PATH": str(other), "DALSTON_CATALOG_DIR": str(added)}
    assert added not in CatalogPaths.from_environment(variables).models
    added.mkdir()
    paths = CatalogPaths.from_environment(variables)
    assert paths.models == (data_root() / "catalog", added, other)
    with pytest.raises(CatalogFolderError, match=r"DALSTON_ENGINES_PATH names .*nowhere"):
        CatalogPaths.from_environment({"DALSTON_ENGINES_PATH": str(tmp_path / "nowhere")})


def test_the_data_root_holds_the_catalog() -> None:
    assert (data_root() / "catalog").is_dir()
    assert (data_root() / "engines").is_dir()


def test_loading_forty_files_takes_a_blink(tmp_path: Path) -> None:
    paths = _paths(tmp_path)
    for number in range(40):
        text = MODEL_YAML.replace("id: tiny", f"id: tiny-{number}")
        (tmp_path / "models" / f"tiny-{number}.yaml").write_text(text)
    load_catalog(paths)
    before = process_time()  # of this process alone, however busy the machine is
    assert len(load_catalog(paths).models) == 41
    assert process_time() - before < 0.5
