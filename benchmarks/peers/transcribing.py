"""Who transcribes what: the contenders of each benchmark with real models."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.benchmark import Contender, Setting
from benchmarks.peers.contenders import (
    BATCH_SIZE,
    Dalston,
    bare_library,
    whisper_ctranslate2,
    whisperx,
)
from benchmarks.peers.speech import long_file, short_files
from benchmarks.workshop import REPOSITORY

FASTER_WHISPER = REPOSITORY / "engines" / "transcribe" / "faster-whisper"
_SLOTS = re.compile(r"^( *slots(?: =|:) )\d+$", re.MULTILINE)


def _clips(setting: Setting, count: int) -> list[Path]:
    """Return the files for one call, in order."""
    return sorted(short_files(setting.speech, setting.folder / "clips", count).iterdir())


def one_command_each(setting: Setting, model: str) -> Sequence[Contender]:
    """A loop of a shell: every file is a command of its own."""
    calls = [[path] for path in _clips(setting, setting.sizes.looped)]
    return (
        Dalston(setting, "d").contender("dalston", model, calls),
        whisper_ctranslate2(setting, model, calls),
        whisperx(setting, model, calls),
    )


def one_call(setting: Setting, model: str) -> Sequence[Contender]:
    """All short files in one command."""
    calls = [_clips(setting, setting.sizes.short)]
    return (
        Dalston(setting, "d").contender("dalston", model, calls, batch_size=BATCH_SIZE),
        whisper_ctranslate2(setting, model, calls),
        whisper_ctranslate2(setting, model, calls, batched=True),
        whisperx(setting, model, calls),
    )


def together_and_in_turn(setting: Setting, model: str) -> Sequence[Contender]:
    """Dalston with its engine, which decodes several recordings at once, and with one slot of it.

    All else is the same: recordings are decoded ahead in both cases.
    """
    calls = [_clips(setting, setting.sizes.short)]
    alone = Dalston(setting, "d1", engines=_of_one_slot(setting.folder / "engines"))
    return (
        Dalston(setting, "d").contender("together", model, calls),
        alone.contender("in turn", model, calls),
    )


def _of_one_slot(folder: Path) -> Path:
    """Write the engine into a folder, so that it takes one recording after the other."""
    copy = folder / FASTER_WHISPER.name
    shutil.copytree(FASTER_WHISPER, copy, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    for name in ("engine.py", "engine.yaml"):
        path = copy / name
        text, count = _SLOTS.subn(r"\g<1>1", path.read_text(encoding="utf-8"))
        assert count == 1, f"the slots of {path} are not where they were"
        path.write_text(text, encoding="utf-8")
    return folder


def one_and_two_replicas(setting: Setting, model: str) -> Sequence[Contender]:
    """Dalston with two processes of its engine that share the threads of one."""
    calls = [_clips(setting, setting.sizes.short)]
    halves = max(1, setting.threads // 2)
    return (
        Dalston(setting, "d").contender("1 replica", model, calls),
        Dalston(setting, "d2").contender("2 replicas", model, calls, replicas=2, threads=halves),
    )


def long_in_order(setting: Setting, model: str) -> Sequence[Contender]:
    """One recording, window by window."""
    calls = [[_long_recording(setting)]]
    return (
        Dalston(setting, "d").contender("dalston", model, calls, batch_size=1),
        bare_library(setting, model, calls),
        whisper_ctranslate2(setting, model, calls),
    )


def long_in_batches(setting: Setting, model: str) -> Sequence[Contender]:
    """One recording, several windows at once."""
    calls = [[_long_recording(setting)]]
    return (
        Dalston(setting, "d").contender("dalston", model, calls, batch_size=BATCH_SIZE),
        bare_library(setting, model, calls, batched=True),
        whisper_ctranslate2(setting, model, calls, batched=True),
        whisperx(setting, model, calls),
    )


def _long_recording(setting: Setting) -> Path:
    minutes = setting.sizes.minutes
    return long_file(setting.speech, setting.folder / "long.wav", 60 * minutes)
