"""The models commands against a real server: killed and doubled as processes, offline."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.support.hub import Fault, HubRepo, HubServer, running_hub
from tests.support.hub.entries import model_fields, write_catalog
from tests.support.in_process import run_dalston

from dalston_cli.catalog.weights.layout import ModelFolder
from dalston_sdk.wire import Stage

SIZE = 1_000_000
DALSTON = (sys.executable, "-m", "dalston_cli")
TIMEOUT_S = 180


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with running_hub({"test/tiny": HubRepo.tiny(SIZE)}) as server:
        yield server


@pytest.fixture
def environment(hub: HubServer, tmp_path: Path) -> dict[str, str]:
    mine = tmp_path / "mine.bin"
    mine.write_bytes(b"mine")
    models = (
        model_fields(languages=["en", "de"], rank=5, aliases=["smallest", "test/smallest"]),
        model_fields(id="gated", gated=True, licence="CC-BY-4.0", languages=["en"] * 9),
        model_fields(
            id="linked",
            source={"kind": "file", "path": str(mine)},
            languages=["en", "de"],
            stage_languages={"transcribe": ["en"]},
        ),
        model_fields(id="inside", source={"kind": "bundled", "package": "pocketsphinx"}),
    )
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    return coverage | hub.environment | write_catalog(tmp_path, *models)


def _dalston(
    environment: Mapping[str, str], *words: str, code: int = 0
) -> subprocess.CompletedProcess[str]:
    done = run_dalston("models", *words, environ=environment)
    assert done.returncode == code, done.stderr + done.stdout
    return done


def _data(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)["data"]


def _start_pull(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*DALSTON, "models", "pull", "tiny"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGKILL, -signal.SIGKILL, id="kill"),
        pytest.param(signal.SIGINT, 130, id="ctrl-c"),
    ],
)
def test_an_interrupted_pull_goes_on_where_it_was(
    hub: HubServer, environment: dict[str, str], number: int, code: int
) -> None:
    hub.state.faults.append(Fault(path="model.bin", pause_s=0.05, stall_after=SIZE // 2, times=1))
    running = _start_pull(environment)
    hub.wait_until_sent("model.bin", SIZE // 2)
    child = psutil.Process(running.pid).children()
    running.send_signal(number)
    assert running.wait(TIMEOUT_S) == code
    psutil.wait_procs(child, timeout=TIMEOUT_S)
    assert not any(process.is_running() for process in child)
    _dalston(environment, "list", "--json")

    _dalston(environment, "pull", "tiny")
    ranges = [asked.range for asked in hub.state.asked if asked.path.endswith("model.bin")]
    assert ranges[0] is None
    assert ranges[1] is not None
    assert int(ranges[1].removeprefix("bytes=").removesuffix("-")) > SIZE // 3
    assert hub.sent("model.bin") < SIZE * 1.2
    assert "good" in _dalston(environment, "verify", "tiny").stdout


def test_a_killed_pull_shows_as_partial(hub: HubServer, environment: dict[str, str]) -> None:
    hub.state.faults.append(Fault(path="model.bin", stall_after=SIZE // 2))
    running = _start_pull(environment)
    hub.wait_until_sent("model.bin", SIZE // 2)
    running.kill()
    running.wait(TIMEOUT_S)
    (row,) = [row for row in _data(_dalston(environment, "list", "--json")) if row["id"] == "tiny"]
    assert row["state"] == "partial"
    (usage,) = _data(_dalston(environment, "du", "--json"))["models"]
    assert usage["partial"] > 0
    _dalston(environment, "rm", "-y", "tiny")
    assert _data(_dalston(environment, "du", "--json"))["total_bytes"] == 0


def test_two_processes_download_once(hub: HubServer, environment: dict[str, str]) -> None:
    hub.state.faults.append(Fault(path="model.bin", pause_s=0.03))
    both = [_start_pull(environment) for _ in range(2)]
    assert [one.wait(TIMEOUT_S) for one in both] == [0, 0]
    assert hub.sent("model.bin") == SIZE
    folder = ModelFolder(
        models=Path(environment["DALSTON_MODELS_DIR"]), engine="example", model="tiny"
    )
    assert not (folder.models / ".partial").exists()


def test_a_silent_hub_is_refused_in_time_with_a_hint(
    hub: HubServer, environment: dict[str, str]
) -> None:
    hub.state.faults.append(Fault(silent=True))
    done = _dalston(environment | {"DALSTON_HUB_TIMEOUT_S": "2"}, "pull", "tiny", code=5)
    assert "error: the hub sent nothing for 2 s" in done.stderr
    assert "hint: run `dalston models pull tiny` again" in done.stderr


@pytest.mark.slow  # waits as long as a user has to, by default 20 s
def test_a_silent_hub_is_refused_within_30_s_by_default(
    hub: HubServer, environment: dict[str, str]
) -> None:
    hub.state.faults.append(Fault(silent=True))
    running = _start_pull(environment)
    assert running.wait(30) == 5


def test_gated_is_explained(environment: dict[str, str]) -> None:
    done = _dalston(environment, "pull", "gated", "--json", code=5)
    (error,) = json.loads(done.stdout)["errors"]
    assert error["code"] == "gated"
    assert "https://huggingface.co/test/tiny" in error["hint"]


def test_offline_opens_no_connection(hub: HubServer, environment: dict[str, str]) -> None:
    done = _dalston(environment, "pull", "tiny", "--offline", code=5)
    assert "the network may not be used" in done.stderr
    _dalston(environment | {"DALSTON_OFFLINE": "1"}, "pull", "tiny", code=5)
    assert hub.state.asked == []


def test_the_life_of_a_model(environment: dict[str, str]) -> None:
    assert "tiny is installed" in _dalston(environment, "pull", "tiny", "linked").stderr
    assert "tiny is installed already" in _dalston(environment, "pull", "tiny").stderr
    assert "good" in _dalston(environment, "verify").stdout

    weights = Path(environment["DALSTON_MODELS_DIR"]) / "example" / "tiny" / "model.bin"
    content = bytearray(weights.read_bytes())
    content[SIZE // 3] ^= 8
    weights.write_bytes(content)
    done = _dalston(environment, "verify", code=5)
    assert "hint: run `dalston models pull --again tiny`" in done.stderr
    envelope = json.loads(_dalston(environment, "verify", "--json", code=5).stdout)
    assert envelope["errors"][0]["code"] == "damaged"
    assert {one["model"]: bool(one["problems"]) for one in envelope["data"]} == {
        "tiny": True,
        "linked": False,
    }
    _dalston(environment, "pull", "--again", "tiny")
    _dalston(environment, "verify", "tiny")

    refused = _dalston(environment, "rm", "tiny", code=2)
    assert "dalston models rm -y tiny" in refused.stderr
    (removed,) = _data(_dalston(environment, "rm", "-y", "tiny", "--json"))
    assert removed["freed_bytes"] > SIZE
    assert "not installed" in _dalston(environment, "rm", "-y", "tiny", code=5).stderr


def test_every_command_takes_another_name_of_a_model(environment: dict[str, str]) -> None:
    done = _dalston(environment, "pull", "smallest", "tiny", "test/smallest", "--json")
    assert [model["id"] for model in _data(done)] == ["tiny"]
    assert "also:       smallest, test/smallest" in _dalston(environment, "show", "smallest").stdout
    (verified,) = _data(_dalston(environment, "verify", "smallest", "tiny", "--json"))
    assert verified["model"] == "tiny"
    (removed,) = _data(_dalston(environment, "rm", "-y", "smallest", "tiny", "--json"))
    assert removed["id"] == "tiny"


def test_list(environment: dict[str, str]) -> None:
    mine = {"tiny", "gated", "linked", "inside"}
    rows = {row["id"]: row for row in _data(_dalston(environment, "list", "--json"))}
    assert mine <= set(rows)
    assert rows["tiny"]["state"] == "no"
    assert rows["inside"]["state"] == "bundled"
    here = _data(_dalston(environment, "list", "--installed", "--json"))
    assert {row["id"] for row in here} & mine == {"inside", "linked"}
    assert rows["linked"]["state"] == "here"
    table = _dalston(environment, "list", "--stage", "transcribe").stdout.splitlines()
    assert table[0].split() == ["ID", "ALSO", "STAGE", "LANGUAGES", "SIZE", "LICENCE", "INSTALLED"]
    assert any(line.split()[:2] == ["tiny", "smallest"] for line in table)
    assert rows["tiny"]["aliases"] == ["smallest", "test/smallest"]
    assert any("CC-BY-4.0 (gated)" in line and " 9 " in line for line in table)
    aligners = _data(_dalston(environment, "list", "--stage", "align", "--json"))
    assert not {row["id"] for row in aligners} & mine
    refiners = _data(_dalston(environment, "list", "--stage", "refine", "--json"))
    for words in (("--stage", "refine,align"), ("--stage", "align", "--stage", "Refine")):
        both = _data(_dalston(environment, "list", *words, "--json"))
        assert {row["id"] for row in both} == {row["id"] for row in [*aligners, *refiners]}
        assert all({"refine", "align"} & set(row["stages"]) for row in both)
    wrong = _dalston(environment, "list", "--stage", "align,diarise", code=2)
    assert "did you mean `diarize`?" in wrong.stderr


def test_list_begins_with_what_people_need(environment: dict[str, str]) -> None:
    rows = _data(_dalston(environment, "list", "--json"))
    assert rows == _data(_dalston(environment, "list", "--all", "--json"))
    everything = _dalston(environment, "list", "--all")
    assert len(everything.stdout.splitlines()) == len(rows) + 1
    assert "models list --all" not in everything.stderr

    done = _dalston(environment, "list")
    lines = [line.split() for line in done.stdout.splitlines()[1:]]
    left_out = len(rows) - len(lines)
    assert left_out > 40
    assert f"{left_out} more: dalston models list --all\n" in done.stderr
    assert {"tiny", "gated", "linked", "inside"} < {line[0] for line in lines}
    stages = [line[2].split(",")[0] for line in lines]
    assert stages == sorted(stages, key=[stage.value for stage in Stage].index)
    states = [line[-1] for line in lines if line[2].startswith("transcribe")]
    assert states[0] == "bundled"
    assert states == sorted(states)

    named = _data(_dalston(environment, "list", "SMALLEST", "large-v3-turbo-diarize", "--json"))
    assert {row["id"] for row in named} == {"tiny", "whisperx-large-v3-turbo-diarize"}
    shown = _dalston(environment, "list", "large-v3-turbo-diarize", "--stage", "transcribe")
    assert len(shown.stdout.splitlines()) == 2
    assert "more:" not in shown.stderr
    assert _dalston(environment, "list", "nothing-like-it").stderr == "there is no such model\n"

    aligners = _dalston(environment, "list", "--stage", "align")
    assert "more: dalston models list --all --stage align\n" in aligners.stderr


def test_show(environment: dict[str, str]) -> None:
    text = _dalston(environment, "show", "tiny").stdout
    assert "hf:test/tiny@main *.bin *.json" in text
    data = _data(_dalston(environment, "show", "tiny", "--json"))
    assert data["model"]["source"]["repo"] == "test/tiny"
    assert data["installation"]["installed"] is False
    assert "en, de; to transcribe: en\n" in _dalston(environment, "show", "linked").stdout
    wrong = _dalston(environment, "show", "tinny", code=2)
    assert "did you mean `tiny`?" in wrong.stderr


def test_du_and_rm_know_models_that_left_the_catalog(
    environment: dict[str, str], tmp_path: Path
) -> None:
    _dalston(environment, "pull", "tiny")
    (tmp_path / "entries" / "tiny.yaml").unlink()
    assert "tiny" in _dalston(environment, "du").stdout
    _dalston(environment, "rm", "-y", "tiny")
    assert "nothing is here" in _dalston(environment, "du").stderr


def test_bundled_models_cannot_be_removed(environment: dict[str, str]) -> None:
    done = _dalston(environment, "rm", "-y", "inside", code=2)
    assert "is part of its engine" in done.stderr


def test_a_wrong_catalog_ends_with_4_and_the_line(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "entries" / "tiny.yaml").write_text("id: tiny\nid: again\n")
    done = _dalston(environment, "list", code=4)
    assert "tiny.yaml:2: `id` stands already on line 1" in done.stderr


def test_an_entry_of_the_users_own_is_noted(environment: dict[str, str], tmp_path: Path) -> None:
    more = tmp_path / "more"
    more.mkdir()
    (more / "tiny.yaml").write_text((tmp_path / "entries" / "tiny.yaml").read_text())
    paths = os.pathsep.join([environment["DALSTON_CATALOG_PATH"], str(more)])
    done = _dalston(environment | {"DALSTON_CATALOG_PATH": paths}, "list")
    assert "takes the place of the model `tiny`" in done.stderr


def test_the_hub_runs_as_a_program(environment: dict[str, str], tmp_path: Path) -> None:
    weights = tmp_path / "tiny"
    weights.mkdir()
    (weights / "model.bin").write_bytes(b"served" * 20_000)
    root = Path(__file__).parents[2]
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.support.hub", str(weights)],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        _dalston(environment | {"HF_ENDPOINT": url}, "pull", "tiny")
        assert program.stdin is not None
        program.stdin.close()
    assert program.returncode == 0
