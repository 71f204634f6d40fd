"""Known voices in recordings that were transcribed before, by what is stored of them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from dalston_cli.errors import DalstonError, InputError
from dalston_cli.formats.read import is_own, read_transcript
from dalston_cli.pipeline.recognition.finished import StoredVoices
from dalston_cli.pipeline.records.store import KeptResults
from dalston_cli.speakers.decision import Recognition
from dalston_cli.speakers.naming import matches_of
from dalston_cli.speakers.roster import OtherModelError
from dalston_sdk.wire import SpeakerMatch, Transcript


class NoTranscriptsError(InputError):
    """There is no transcript in the named places."""

    code = "no_transcripts"

    def __init__(self, places: Sequence[Path]) -> None:
        super().__init__(
            f"no transcripts as JSON were found in {', '.join(map(str, places))}",
            hint="write them with: dalston transcribe RECORDINGS --diarize -f json",
        )


class Matched(Struct, frozen=True, kw_only=True):
    """The speakers of one transcript.

    Attributes:
        transcript: Its file.
        named: Speakers with a name, by label; they are not compared.
        matches: The others.
        error: Why nothing was compared.
    """

    transcript: Path
    named: dict[str, str] = {}
    matches: tuple[SpeakerMatch, ...] = ()
    error: DalstonError | None = None

    @property
    def names(self) -> dict[str, str]:
        """The names that were found, by label."""
        return {each.speaker: each.name for each in self.matches if each.name is not None}


def find_transcripts(places: Sequence[Path]) -> tuple[Path, ...]:
    """Return the transcripts that are named, and those in folders, with all below them.

    Raises:
        NoTranscriptsError: There is none.
    """
    found: dict[Path, None] = {}
    for place in places:
        if place.is_dir():
            found |= dict.fromkeys(_below(place))
        else:
            found[place] = None
    if not found:
        raise NoTranscriptsError(places)
    return tuple(found)


def match_all(
    paths: Iterable[Path], store: KeptResults, recognition: Recognition
) -> Iterator[Matched]:
    """Compare the speakers of transcripts with a roster; one that cannot be costs no other."""
    read: dict[Path, Transcript | DalstonError] = {}
    for path in paths:
        try:
            read[path] = read_transcript(path)
        except InputError as error:
            read[path] = error
    stored = StoredVoices(store, (each for each in read.values() if isinstance(each, Transcript)))
    for path, transcript in read.items():
        if not isinstance(transcript, Transcript):
            yield Matched(transcript=path, error=transcript)
            continue
        try:
            yield _matched(path, transcript, stored, recognition)
        except DalstonError as error:
            yield Matched(transcript=path, named=transcript.speaker_names, error=error)


def _matched(
    path: Path, transcript: Transcript, stored: StoredVoices, recognition: Recognition
) -> Matched:
    merge_input = stored.merge_input(transcript)
    model = merge_input.stages[0].model
    if model != recognition.roster.model:
        raise OtherModelError(str(model), recognition.roster.model)
    named = transcript.speaker_names
    found = matches_of(transcript, merge_input, recognition, named)
    return Matched(transcript=path, named=named, matches=found)


def _below(folder: Path) -> Iterator[Path]:
    """Yield the transcripts of a folder and of those below it, sorted, and no other JSON."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if path.suffix == ".json" and _is_transcript(path):
                yield path


def _is_transcript(path: Path) -> bool:
    try:
        return is_own(path)
    except InputError:
        return False
