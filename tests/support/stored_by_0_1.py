"""Files that Dalston 0.1 stored, and the commands that made it store them.

The commands' transcripts, the stage store and the journal in ``tests/golden/stored_by_0_1`` were
written by version 0.1 itself. They stay as they are, as they do on the disks of its users.
To write them, run ``python -m tests.support.stored_by_0_1 DALSTON FOLDER`` with its ``dalston``.
"""

import re
import shutil
import sqlite3
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.support.places import folder_variables

STORED = Path(__file__).parents[1] / "golden" / "stored_by_0_1"
HOME_MARK = "{HOME}"
JOURNAL_NAME = "journal.sqlite3"

_FORMATS = ("-f", "txt,srt,vtt,tsv,csv,md,json")
_SPEAKERS = ("--diarize", "--diarize-model", "speakers")
_EMOTION = ("--emotion", "--emotion-model", "moods")
_EVENTS = ("--events", "--events-model", "moods")
_REFINE = ("--refine", "--summary", "--refine-model", "editor")
_ALIGNER = ("--align-model", "aligner")
_STAGES = (*_SPEAKERS, *_EMOTION, *_EVENTS, *_REFINE)
COMMANDS: dict[str, tuple[str, ...]] = {
    "all-stages": ("in/one.wav", "in/two.wav", *_STAGES, *_FORMATS, "-f", "rttm,ctm,textgrid,ass"),
    "split-and-clip": ("in/stereo.wav", "--channels", "split", "--clip", "0.5-1.5", *_FORMATS),
    "second-channel": ("in/stereo.wav", "--channels", "1", *_SPEAKERS, *_FORMATS),
    "aligned": ("in/one.wav", "--model", "speech-no-words", *_ALIGNER, *_FORMATS),
    "not-aligned": ("in/two.wav", "--model", "speech-no-words", "--align", "never", *_FORMATS),
    "always-aligned": ("in/two.wav", "--align", "always", *_ALIGNER, *_EMOTION, *_FORMATS),
    "named": ("in/one.wav", *_SPEAKERS, "--speaker-names", "SPEAKER_00=Ada", *_FORMATS),
    "options": ("in/one.wav", "--beam-size", "3", "--initial-prompt", "Hm.", *_EVENTS, *_FORMATS),
    "partial": ("in/two.wav", "--diarize", "--diarize-model", "speakers-raises", *_FORMATS),
    "refused": ("in/bad.wav", *_FORMATS),
}


def write_inputs(folder: Path) -> None:
    """Write the recordings; in each channel, all samples have the same value."""
    folder.mkdir(parents=True)
    for name, values, seconds in (("one", (1,), 2), ("two", (2,), 3), ("stereo", (3, 4), 2)):
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(len(values))
            file.setsampwidth(2)
            file.setframerate(16_000)
            frame = b"".join(value.to_bytes(2, "little") for value in values)
            file.writeframes(frame * 16_000 * seconds)
    (folder / "bad.wav").write_text("This is no audio.\n")


def variables(home: Path) -> dict[str, str]:
    """Return the variables with which ``dalston`` finds this home and the recorded engine."""
    return {
        **folder_variables(home),
        "DALSTON_ENGINES_PATH": str(STORED / "engine"),
        "DALSTON_CATALOG_PATH": str(STORED / "catalog"),
        "DALSTON_LAUNCHER": "local",
        "DALSTON_MODEL": "speech",
        "DALSTON_KEEP_ALIVE": "20",
        "DALSTON_PULL": "never",
    }


def arguments(name: str) -> tuple[str, ...]:
    """Return the arguments of the command called ``name``; its transcripts go to ``out/<name>``."""
    return ("transcribe", *COMMANDS[name], "-o", f"out/{name}", "--json")


def restore(home: Path) -> None:
    """Make ``home`` what it was after the commands had run with 0.1."""
    write_inputs(home / "in")
    shutil.copytree(STORED / "store", home / "state" / "store")
    shutil.copytree(STORED / "out", home / "out")
    dump = _with_home((STORED / "journal.sql").read_text(encoding="utf-8"), HOME_MARK, str(home))
    with closing(sqlite3.connect(home / "state" / JOURNAL_NAME)) as journal:
        journal.executescript(dump)


def transcripts_below(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of every transcript, without what says which Dalston wrote it.

    Since 0.2 that is also the ``key`` and the ``digest`` at its end.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            text = re.sub(r'"dalston [\d.]+"', "", text)
            text = re.sub(r',\n  "key": "[0-9a-f]+",\n  "digest": "sha256:[0-9a-f]+"', "", text)
            yield path.relative_to(folder).as_posix(), text


def record(dalston: str, home: Path) -> None:
    """Run every command with 0.1's ``dalston`` and keep what it stored."""
    write_inputs(home / "in")
    for name in COMMANDS:
        environ = {"PATH": "/usr/bin:/bin"} | variables(home)
        done = subprocess.run([dalston, *arguments(name)], cwd=home, env=environ, check=False)
        print(name, done.returncode)  # noqa: T201 - says what was recorded
    subprocess.run([dalston, "engines", "stop", "--all"], env=variables(home), check=True)
    for part in ("store", "out"):
        source = home / "out" if part == "out" else home / "state" / part
        shutil.rmtree(STORED / part, ignore_errors=True)
        shutil.copytree(source, STORED / part)
    with closing(sqlite3.connect(home / "state" / JOURNAL_NAME)) as journal:
        [version] = journal.execute("PRAGMA user_version").fetchone()
        lines = [*journal.iterdump(), f"PRAGMA user_version={version};"]
    text = _with_home("\n".join(lines) + "\n", str(home), HOME_MARK)
    (STORED / "journal.sql").write_text(text, encoding="utf-8")


def _with_home(dump: str, old: str, new: str) -> str:
    """Put the home's path in place of its mark, or the other way round; in blobs it is in hex."""
    for before, after in ((old, new), (old.encode().hex().upper(), new.encode().hex().upper())):
        dump = dump.replace(before, after)
    return dump


if __name__ == "__main__":
    record(sys.argv[1], Path(sys.argv[2]))
