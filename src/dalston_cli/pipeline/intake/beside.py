"""What lies beside recordings and was made of them: transcripts, and copies with subtitles."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from dalston_cli.formats.registry import WRITERS
from dalston_cli.pipeline.endpoints import SUBTITLED, file_of
from dalston_cli.pipeline.events import WarningRaised
from dalston_cli.pipeline.request import RecordingRequest

_MOST_LISTED = 3
_LANGUAGE = re.compile(r"\.[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")


def without_transcripts(
    recordings: Sequence[RecordingRequest], on_warning: Callable[[WarningRaised], None]
) -> tuple[RecordingRequest, ...]:
    """Return the recordings without files that are named like transcripts of other ones.

    ``talk.srt``, ``talk.en.srt`` and ``talk.wav.srt`` are transcripts of ``talk.wav`` where that is
    a recording, too; alone, each is taken for a recording, whose job says what is wrong with it.
    """
    kept, dropped = _apart(recordings, _transcribed)
    if dropped:
        listed = _listed(dropped)
        message = f"named like transcripts of recordings beside them, and passed over: {listed}"
        on_warning(WarningRaised(code="transcripts_passed_over", message=message))
    return tuple(kept)


def without_copies(
    recordings: Sequence[RecordingRequest], on_warning: Callable[[WarningRaised], None]
) -> tuple[RecordingRequest, ...]:
    """Return the recordings without copies of other ones that ``--mux`` put subtitles into."""
    if not any(SUBTITLED in each.name for each in recordings):
        return tuple(recordings)
    kept, dropped = _apart(recordings, _copied)
    if dropped:
        message = (
            f"copies with subtitles of recordings beside them, passed over: {_listed(dropped)}"
        )
        on_warning(WarningRaised(code="copies_passed_over", message=message))
    return tuple(kept)


def _apart(
    recordings: Sequence[RecordingRequest], named_after: Callable[[Path], tuple[Path, ...]]
) -> tuple[list[RecordingRequest], list[RecordingRequest]]:
    """Return the recordings, and those of them that are named after others."""
    files = [path.absolute() for each in recordings if (path := file_of(each.source))]
    names = {file for file in files if not named_after(file)}
    names |= {file.with_suffix("") for file in names}
    kept: list[RecordingRequest] = []
    dropped: list[RecordingRequest] = []
    for each in recordings:
        path = file_of(each.source)
        after = () if path is None else named_after(path.absolute())
        (dropped if not names.isdisjoint(after) else kept).append(each)
    return kept, dropped


def _transcribed(file: Path) -> tuple[Path, ...]:
    """Return the names that a transcript may be named after; none where it has no such ending."""
    for writer in WRITERS.values():
        if file.name.endswith(writer.extension) and file.name != writer.extension:
            name = file.with_name(file.name.removesuffix(writer.extension))
            has_language = _LANGUAGE.fullmatch(name.suffix) is not None
            return (name, name.with_suffix("")) if has_language else (name,)
    return ()


def _copied(file: Path) -> tuple[Path, ...]:
    """Return the name that a copy is named after; none where it is none."""
    stem = file.with_suffix("")
    return (stem.with_suffix(""),) if stem.suffix == SUBTITLED else ()


def _listed(dropped: Sequence[RecordingRequest]) -> str:
    names = [each.name for each in dropped]
    more = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
