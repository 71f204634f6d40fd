"""The benchmarks beside the peers: turns, ratios, goals, the page, and what pins the peers."""

import re
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import benchmarks.__main__
import psutil
import pytest
from benchmarks.measurement import Measurement
from benchmarks.peers.benchmark import FULL, Contender, ContenderError, Goal, better_of, over
from benchmarks.peers.environments import LOCKS, environment_of, versions
from benchmarks.peers.machinery import docker_over_local, efficiency, files_per_second
from benchmarks.peers.page import PAGE, PLOT, render
from benchmarks.peers.plot import draw
from benchmarks.peers.profiling import place_of
from benchmarks.peers.results import (
    KEPT,
    Cost,
    Finding,
    Machine,
    Outcome,
    Results,
    Timing,
    read,
    write,
)
from benchmarks.peers.speech import long_file, short_files
from benchmarks.peers.table import BENCHMARKS
from benchmarks.peers.texts import words_that_differ
from benchmarks.peers.timing import take_turns
from msgspec.structs import replace
from tests.support.recordings import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ROOT / "engines"


def test_contenders_take_turns_and_a_slow_peer_is_not_repeated() -> None:
    order: list[str] = []
    now = 0.0

    def work(name: str, seconds: float) -> Callable[[], None]:
        def run() -> None:
            nonlocal now
            order.append(name)
            now += seconds

        return run

    contenders = [
        Contender(name="dalston", run=work("dalston", 20.0)),
        Contender(name="quick", run=work("quick", 2.0), is_peer=True),
        Contender(name="slow", run=work("slow", 20.0), is_peer=True),
    ]

    timings = take_turns(contenders, 3, clock=lambda: now)

    assert order == ["dalston", "quick", "slow", "dalston", "quick", "dalston", "quick"]
    assert {name: timing.runs for name, timing in timings.items()} == {
        "dalston": 3,
        "quick": 3,
        "slow": 1,
    }
    assert [timing.seconds for timing in timings.values()] == [20.0, 2.0, 20.0]


def test_a_server_that_ends_meanwhile_costs_nothing_and_stops_nothing() -> None:
    server = subprocess.Popen(["sleep", "60"])

    def work() -> None:
        server.kill()
        server.wait()

    contender = Contender(name="dalston", run=work, servers=lambda: found, command=("true",))
    found = [psutil.Process(server.pid)]
    [timing] = take_turns([contender], 1).values()
    assert timing.runs == 1
    assert 0 <= timing.processor_s < 1


def test_ratios() -> None:
    seconds = {"dalston": 2.0, "one": 6.0, "two": 5.0}
    assert better_of(("one", "two", "not here"), "dalston")(seconds) == 2.5
    assert over("dalston", "two")(seconds) == 0.4
    null = {"50 files, local": 2.0, "1050 files, local": 7.0}
    assert files_per_second(null) == pytest.approx(200)
    both = null | {"50 files, docker": 3.0, "1050 files, docker": 9.0}
    assert docker_over_local(both) == pytest.approx(1.2)
    workers = {"8 files, 1 workers": 9.0, "72 files, 1 workers": 41.0}
    workers |= {"8 files, 4 workers": 11.0, "72 files, 4 workers": 21.0}
    assert efficiency(4)(workers) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("goal", "ratio", "expected"),
    [
        (Goal(value=1.5, at_least=True), 1.5, True),
        (Goal(value=1.5, at_least=True), 1.49, False),
        (Goal(value=1.05), 1.054, True),
        (Goal(value=1.05), 1.06, False),
    ],
)
def test_a_goal_is_met_by_the_ratio_as_it_is_printed(
    goal: Goal, ratio: float, *, expected: bool
) -> None:
    assert goal.is_met(ratio) is expected


def test_every_benchmark_has_a_name_of_its_own_and_none_runs_unasked() -> None:
    names = [each.name for each in BENCHMARKS]
    assert len(set(names)) == len(names)
    assert "peers" not in benchmarks.__main__.NAMES
    assert FULL.rounds >= 5


def test_short_files_are_all_different_and_the_same_each_time(tmp_path: Path) -> None:
    one, two = (short_files(EXAMPLES, tmp_path / name, 12) for name in ("one", "two"))
    contents = [path.read_bytes() for path in sorted(one.iterdir())]
    assert len(set(contents)) == 12
    assert contents == [path.read_bytes() for path in sorted(two.iterdir())]
    lengths = [_seconds(path) for path in one.iterdir()]
    assert 2 <= min(lengths) < max(lengths) <= 9


def test_a_long_file_has_the_length_that_was_asked_for(tmp_path: Path) -> None:
    assert _seconds(long_file(EXAMPLES, tmp_path / "long.wav", 300)) == 300


def nothing() -> None:
    pass


def _seconds(path: Path) -> float:
    with wave.open(str(path), "rb") as file:
        return file.getnframes() / file.getframerate()


def test_texts_are_compared_with_the_first_peer_s(tmp_path: Path) -> None:
    texts = {"dalston": "One, two. Four!", "peer": "one two three four", "other": "one two"}
    for name, text in texts.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.txt").write_text(text, encoding="utf-8")
    contenders = [
        Contender(name=name, run=nothing, texts=tmp_path / name, is_peer=name != "dalston")
        for name in texts
    ]

    assert words_that_differ(contenders) == {"dalston": 0.25, "peer": 0, "other": 0.5}
    assert words_that_differ([Contender(name="decoder", run=nothing)]) == {}


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        pytest.param(
            "main (dalston_cli/app.py:9);load (dalston_cli/catalog/load.py:5)",
            "load (dalston_cli/catalog/load.py)",
            id="own",
        ),
        pytest.param(
            "load (dalston_cli/catalog/load.py:5);a (yaml/a.py:1);b (yaml/b.py:2)",
            "load (dalston_cli/catalog/load.py), in b (yaml/b.py)",
            id="library",
        ),
        pytest.param(
            "main (dalston_cli/app.py:9);_find_and_load (<frozen importlib._bootstrap>:1176);"
            "<module> (pydantic/main.py:3)",
            "import of pydantic by dalston_cli/app.py",
            id="import",
        ),
        pytest.param(
            "convert (segments.py:1);encode (faster_whisper/transcribe.py:2);encode (sharing.py:9)",
            "convert (segments.py), in encode (sharing.py): native code of ctranslate2",
            id="native",
        ),
        pytest.param("run (threading.py:1)", "run (threading.py)", id="neither"),
        pytest.param("?", "", id="no-frame"),
    ],
)
def test_a_sample_counts_for_a_place(stack: str, expected: str) -> None:
    assert place_of(stack.split(";")) == expected


def results(*outcomes: Outcome, cores: int = 2) -> Results:
    return Results(
        machine=Machine(
            processor="A", cores=cores, memory_gb=8, system="Linux x86_64", python="3.11.2"
        ),
        speech="real speech",
        versions={"dalston": "0.1.0", "whisperx": "3.8.6"},
        outcomes=outcomes,
    )


def outcome(name: str, seconds: float = 2.0, other_work: float | None = 0.01) -> Outcome:
    timing = Timing(seconds=seconds, least_s=1, most_s=3, processor_s=4, runs=5)
    finding = Finding(name="over", value=1.254, processor=1.5, goal="≤ 1.1", is_met=False)
    return Outcome(
        benchmark=name,
        what=f"work of {name}",
        model="tiny.en",
        measured="2026-11-29",
        other_work=other_work,
        findings=(finding,),
        timings={"dalston": timing},
        costs=(Cost(process="engine", where="f (a.py)", percent=41.6),),
    )


def test_the_page_has_ratios_seconds_costs_and_what_was_not_run() -> None:
    not_run = replace(outcome("d"), model="", findings=(), timings={}, costs=(), not_run="none")
    page = render(results(outcome("a"), not_run))
    assert "| `a`: work of a | tiny.en | over | **1.25** | 1.50 | ≤ 1.1 | missed |" in page
    assert "| `a` | tiny.en | dalston | 2.00 s | 1.00 to 3.00 | 4.00 s | 5 |  |" in page
    assert "* 42 % of the engine: `f (a.py)`" in page
    assert "| `d`: work of d | none | not run: none | | | | |" in page
    assert "whisperx 3.8.6" in page
    waited = replace(outcome("a").findings[0], processor=None)
    page = render(results(replace(outcome("a"), findings=(waited,))))
    assert "| over | **1.25** |  | ≤ 1.1 | missed |" in page
    assert "other work had 1% of the processor at most" in page
    assert "can be trusted" not in page
    assert "stands in the way" not in page, "nothing is known of these benchmarks"
    page = render(results(outcome("decode")))
    assert "* `decode`: The decoder and the resampler of the media library" in page
    page = render(
        results(outcome("a"), outcome("b", other_work=0.6), outcome("c", other_work=None))
    )
    assert "**Other work had up to 60% of the processor before `b` tiny.en" in page
    assert "before `c` tiny.en was not measured" in page


def test_a_benchmark_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        benchmarks.__main__.main(["startup", "strtup"])
    assert ended.value.code == 2
    assert "strtup is none of startup, planning" in capsys.readouterr().err


def test_what_missed_its_limit_is_named_below_the_table() -> None:
    figures = [
        ("rerun", Measurement(name="again", value=2.9, unit="s", limit=1.5)),
        ("rerun", Measurement(name="again over many", value=2.9, unit="s", limit=3)),
        ("startup", Measurement(name="help", value=9, unit="x")),
    ]
    assert list(benchmarks.__main__.missed(figures)) == [
        "missed: rerun: again: 2.90 s, limit 1.5 s"
    ]


def test_a_peer_that_cannot_be_installed_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(ContenderError, match=r"py-spy could not be built\n(.|\n)*127\.0\.0\.1:9"):
        environment_of("py-spy", tmp_path)
    assert not list((tmp_path / "peers").glob("py-spy*[!t]")), "nothing that looks complete"


def test_results_of_one_machine_are_joined(tmp_path: Path) -> None:
    older = results(outcome("a", 2.0), outcome("b", 3.0))
    write(older, tmp_path / "results.json")
    kept = read(tmp_path / "results.json")
    assert kept == older
    joined = results(outcome("a", 9.0)).joined(kept, ["b", "a"])
    assert [each.timings["dalston"].seconds for each in joined.outcomes] == [3.0, 9.0]
    assert results().joined(kept, ["a"]).outcomes == older.outcomes[:1]
    elsewhere = results(outcome("a"), cores=64)
    assert elsewhere.joined(kept, ["a", "b"]) == elsewhere
    assert read(tmp_path / "none.json") is None


def test_the_page_and_its_plot_are_those_of_the_kept_results() -> None:
    kept = read(KEPT)
    assert kept is not None
    assert PAGE.read_text(encoding="utf-8") == render(kept), "run scripts/bench peers"
    assert PLOT.read_text(encoding="utf-8") == draw(kept)


def test_the_peer_s_library_is_the_engine_s() -> None:
    ours = _pins(ENGINES / "transcribe" / "faster-whisper" / "requirements.lock")
    theirs = _pins(LOCKS["whisper-ctranslate2"])
    for name in ("faster-whisper", "ctranslate2", "onnxruntime", "tokenizers"):
        assert theirs[name] <= ours[name], name


def _pins(lock: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z][\w.-]*)==([\w.+]+)", lock.read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def test_the_versions_of_the_peers_are_told() -> None:
    assert dict(versions()).items() >= {"whisperx": "3.8.6", "torch": "2.13.0+cpu"}.items()


@pytest.mark.parametrize("name", LOCKS)
def test_the_peers_packages_have_hashes(name: str) -> None:
    blocks = re.split(r"\n(?=\S)", LOCKS[name].read_text(encoding="utf-8").strip())
    assert all(block.startswith("#") or "--hash=sha256:" in block for block in blocks)
