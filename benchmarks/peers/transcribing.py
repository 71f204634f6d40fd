"""Who transcribes what: the contenders of each benchmark with real models."""

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


def batches_and_none(setting: Setting, model: str) -> Sequence[Contender]:
    """Dalston with and without batches."""
    calls, dalston = [_clips(setting, setting.sizes.short)], Dalston(setting, "d")
    return (
        dalston.contender("batches", model, calls, batch_size=BATCH_SIZE),
        dalston.contender("no batches", model, calls, batch_size=1),
    )


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
