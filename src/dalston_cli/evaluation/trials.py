"""Transcribes recordings with several models, as ``dalston transcribe`` does."""

import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
from msgspec import Struct

from dalston_cli.errors import ExitCode, InputError, UnavailableError
from dalston_cli.formats.read import read_transcript
from dalston_cli.pipeline.events import ErrorInfo, Event, JobFinished, RunFinished, WarningRaised
from dalston_cli.pipeline.intake.folder_scan import MEDIA_SUFFIXES

Take = Callable[[Event], None]
Watch = Callable[[str, int, int], AbstractContextManager[Take]]
"""Returns what is told of a model's run, by the model, its number from 1, and of how many."""
_PATIENCE_S = 10.0


class _Last(Struct, frozen=True, kw_only=True):
    """The last line of a command: the end of its run, or why there was none."""

    data: RunFinished | None = None
    errors: tuple[ErrorInfo, ...] = ()


class NoRecordingsError(InputError):
    """There is no recording with the name of a reference."""

    code = "no_recordings"

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"no recording in {folder} has the name of a reference",
            hint="put talk.wav beside talk.txt, or say where recordings are with --recordings",
        )


class TrialFailedError(UnavailableError):
    """A model gave no transcript at all."""

    code = "trial_failed"

    def __init__(self, model: str, recording: Path) -> None:
        command = shlex.join(["dalston", "transcribe", str(recording), "-m", model])
        super().__init__(f"{model} transcribed nothing", hint=f"see why: {command}")


def recordings_of(names: Iterable[str], folder: Path) -> dict[str, Path]:
    """Return the recordings that have the names of references, by name.

    Raises:
        NoRecordingsError: There is none.
    """
    wanted = set(names)
    found = {
        name: path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in MEDIA_SUFFIXES
        and path.is_file()
        and (name := str(path.relative_to(folder).with_suffix(""))) in wanted
    }
    if not found:
        raise NoRecordingsError(folder)
    return found


def transcribe(
    model: str, recordings: Mapping[str, Path], out: Path, options: Sequence[str], take: Take
) -> dict[str, Path]:
    """Return the files of the model's transcripts by the names of the recordings.

    What was transcribed before with the same model and options is taken from the store.

    Args:
        model: What to transcribe with.
        recordings: By name.
        out: A folder for the transcripts, of which no event tells.
        options: Of ``dalston transcribe``.
        take: Is told what happens.

    Raises:
        TrialFailedError: There is none.
    """
    words = ["transcribe", *map(str, recordings.values()), "-m", model, "-o", str(out)]
    words += ["-f", "json", "--json", *options]
    # A command of its own: engines, settings and messages are exactly the user's.
    if _run([sys.executable, "-m", "dalston_cli", *words], take) == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    names = {str(path): name for name, path in recordings.items()}
    found: dict[str, Path] = {}
    for file in sorted(out.rglob("*.json")):
        if name := names.get(read_transcript(file).recording.name):
            found[name] = file
    if not found:
        raise TrialFailedError(model, next(iter(recordings.values())))
    return found


def _run(command: Sequence[str], take: Take) -> int:
    """Run a command that prints events, and return its exit status."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            for line in process.stdout:
                _tell(line, take)
        except BaseException:
            process.terminate()
            try:
                process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    return process.returncode


def _tell(line: bytes, take: Take) -> None:
    """Pass an event on, without where a transcript is, which is read and gone soon."""
    try:
        event: Event = msgspec.json.decode(line, type=Event)
    except msgspec.ValidationError:  # it is an envelope
        last = msgspec.json.decode(line, type=_Last)
        if last.data is not None:
            take(last.data)
            return
        for each in last.errors:
            take(WarningRaised(code=each.code, message=each.message, hint=each.hint))
        return
    if isinstance(event, JobFinished):
        event = msgspec.structs.replace(event, outputs=())
    take(event)
