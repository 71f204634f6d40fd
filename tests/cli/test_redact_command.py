"""``dalston redact``, as a person types it."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.fake_engine import write_wav
from tests.support.indexed import correct, put
from tests.support.transcripts import segment

from dalston_cli.app import main
from dalston_cli.audio.source import content_digest
from dalston_cli.errors import ExitCode
from dalston_cli.redaction.vault import open_key

Captured = pytest.CaptureFixture[str]
SECRETS = ("Ada", "Lovelace", "4111", "1111", "mail.example")


@pytest.fixture
def call() -> Path:
    said = [
        segment("I am Ada Lovelace, a.l@mail.example.com", 0.0, 2.0, speaker="Ada Lovelace"),
        segment("my card is 4111 1111 1111 1111 thanks", 2.0, 4.0, number=1, speaker="SPEAKER_01"),
    ]
    return put(Path("in/call.json"), said)


def files(folder: str) -> list[Path]:
    return sorted(each for each in Path(folder).rglob("*") if each.is_file())


def test_a_redacted_transcript_can_be_exported(call: Path, capsys: Captured) -> None:
    assert main(["redact", str(call), "-o", "out"]) == 0
    err = capsys.readouterr().err
    assert "1 card, 1 email, 1 name" in err
    assert "list them with --name" in err
    assert main(["export", "out/call.redacted.json", "-f", "srt,txt,csv,json", "-o", "ex"]) == 0
    text = Path("ex/call.redacted.txt").read_text()
    assert "I am [NAME_1], [EMAIL_1]" in text
    assert "my card is [CARD_1] thanks" in text
    for path in (*files("out"), *files("ex")):
        assert [each for each in SECRETS if each.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("given", [["Grace, Thanks"], ["Grace", "Thanks"]])
def test_every_name_of_a_list_is_replaced_and_absent_ones_are_told(
    given: list[str], call: Path, capsys: Captured
) -> None:
    options = [word for each in given for word in ("--name", each)]
    assert main(["redact", str(call), "-o", "out", *options]) == 0
    err = capsys.readouterr().err
    assert "warning: in no transcript: Grace\n" in err
    assert "list that spelling, too" in err
    assert "thanks" not in Path("out/call.redacted.json").read_text()


def test_only_the_key_brings_the_originals_back(call: Path, capsys: Captured) -> None:
    assert main(["redact", str(call), "-o", "out", "--key", "case.key"]) == 0
    assert stat.S_IMODE(Path("case.key").stat().st_mode) == 0o600
    out = files("out")
    assert [each.name for each in out] == ["call.redacted.json", "call.redacted.vault.json"]
    vault = json.loads(out[1].read_text())
    assert set(vault["pseudonyms"]) == {"[NAME_1]", "[EMAIL_1]", "[CARD_1]"}
    for path in out:
        assert [each for each in SECRETS if each.encode() in path.read_bytes()] == []

    assert main(["redact", "--restore", str(out[0]), "--key", "case.key", "-o", "back"]) == 0
    assert Path("back/call.restored.json").read_bytes() == call.read_bytes()

    capsys.readouterr()
    Path("case.key").rename("old.key")
    assert main(["redact", str(call), "-o", "other", "--key", "case.key"]) == 0
    assert main(["redact", "--restore", str(out[0]), "--key", "case.key"]) == ExitCode.ALL_FAILED
    assert "the key is another one" in capsys.readouterr().err
    assert main(["redact", "--restore", str(out[0])]) == 2
    Path("old.key").chmod(0o644)
    assert main(["redact", "--restore", str(out[0]), "--key", "old.key"]) == 4
    assert "chmod 600 old.key" in capsys.readouterr().err


def test_what_was_corrected_is_redacted_and_comes_back(call: Path) -> None:
    correct(call, 1, "my name is Ada, thanks")
    assert main(["redact", str(call), "-o", "out", "--key", "case.key"]) == 0
    text = Path("out/call.redacted.json").read_text()
    assert "my name is [NAME_1], thanks" in text
    assert "CARD" not in text
    words = ("redact", "--restore", "out/call.redacted.json", "--key", "case.key", "-o", "back")
    assert main([*words]) == 0
    for suffix in (".json", ".corrections.jsonl"):
        before = Path(f"in/call{suffix}").read_bytes()
        assert Path(f"back/call.restored{suffix}").read_bytes() == before


def record(call: Path) -> None:
    """Make the recording of a call."""
    wav = write_wav(Path("in/call.wav"), seconds=4.0)
    data = json.loads(call.read_text())
    data["recording"]["digest"] = content_digest(wav)
    call.write_text(json.dumps(data))


def beeped(call: Path) -> NDArray[np.int64]:
    """Redact a call with its recording, and return the samples of the copy."""
    if not call.with_suffix(".wav").exists():
        record(call)
    assert main(["redact", str(call), "--beep", "-o", "out"]) == 0
    with av.open("out/call.redacted.flac") as copy:
        frames = [frame.to_ndarray() for frame in copy.decode(audio=0)]
        assert copy.streams.audio[0].rate == 16_000
    sound: NDArray[np.int64] = np.concatenate(frames, axis=1)[0].astype(np.int64)
    return sound


def has_tone(sound: NDArray[np.int64], word: dict[str, float]) -> bool:
    """Return True if the tone is heard in the middle of a word."""
    middle = round(8_000 * (word["start"] + word["end"]))
    spectrum = np.abs(np.fft.rfft(sound[middle - 400 : middle + 400]))
    return int(np.argmax(spectrum)) * 20 == 1_000


def test_what_a_person_took_out_of_the_text_gets_a_tone(call: Path) -> None:
    record(call)
    first, second = (each["words"] for each in json.loads(call.read_text())["segments"])
    correct(call, 0, "I am nobody")

    sound = beeped(call)

    assert "Ada" not in Path("out/call.redacted.json").read_text()
    assert [has_tone(sound, word) for word in first[2:]] == [True] * 3
    assert not has_tone(sound, second[1])


def test_the_recording_gets_a_tone_where_words_were_replaced(call: Path) -> None:
    sound = beeped(call)
    assert len(sound) == 64_000
    redacted = json.loads(Path("out/call.redacted.json").read_text())
    words = [word for each in redacted["segments"] for word in each["words"]]
    for word in words:
        is_tone = has_tone(sound, word)
        distance = min(
            max(other["start"] - word["end"], word["start"] - other["end"], 0.0)
            for other in words
            if "[" in other["word"]
        )
        if "[" in word["word"] or distance > 0.2:
            assert is_tone == ("[" in word["word"]), word
    assert set(np.abs(sound[-1_600:])) == {1_000}  # as it was, to the sample


def test_another_recording_is_not_beeped(call: Path, capsys: Captured) -> None:
    write_wav(Path("in/call.wav"), seconds=4.0)
    assert main(["redact", str(call), "--beep", "-o", "out"]) == ExitCode.ALL_FAILED
    assert "was not found" in capsys.readouterr().err
    assert not Path("out").exists()


def test_names_in_the_names_of_files_go_too(call: Path) -> None:
    for name in ("Ada 1.json", "Ada 2.json"):
        call.with_name(name).write_bytes(call.read_bytes())
    assert main(["redact", "in", "-o", "out"]) == 0
    names = [each.name for each in files("out")]
    assert len(names) == 3
    assert all("Ada" not in name for name in names)


def test_it_is_said_which_file_was_made_of_which(call: Path, capsys: Captured) -> None:
    data = json.loads(call.read_text())
    data["recording"]["digest"] = f"sha256:{'1f3a9c02' * 8}"
    call.write_text(json.dumps(data))
    own = call.with_name("Ada.json")
    own.write_bytes(call.read_bytes())
    assert main(["redact", "in", "-o", "out", "--key", "case.key"]) == 0
    lines = capsys.readouterr().err.replace("\u2192", "->").splitlines()
    place = lines.index(
        "in/Ada.json -> out/NAME_1-1f3a9c02.redacted.json: 1 card, 1 email, 2 names replaced"
    )
    assert lines[place + 1] == "  and out/NAME_1-1f3a9c02.redacted.vault.json"
    assert "had a name in it" in lines[place + 2]
    assert "in/call.json -> out/call.redacted.json: 1 card, 1 email, 1 name replaced" in lines

    words = ("redact", "--restore", "out/call.redacted.json", "--key", "case.key")
    assert main([*words]) == 0
    err = capsys.readouterr().err.replace("\u2192", "->")
    assert "out/call.redacted.json -> out/call.restored.json" in err
    assert "  [NAME_1] is Ada Lovelace" in err
    assert main([*words, "--overwrite", "--json"]) == 0
    [restored] = json.loads(capsys.readouterr().out)["data"]
    assert restored["pseudonyms"]["[NAME_1]"] == "Ada Lovelace"
    assert restored["path"] == "out/call.restored.json"


def test_names_that_are_as_long_as_names_can_be(call: Path, capsys: Captured) -> None:
    long = call.rename(call.with_name("x" * 245 + ".json"))
    data = json.loads(long.read_text())
    data["recording"]["name"] = "y" * 5_000
    long.write_text(json.dumps(data))

    assert main(["export", str(long), "-f", "html,txt", "-o", "ex"]) == 0  # no corrections
    assert len(files("ex")) == 2
    assert main(["redact", str(long)]) == ExitCode.ALL_FAILED
    assert "File name too long" in capsys.readouterr().err
    short = long.rename("in/short.json")
    assert main(["redact", str(short), "--beep"]) == ExitCode.ALL_FAILED
    assert "was not found" in capsys.readouterr().err


def test_lists_and_kinds_that_are_wrong_are_refused(call: Path, capsys: Captured) -> None:
    Path("people.txt").write_bytes(b"\xff")
    assert main(["redact", str(call), "--names-from", "people.txt"]) == 2
    assert main(["redact", str(call), "--names-from", "nowhere.txt"]) == 2
    assert main(["redact", str(call), "--region", "atlantis"]) == 2
    assert main(["redact", str(call), "--kinds", "name,address"]) == 2
    assert main(["redact", str(call), "--key", "/dev/null"]) == 4
    assert "chmod" not in capsys.readouterr().err
    assert main(["redact", str(call), "--kinds", "address"]) == 2
    assert "kinds are email, name" in capsys.readouterr().err
    assert main(["redact", str(call)]) == 0
    assert main(["redact", str(call)]) == ExitCode.ALL_FAILED
    assert "--overwrite" in capsys.readouterr().err


def test_a_folder_is_redacted_without_what_is_redacted_already(call: Path) -> None:
    assert main(["redact", "in"]) == 0
    assert main(["redact", "in", "--overwrite", "--name", "card", "--json"]) == 0
    assert [each.name for each in files("in")] == ["call.json", "call.redacted.json"]
    assert "my [NAME_2] is" in Path("in/call.redacted.json").read_text()


def test_files_of_one_name_do_not_take_each_others_place(capsys: Captured) -> None:
    for folder in ("x", "y"):
        put(Path(f"in/{folder}/call.json"), f"this is of {folder}")

    for options in ([], ["--overwrite"]):
        assert main(["redact", "in", "-o", "out", "--json", *options]) == 0
        names = [
            Path(one["written"][0]).name for one in json.loads(capsys.readouterr().out)["data"]
        ]
        assert names == ["call.redacted.json", "call-2.redacted.json"]
        texts = [json.loads(Path("out", name).read_text())["text"] for name in names]
        assert texts == ["this is of x", "this is of y"]


def test_corrections_of_another_text_are_not_left_beside_a_restored_one(call: Path) -> None:
    assert main(["redact", str(call), "-o", "out", "--key", "case.key"]) == 0
    restore = ["redact", "--restore", "out/call.redacted.json", "--key", "case.key"]
    stale = Path("out/call.restored.corrections.jsonl")
    stale.write_text("{}\n")
    assert main(restore) == ExitCode.ALL_FAILED
    assert main([*restore, "--overwrite"]) == 0
    assert not stale.exists()


def test_each_transcript_is_redacted_on_its_own(call: Path, capsys: Captured) -> None:
    for name in ("a", "b"):
        put(Path(f"in/{name}.json"), f"this is {name}")
    Path("in/bad.json").write_text('{"dalston_transcript_version": 1, "text": "')
    Path("out").mkdir()
    Path("out/a.redacted.json").write_text("mine")

    words = ["redact", "in", "-o", "out", "--key", "case.key", "--json"]
    assert main(words) == ExitCode.SOME_FAILED
    said = json.loads(capsys.readouterr().out)
    done = [Path(one["written"][0]).name for one in said["data"]]
    assert done == ["b.redacted.json", "call.redacted.json"]
    exists, unsound = said["errors"]
    assert exists["message"] == "out/a.redacted.json exists"
    assert "in/bad.json is no sound transcript" in unsound["message"]
    assert Path("out/a.redacted.json").read_text() == "mine"
    assert not Path("out/a.redacted.vault.json").exists()

    assert main([*words[:-1], "--name", "Ada"]) == ExitCode.ALL_FAILED
    assert "4 of 4 failed" in capsys.readouterr().err
    vaults = [f"out/{name}.redacted.vault.json" for name in ("b", "call", "gone")]
    restore = ["redact", "--restore", *vaults, "--key", "case.key", "--json"]
    assert main(restore) == ExitCode.SOME_FAILED
    said = json.loads(capsys.readouterr().out)
    assert [one["path"] for one in said["data"]] == [
        "out/b.restored.json",
        "out/call.restored.json",
    ]
    assert "gone" in said["errors"][0]["message"]
    assert Path("out/call.restored.json").read_bytes() == call.read_bytes()


def test_a_redaction_that_fails_leaves_nothing(call: Path, capsys: Captured) -> None:
    record(call)
    Path("in/call.wav").write_bytes(b"no sound at all")
    data = json.loads(call.read_text())
    data["recording"]["digest"] = content_digest(Path("in/call.wav"))
    call.write_text(json.dumps(data))

    words = ["redact", str(call), "-o", "out", "--beep", "--key", "case.key"]
    assert main(words) == ExitCode.ALL_FAILED
    assert "call.wav" in capsys.readouterr().err
    assert files("out") == []


def test_several_redactions_at_once_make_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: open_key(tmp_path / "k", make=True), range(8)))
    tokens = [key.encrypt(b"x") for key in keys]
    assert {open_key(tmp_path / "k", make=False).decrypt(each) for each in tokens} == {b"x"}
