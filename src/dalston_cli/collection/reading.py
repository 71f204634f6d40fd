"""Reads the transcripts of folders quickly, for what looks at many of them.

``formats.read.read_transcript`` reads one, of other programs, too, and says exactly what is wrong
with it.
"""

import hashlib
from collections.abc import Iterator, Sequence
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


def transcripts_at(places: Sequence[Path], tell: Tell) -> Iterator[tuple[Path, Transcript]]:
    """Yield the transcripts of files, and of all folders, one after the other, each once.

    A file that is named itself has to be a transcript. In a folder, other JSON is passed over; a
    transcript that cannot be read is told and costs no other.

    Raises:
        NoSuchPlaceError: A place does not exist.
        NoTranscriptsError: There is none.
        InputError: A file that was named cannot be read.
    """
    for place in places:
        if not place.exists():
            raise NoSuchPlaceError(place)
    seen: set[Path] = set()
    for place in places:
        if not place.is_dir():
            if place.absolute() not in seen:
                seen.add(place.absolute())
                yield place, corrected_beside(read_transcript(place), place)
            continue
        nested = any(one.absolute() in place.absolute().parents for one in places if one.is_dir())
        for found in () if nested or place.absolute() in seen else found_files(place, tell):
            if len(places) == 1 or found.path.absolute() not in seen:
                transcript = read_if_transcript(found, tell)
                if transcript is not None:
                    yield found.path, transcript
        seen.add(place.absolute())


def read_if_transcript(found: FoundFile, tell: Tell) -> Transcript | None:
    """Read a file that was found in a folder; None where it is no transcript of Dalston.

    ``tell`` takes what is wrong with one that cannot be read.
    """
    read = read_found(found)
    if read.problem:
        tell(f"{found.path} {read.problem}")
    return read.transcript


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
