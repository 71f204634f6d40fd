"""Transcribes recordings with several models, as ``dalston transcribe`` does."""

import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from dalston_cli.errors import ExitCode, InputError, UnavailableError
from dalston_cli.formats.read import read_transcript
from dalston_cli.pipeline.intake.folder_scan import MEDIA_SUFFIXES


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
    model: str, recordings: Mapping[str, Path], out: Path, options: Sequence[str]
) -> dict[str, Path]:
    """Return the files of the model's transcripts by the names of the recordings.

    What was transcribed before with the same model and options is taken from the store.

    Raises:
        TrialFailedError: There is none.
    """
    words = ["transcribe", *map(str, recordings.values()), "-m", model, "-o", str(out)]
    words += ["-f", "json", *options]
    # A command of its own: engines, settings and messages are exactly the user's.
    command = [sys.executable, "-m", "dalston_cli", *words]
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    if done.returncode == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    names = {str(path): name for name, path in recordings.items()}
    found: dict[str, Path] = {}
    for file in sorted(out.rglob("*.json")):
        if name := names.get(read_transcript(file).recording.name):
            found[name] = file
    if not found:
        raise TrialFailedError(model, next(iter(recordings.values())))
    return found
