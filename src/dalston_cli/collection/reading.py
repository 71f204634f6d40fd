"""Reads the transcripts of folders quickly, for what looks at many of them.

``formats.read.read_transcript`` reads one, of other programs, too, and says exactly what is wrong
with it.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from dalston_cli.collection.files import FoundFile, Tell, found_files
from dalston_cli.errors import InputError, UsageError
from dalston_cli.formats.read import LARGEST_MB, read_transcript
from dalston_cli.formats.readers.errors import LATEST_S
from dalston_cli.regular_file import read_regular
from dalston_cli.review.log import CorrectionsUnreadableError
from dalston_cli.review.naming import corrections_path
from dalston_cli.review.replay import corrected_beside, corrected_by
from dalston_sdk.wire import TRANSCRIPT_VERSION, Transcript

_MARK = b'"dalston_transcript_version"'
_DECODER = msgspec.json.Decoder(Transcript)


class NoTranscriptsError(InputError):
    """There is no transcript where one was looked for."""

    code = "no_transcripts"

    def __init__(self, places: Sequence[Path]) -> None:
        named = ", ".join(map(str, places))
        super().__init__(
            f"there is no transcript in {named}",
            hint="make them as JSON: dalston transcribe RECORDINGS -f json -o FOLDER",
        )


class NoSuchPlaceError(UsageError):
    """A file or folder that was named does not exist."""

    code = "no_such_place"

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} does not exist", hint="name a folder, or a JSON transcript")


class UnsoundTranscriptError(InputError):
    """A transcript in a folder cannot be read."""

    code = "transcript_unsound"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path} {problem}", hint="make it again: dalston transcribe --overwrite")


Fail = Callable[[Path, InputError], None]
"""Takes a transcript that cannot be read, and why."""


def transcripts_at(
    places: Sequence[Path], tell: Tell, fail: Fail | None = None
) -> Iterator[tuple[Path, Transcript]]:
    """Yield the transcripts of files, and of all folders, one after the other, each once.

    A file that is named itself has to be a transcript. In a folder, other JSON is passed over; a
    transcript that cannot be read is told and costs no other.

    Args:
        places: Files and folders.
        tell: Takes a message about each folder, or transcript in one, that cannot be read.
        fail: Takes transcripts that cannot be read instead, the named ones, too.

    Raises:
        NoSuchPlaceError: A place does not exist.
        InputError: A file that was named cannot be read, and there is no ``fail``.
    """
    for place in places:
        if not place.exists():
            raise NoSuchPlaceError(place)
    folders = {place.absolute() for place in places if place.is_dir()}
    seen: set[Path] = set()
    for place in places:
        here = place.absolute()
        if here in seen:
            continue
        seen.add(here)
        if here not in folders:
            if (named := _named(place, fail)) is not None:
                yield place, named
        elif folders.isdisjoint(here.parents):
            yield from _below(place, None if len(places) == 1 else seen, tell, fail)


def _below(
    folder: Path, seen: set[Path] | None, tell: Tell, fail: Fail | None
) -> Iterator[tuple[Path, Transcript]]:
    """Yield the transcripts of a folder that were not seen; None where none can have been."""
    for found in found_files(folder, tell):
        if seen is not None:
            here = found.path.absolute()
            if here in seen:
                continue
            seen.add(here)
        read = read_found(found)
        if read.transcript is not None:
            yield found.path, read.transcript
        elif read.problem and fail is not None:
            fail(found.path, UnsoundTranscriptError(found.path, read.problem))
        elif read.problem:
            tell(f"{found.path} {read.problem}")


def _named(path: Path, fail: Fail | None) -> Transcript | None:
    """Read a transcript that was named; None where it cannot be, and ``fail`` was told."""
    try:
        return corrected_beside(read_transcript(path), path)
    except InputError as error:
        if fail is None:
            raise
        fail(path, error)
        return None


def is_marked(path: Path) -> bool:
    """Return True for a file that says that it is a transcript of Dalston, sound or not.

    So does one that cannot be read, for what reads it says why.
    """
    try:
        return _MARK in read_regular(path, limit=LARGEST_MB * 1_000_000)
    except OSError:
        return True


class Read(NamedTuple):
    """A file that was found in a folder, read with its corrections.

    Attributes:
        transcript: As people corrected it; None for no transcript of Dalston.
        problem: Why there is none; empty where the file is another one, None where there is one.
        digest, corrections_digest: Of the bytes of both files, as far as they were read.
    """

    transcript: Transcript | None
    problem: str | None
    digest: str
    corrections_digest: str | None


def read_found(found: FoundFile) -> Read:
    """Read a file with its corrections."""
    digest, of_corrections = "", None
    try:
        data = read_regular(found.path, limit=LARGEST_MB * 1_000_000)
        digest = hashlib.sha256(data).hexdigest()
        transcript = decode_transcript(data)
        if transcript is None:
            return Read(None, "", digest, None)
        if found.corrections:
            path = corrections_path(found.path)
            edits = read_regular(path, limit=LARGEST_MB * 1_000_000)
            of_corrections = hashlib.sha256(edits).hexdigest()
            transcript = corrected_by(transcript, path, edits)
    except OSError as error:
        return Read(None, f"cannot be read: {error.strerror or error}", digest, of_corrections)
    except ValueError as error:
        return Read(None, f"is no sound transcript: {error}", digest, of_corrections)
    except CorrectionsUnreadableError as error:
        return Read(None, f"is left out: {error.message}", digest, of_corrections)
    return Read(transcript, None, digest, of_corrections)


def decode_transcript(data: bytes) -> Transcript | None:
    """Return the transcript that a file holds; None for what is no transcript of Dalston.

    Raises:
        ValueError: It is one, but is damaged, or of a newer version.
    """
    if _MARK not in data:
        return None
    try:
        transcript = _DECODER.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except RecursionError as error:
        raise ValueError("its parts are nested too deeply") from error
    if transcript.version > TRANSCRIPT_VERSION:
        raise ValueError(f"a newer Dalston wrote it (version {transcript.version})")
    times = [(one.start, one.end) for one in transcript.segments]
    times += [(one.start, one.end) for one in transcript.turns]
    times += [(word.start, word.end) for one in transcript.segments for word in one.words]
    for start, end in times:
        if not 0 <= start <= end <= LATEST_S:
            raise ValueError(f"something in it is from {start:g} to {end:g} s")
    return transcript
