"""``--shard`` from outside: machines that share a folder do all of it, each recording once."""

import json
from pathlib import Path

import pytest
from tests.cli.terminal import Shell
from tests.support.pipeline_home import write_recording

from dalston_cli.errors import ExitCode

SHARDS = ("1/3", "2/3", "3/3")


@pytest.fixture
def shell(warm_shell: Shell) -> Shell:
    return warm_shell


def talks(folder: Path) -> int:
    """Recordings with names that are told apart only where all of them are known."""
    for number in range(8):
        write_recording(folder / f"day {number % 2}" / f"{number // 2}.wav", seed=number)
    write_recording(folder / "twice.wav", seed=20)
    write_recording(folder / "twice.mp3", seed=21)
    return 10


def transcripts(folder: Path) -> dict[str, object]:
    """Everything that was written, without what a run says about itself."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".json":
            told = json.loads(path.read_text(encoding="utf-8"))
            found[str(path.relative_to(folder))] = {
                name: told[name] for name in ("text", "segments", "recording")
            }
        elif path.is_file():
            found[str(path.relative_to(folder))] = path.read_text(encoding="utf-8")
    return found


def report(out: str) -> dict[str, object]:
    told: dict[str, object] = json.loads(out.splitlines()[-1])["data"]
    return told


@pytest.mark.parametrize("shared", [True, False], ids=["shared-store", "separate-stores"])
def test_shards_are_disjoint_complete_and_the_same_as_the_whole(
    shell: Shell, tmp_path: Path, *, shared: bool
) -> None:
    number = talks(shell.work / "in")
    words = ("transcribe", "in/day 0", "in/day 1", "in", "-f", "txt,json", "--json")
    done, outputs = [], []
    for index, shard in enumerate(SHARDS):
        own = {} if shared else {"DALSTON_STATE_DIR": str(tmp_path / str(index))}
        ended = shell.call(*words, "-o", "parts", "--shard", shard, environ=own)
        assert ended.code == ExitCode.OK, ended.out
        told = report(ended.out)
        assert told["shard"] == {"number": index + 1, "of": 3, "found": number}
        done.append(told["counts"])
        events = [json.loads(line) for line in ended.out.splitlines()]
        outputs += [
            name
            for event in events
            if event["event"] == "job_finished"
            for name in event["outputs"]
        ]
    assert sum(each.get("done", 0) for each in done if isinstance(each, dict)) == number
    assert len(outputs) == len(set(outputs)) == 2 * number

    fresh = {"DALSTON_STATE_DIR": str(tmp_path / "whole")}
    whole = shell.call(*words, "-o", "whole", environ=fresh)
    assert report(whole.out)["counts"] == {"done": number}
    assert "shard" not in report(whole.out)
    assert transcripts(shell.work / "parts") == transcripts(shell.work / "whole")
    again = shell.call(*words, "-o", "parts", environ={} if shared else fresh)
    assert report(again.out)["counts"] == {"unchanged": number}, again.out


def test_a_shard_says_which_part_it_is_and_an_empty_one_is_no_failure(shell: Shell) -> None:
    talks(shell.work / "in")
    said = 0
    for shard in SHARDS:
        words = ("in", "-r", "-o", "out", "-f", "txt", "--shard", shard)
        planned = shell.call("plan", *words)
        [line] = [line for line in planned.out.splitlines() if line.startswith("shard ")]
        number = int(line.split()[4])
        assert line == f"shard {shard[0]} of 3: {number} of 10 recordings"
        noted = json.loads(shell.call("plan", *words, "--json").out)["data"]
        assert noted["counts"] == ({"new": number} if number else {})
        assert noted["shard"] == {"number": int(shard[0]), "of": 3, "found": 10}
        said += number
    assert said == 10
    write_recording(shell.work / "one" / "a.wav")
    one = ("transcribe", "one", "-o", "out", "-f", "txt", "--shard")
    alone = [shell.call(*one, shard) for shard in SHARDS]
    assert [each.code for each in alone] == [ExitCode.OK] * 3
    assert sorted("of 3: 0 of 1 recording\n" in each.err for each in alone) == [
        False,
        True,
        True,
    ]
    assert (shell.work / "out" / "a.txt").exists()
    noted = json.loads(shell.call("runs", "list", "--json").out)["data"]
    assert [run["shard"] for run in noted] == [
        {"number": number, "of": 3, "found": 1} for number in (3, 2, 1)
    ]
    assert "shard 1/3: " in shell.call("runs", "list").out
    assert "shard 3 of 3: " in shell.call("runs", "show").out


def test_a_manifest_is_shared_and_a_missing_recording_is_told_once(shell: Shell) -> None:
    talks(shell.work / "in")
    rows = [f"in/day {n % 2}/{n // 2}.wav,{n:02},en" for n in range(8)] + ["in/gone.wav,gone,en"]
    manifest = shell.work / "list.csv"
    manifest.write_text("\n".join(["path,output,language", *rows]) + "\n", encoding="utf-8")
    command = ("transcribe", "--manifest", "list.csv", "-o", "out", "-f", "txt", "--json")
    ended = [shell.call(*command, "--shard", shard) for shard in SHARDS]
    failed = [
        error["recording"]
        for each in ended
        for error in json.loads(each.out.splitlines()[-1])["errors"]
    ]
    assert failed == ["in/gone.wav"]
    written = sorted(path.name for path in (shell.work / "out").iterdir())
    assert written == [f"{number:02}.txt" for number in range(8)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(("in", "--shard", "/3"), "is the variable set", id="unset"),
        pytest.param(("in", "--shard", "0/3"), "numbered 1 to 3", id="from-zero"),
        pytest.param(("-", "--shard", "1/3"), "--files-from names.txt", id="standard-input"),
    ],
)
def test_what_cannot_be_sharded(shell: Shell, words: tuple[str, ...], told: str) -> None:
    write_recording(shell.work / "in" / "a.wav")
    for command in ("transcribe", "plan"):
        refused = shell.call(command, *words)
        assert refused.code == ExitCode.USAGE
        assert told in refused.err


def test_names_from_standard_input_are_shared(shell: Shell) -> None:
    talks(shell.work / "in")
    listed = "".join(f"in/day {n % 2}/{n // 2}.wav\n" for n in range(8)).encode()
    command = ("transcribe", "--files-from", "-", "-o", "out", "-f", "txt", "--json")
    ended = [shell.call(*command, "--shard", shard, stdin=listed) for shard in SHARDS]
    counts = [report(each.out)["counts"] for each in ended]
    assert sum(each.get("done", 0) for each in counts if isinstance(each, dict)) == 8
    assert len(list((shell.work / "out").rglob("*.txt"))) == 8
