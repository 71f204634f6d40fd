"""Recordings that cannot be used: named once, accepted, and no alarm until they change."""

import json

import pytest
from tests.cli.terminal import Shell
from tests.support.pipeline_home import write_recording

from dalston_cli.errors import ExitCode

WORDS = ("transcribe", "in", "-o", "out", "-f", "txt", "--model", "speech")


@pytest.fixture
def shell(warm_shell: Shell) -> Shell:
    """A folder with a recording, one that was cut to its first bytes, and an empty one."""
    warm_shell.environ["DALSTON_OFFLINE"] = "yes"
    good = write_recording(warm_shell.work / "in" / "a.wav")
    (warm_shell.work / "in" / "bad.wav").write_bytes(good.read_bytes()[:30])
    (warm_shell.work / "in" / "empty.wav").touch()
    return warm_shell


def test_one_that_is_accepted_is_no_alarm_until_it_changes(shell: Shell) -> None:
    first = shell.call(*WORDS)
    assert first.code == ExitCode.SOME_FAILED
    command = "dalston runs accept in/bad.wav in/empty.wav"
    assert f"hint: to accept it until it changes: {command}\n" in first.err

    accepted = shell.call(*command.split()[1:], "--json")
    assert accepted.code == ExitCode.OK
    assert [each["accepted"] for each in json.loads(accepted.out)["data"]] == [True, True]

    quiet = shell.call(*WORDS)
    assert quiet.code == ExitCode.OK
    assert "2 known bad, 1 unchanged" in quiet.err
    assert "bad.wav" not in quiet.err
    told = json.loads(shell.call(*WORDS, "--json").out.splitlines()[-1])
    assert (told["data"]["counts"], told["errors"]) == ({"known_bad": 2, "unchanged": 1}, [])
    assert "known bad: in/bad.wav" in shell.call(*WORDS, "-v").err

    bad = shell.work / "in" / "bad.wav"
    moved = bad.rename(bad.with_name("moved.wav"))
    assert shell.call(*WORDS).code == ExitCode.OK, "it has not changed"
    moved.rename(bad)
    bad.write_bytes(bad.read_bytes()[:29])
    changed = shell.call(*WORDS)
    assert changed.code == ExitCode.SOME_FAILED
    assert "dalston runs accept in/bad.wav\n" in changed.err

    assert shell.call("runs", "accept", "in").code == ExitCode.OK
    assert shell.call(*WORDS).code == ExitCode.OK
    assert shell.call("runs", "accept", "--undo", "in/empty.wav").code == ExitCode.OK
    assert "dalston runs accept in/empty.wav\n" in shell.call(*WORDS).err


def test_all_that_was_named_may_be_accepted(shell: Shell) -> None:
    assert shell.call(*WORDS, "--accept-known-bad").code == ExitCode.SOME_FAILED
    assert shell.call(*WORDS, "--accept-known-bad").code == ExitCode.OK
    assert shell.call(*WORDS).code == ExitCode.SOME_FAILED, "accepted while the option is given"

    (shell.work / "in" / "new.wav").write_text("no sound", encoding="utf-8")
    found = shell.call(*WORDS, "--accept-known-bad")
    assert found.code == ExitCode.SOME_FAILED
    assert "new.wav" in found.err
    assert "failed: in/bad.wav" not in found.err
    shell.environ["DALSTON_ACCEPT_KNOWN_BAD"] = "yes"
    assert shell.call(*WORDS).code == ExitCode.OK


def test_nothing_else_can_be_accepted(shell: Shell) -> None:
    good = shell.call("runs", "accept", "in/a.wav")
    assert (good.code, "in/a.wav was not refused by any run" in good.err) == (ExitCode.USAGE, True)
    folder = shell.call("runs", "accept", "in")
    assert (folder.code, "has no recording that" in folder.err) == (ExitCode.USAGE, True)
    missing = shell.call("runs", "accept", "in/none.wav")
    assert (missing.code, "does not exist" in missing.err) == (ExitCode.INPUT, True)

    shell.call(*WORDS)
    bad = shell.work / "in" / "bad.wav"
    bad.write_bytes(bad.read_bytes() + b"more")
    changed = shell.call("runs", "accept", "in/empty.wav", "in/bad.wav")
    assert (changed.code, "has changed since" in changed.err) == (ExitCode.USAGE, True)
    assert "dalston runs accept in/bad.wav in/empty.wav" in shell.call(*WORDS).err, "all or none"


def test_a_recording_that_is_missing_or_locked_stays_an_alarm(shell: Shell) -> None:
    gone = ("transcribe", "in/gone.wav", "in/a.wav", "-o", "out", "--model", "speech")
    for _ in range(2):
        done = shell.call(*gone, "--accept-known-bad")
        assert done.code == ExitCode.SOME_FAILED
        assert "runs accept" not in done.err


@pytest.mark.parametrize(
    "option", [("--channels", "1"), ("--audio-track", "1"), ("--clip", "60-"), ("--clip", "0-0.01")]
)
def test_what_other_options_would_mend_is_no_bad_recording(
    shell: Shell, option: tuple[str, str]
) -> None:
    for _ in range(2):
        done = shell.call("transcribe", "in/a.wav", *WORDS[2:], *option, "--accept-known-bad")
        assert done.code == ExitCode.ALL_FAILED, done.err
        assert "runs accept" not in done.err

    refused = shell.call("runs", "accept", "in/a.wav")

    assert refused.code == ExitCode.USAGE
    assert "there is nothing to accept" in refused.err
