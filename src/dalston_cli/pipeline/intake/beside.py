"""Transcripts that lie beside recordings, and are named with them: ``transcribe talks/*``."""

from collections.abc import Callable, Sequence
from pathlib import Path

from dalston_cli.formats.registry import WRITERS
from dalston_cli.pipeline.endpoints import file_of
from dalston_cli.pipeline.events import WarningRaised
from dalston_cli.pipeline.request import RecordingRequest

_MOST_LISTED = 3


def without_transcripts(
    recordings: Sequence[RecordingRequest], on_warning: Callable[[WarningRaised], None]
) -> tuple[RecordingRequest, ...]:
    """Return the recordings without files that are named like transcripts of other ones.

    ``talk.srt`` and ``talk.wav.srt`` are transcripts of ``talk.wav`` where that is a recording,
    too; alone, each is taken for a recording, whose job says what is wrong with it.
    """
    files = [path.absolute() for each in recordings if (path := file_of(each.source))]
    names = {file for file in files if _transcribed(file) is None}
    names |= {file.with_suffix("") for file in names}
    kept: list[RecordingRequest] = []
    dropped: list[RecordingRequest] = []
    for each in recordings:
        path = file_of(each.source)
        named_after = None if path is None else _transcribed(path.absolute())
        (dropped if named_after in names else kept).append(each)
    if dropped:
        on_warning(_warning([each.name for each in dropped]))
    return tuple(kept)


def _transcribed(file: Path) -> Path | None:
    """Return the name that a transcript is named after; None where it has no such ending."""
    for writer in WRITERS.values():
        if file.name.endswith(writer.extension) and file.name != writer.extension:
            return file.with_name(file.name.removesuffix(writer.extension))
    return None


def _warning(names: Sequence[str]) -> WarningRaised:
    more = len(names) - _MOST_LISTED
    listed = ", ".join(names[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
    message = f"named like transcripts of recordings beside them, and passed over: {listed}"
    return WarningRaised(code="transcripts_passed_over", message=message)
