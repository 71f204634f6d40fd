"""``dalston eval``, as a person types it."""

import json
import re
from pathlib import Path

import pytest
from tests.cli.terminal import Shell
from tests.support.indexed import put
from tests.support.pipeline_home import write_recording
from tests.support.transcripts import segment

from dalston_cli.app import main
from dalston_cli.errors import ExitCode

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def talks() -> None:
    """Two references, and a transcript of each."""
    right = Path("right")
    right.mkdir()
    (right / "a.txt").write_text("Good morning, everybody <b>here</b>\n", encoding="utf-8")
    (right / "b.txt").write_text("It's two o'clock\n", encoding="utf-8")
    put(Path("out/a.json"), [segment("good evening everybody <b>here</b>", 0.0, 2.0)])
    for name in ("c", "d"):
        put(Path(f"other/{name}.json"), "something else")
    put(Path("out/b.json"), [segment("It is 2 o'clock", 0.0, 2.0)])


@pytest.mark.usefixtures("talks")
def test_a_person_sees_a_line_for_each_recording_and_the_texts(capsys: Captured) -> None:
    words = ("eval", "right", "out", "--normaliser", "plain", "--show")
    assert main([*words]) == 0

    out, err = capsys.readouterr()
    rows = {line.split()[0]: re.split(r"\s{2,}", line) for line in out.splitlines() if line}
    assert rows["a"][:3] == ["a", "16.7 %", "1, 0, 0"]
    assert rows["b"][:3] == ["b", "100.0 %", "2, 0, 1"]
    assert rows["all"][:3] == ["all", "44.4 %", "3, 0, 1"]
    assert "good [-morning-] {+evening+} everybody" in out
    assert "form of the normaliser plain" in err
    assert "tcpWER" not in err  # no score of speakers, no rules of them


@pytest.mark.usefixtures("talks")
def test_programs_get_every_figure(capsys: Captured) -> None:
    assert main(["eval", "right", "out", "-l", "English", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert data["rules"]["normaliser"] == "whisper"
    assert data["rules"]["language"] == "en"
    [outcome] = data["outcomes"]
    figures = {each["name"]: each for each in outcome["recordings"]}
    assert figures["b"]["wer"] == 0
    assert figures["a"]["wer_counts"]["substitutions"] == 1
    assert outcome["interval"] is None  # of two recordings
    assert "alignment" not in figures["a"]


@pytest.mark.usefixtures("talks")
def test_programs_get_the_texts_with_show(capsys: Captured) -> None:
    assert main(["eval", "right", "out", "--normaliser", "plain", "--show", "--json"]) == 0
    [outcome] = json.loads(capsys.readouterr().out)["data"]["outcomes"]
    [first, _] = outcome["recordings"]
    steps = [(each["kind"], each["reference"], each["hypothesis"]) for each in first["alignment"]]
    assert steps[:2] == [("equal", ["good"], ["good"]), ("substitute", ["morning"], ["evening"])]
    assert [word for _, said, _ in steps for word in said][2:3] == ["everybody"]
    assert "alignment" not in outcome["all"]


@pytest.mark.usefixtures("talks")
def test_a_page_shows_errors_and_no_markup_of_a_text(capsys: Captured) -> None:
    assert main(["eval", "right", "out", "--normaliser", "none", "--report", "scores.html"]) == 0
    page = Path("scores.html").read_text(encoding="utf-8")
    assert "<del>Good morning,</del> <ins>good evening</ins> everybody &lt;b&gt;here" in page
    assert "<b>" not in page
    assert "default-src 'none'" in page
    capsys.readouterr()


@pytest.mark.usefixtures("talks")
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        pytest.param(("right",), 2, "either transcripts or models", id="nothing to compare"),
        pytest.param(("right", "out", "--models", "x"), 2, "either transcripts", id="both"),
        pytest.param(("right", "out", "--diarize"), 2, "are for --models", id="no effect"),
        pytest.param(("right", "other"), 3, "no file of other has the name", id="pairs"),
        pytest.param(("right", "nowhere"), 2, "nowhere does not exist", id="missing"),
        pytest.param(("right", "out", "-l", "klingonese"), 2, "did you mean", id="language"),
        pytest.param(("right", "out", "--report", "x.txt"), 2, "no name of a page", id="page"),
        pytest.param(("right", "--models", "x"), 3, "no recording in right", id="no recordings"),
    ],
)
def test_what_cannot_be_done_is_said(
    words: tuple[str, ...], code: int, message: str, capsys: Captured
) -> None:
    assert main(["eval", *words]) == code
    assert message in capsys.readouterr().err


def trial(warm_shell: Shell, *models: str) -> tuple[str, ...]:
    """Two recordings with references, and the command that tries models on them."""
    for name in ("a", "b"):
        write_recording(warm_shell.work / f"right/{name}.wav")
        (warm_shell.work / f"right/{name}.txt").write_text("one two", encoding="utf-8")
    return ("eval", "right", "--models", ",".join(models))


def test_each_model_is_named_above_its_run_and_no_temporary_folder_is(warm_shell: Shell) -> None:
    done = warm_shell.call(*trial(warm_shell, "speech", "speech-raises"))
    assert done.code == ExitCode.SOME_FAILED, done.err
    lines = done.err.splitlines()
    first, second = lines.index("model 1 of 2: speech"), lines.index("model 2 of 2: speech-raises")
    done_names = {line.split()[1] for line in lines[first:second] if line.startswith("done: ")}
    assert done_names == {"right/a.wav", "right/b.wav"}  # whichever was done first
    assert any(line.startswith("failed: right/a.wav") for line in lines[second:])
    assert any(line.startswith("2 recordings: 2 done") for line in lines[first:second])
    assert any("speech-raises transcribed nothing" in line for line in lines[second:])
    assert "dalston-eval" not in done.err


def test_a_terminal_shows_the_run_and_programs_get_one_result(warm_shell: Shell) -> None:
    words = trial(warm_shell, "speech")
    shown = warm_shell.watch(*words)
    assert shown.code == 0, shown.err
    assert "model 1 of 1: speech" in shown.err
    assert "dalston-eval" not in shown.err
    done = warm_shell.call(*words, "--json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["data"]["outcomes"][0]["model"] == "speech"


def test_a_model_that_nobody_knows_is_told_with_its_reason(warm_shell: Shell) -> None:
    done = warm_shell.call(*trial(warm_shell, "speach"))
    assert done.code != 0
    assert "model 1 of 1: speach" in done.err
    assert "did you mean" in done.err or "dalston models" in done.err
