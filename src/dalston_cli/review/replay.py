"""The corrected transcript: corrections of the same one are repeated, others are carried over."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from dalston_cli.formats.timestamp import clock
from dalston_cli.review.carry import carry_over
from dalston_cli.review.corrected import machine_digest, revised_of, with_corrections
from dalston_cli.review.edits import EditRefusedError
from dalston_cli.review.log import (
    Corrections,
    CorrectionsUnreadableError,
    Entry,
    LeftEdit,
    parse_corrections,
    read_corrections,
)
from dalston_cli.review.naming import corrections_path
from dalston_cli.review.revised import Effect, Revised
from dalston_sdk.wire import Notice, Transcript


def corrected(transcript: Transcript, corrections: Corrections | None) -> Transcript:
    """Return the corrected transcript, with a warning for every correction that has no place.

    Args:
        transcript: The machine's.
        corrections: Of it, or of an earlier one of the same recording.

    Raises:
        EditRefusedError: An edit does not fit the transcript that it names.
    """
    if corrections is None:
        return transcript
    revised = revised_of(transcript)
    left = corrections.subject.left
    if corrections.subject.transcript == machine_digest(transcript):
        repeat(revised, corrections.entries)
    else:
        _, more = carry_over(corrections, revised)
        left = (*left, *more)
    return with_corrections(transcript, revised, tuple(notice_of(one) for one in left))


def corrected_beside(transcript: Transcript, document: Path) -> Transcript:
    """Return a transcript with the corrections that lie beside its JSON, if there are any.

    Raises:
        CorrectionsUnreadableError: They cannot be used.
    """
    if document.suffix != ".json":
        return transcript
    path = corrections_path(document)
    return _applied(transcript, path, read_corrections(path))


def corrected_by(transcript: Transcript, path: Path, data: bytes) -> Transcript:
    """Return a transcript with the corrections that a file has; ``path`` is for messages.

    Raises:
        CorrectionsUnreadableError: They cannot be used.
    """
    return _applied(transcript, path, parse_corrections(path, data))


def _applied(transcript: Transcript, path: Path, found: Corrections | None) -> Transcript:
    try:
        changed = corrected(transcript, found)
    except EditRefusedError as error:
        raise CorrectionsUnreadableError(path, error.message) from error
    notices = tuple(Notice(code="correction_cut_off", message=one) for one in told(found, path))
    if not notices:
        return changed
    warnings = (*changed.warnings, *notices)
    return msgspec.structs.replace(changed, warnings=warnings, key=None, digest=None)


def repeat(revised: Revised, entries: Iterable[Entry]) -> list[tuple[int, Effect]]:
    """Do edits again; return the effect of each under its revision.

    Raises:
        EditRefusedError: One does not fit.
    """
    effects = []
    for entry in entries:
        step = revised.step(entry.edit, entry.revision)
        if step is not None:
            effects.append((entry.revision, revised.do(entry.edit, step)))
    return effects


def notice_of(left: LeftEdit) -> Notice:
    """Return the warning of a correction that has no place."""
    text = f" ({left.text!r})" if left.text else ""
    return Notice(
        code="correction_left_out",
        message=f"at {clock(left.start, fraction='')} a correction is left out: {left.what}{text};"
        f" {left.reason}",
        stage="human",
        start=left.start,
        end=left.end,
    )


def told(corrections: Corrections | None, path: Path) -> Sequence[str]:
    """Return what a person should know of a file of corrections."""
    if corrections is None or not corrections.torn:
        return ()
    return (f"{path}: the last line was cut off and is left out ({corrections.torn} bytes)",)
