"""Known voices in recordings that were transcribed before, by what is stored of them."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from dalston_cli.errors import DalstonError, InputError
from dalston_cli.formats.read import read_transcript
from dalston_cli.pipeline.recognition.finished import StoredVoices, diarization_of
from dalston_cli.pipeline.records.store import KeptResults
from dalston_cli.review.item import Item
from dalston_cli.review.naming import corrections_path
from dalston_cli.speakers.decision import Recognition
from dalston_cli.speakers.naming import matches_of
from dalston_cli.speakers.roster import OtherModelError
from dalston_sdk.wire import SpeakerMatch, Transcript


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


def match_all(
    paths: Sequence[Path], store: KeptResults, recognition: Recognition
) -> Iterator[Matched]:
    """Compare the speakers of transcripts with a roster; one that cannot be costs no other.

    Each is read twice, so that one at a time is in memory: before, for the recording it is of.
    """
    stored = StoredVoices(store, _recordings(paths))
    for path in paths:
        try:
            yield _matched(path, read_transcript(path), stored, recognition)
        except DalstonError as error:
            yield Matched(transcript=path, error=error)


def _recordings(paths: Sequence[Path]) -> Iterator[str]:
    """Yield the digests of the recordings, of those transcripts that can be read."""
    for path in paths:
        with suppress(InputError):
            yield read_transcript(path).recording.digest


def _matched(
    path: Path, transcript: Transcript, stored: StoredVoices, recognition: Recognition
) -> Matched:
    if diarization_of(transcript) and not transcript.turns:
        return Matched(transcript=path)  # there is no voice in it
    merge_input = stored.merge_input(transcript)
    model = merge_input.stages[0].model
    if model != recognition.roster.model:
        raise OtherModelError(str(model), recognition.roster.model)
    named = _names_now(path, transcript)
    found = matches_of(transcript, merge_input, recognition, named)
    return Matched(transcript=path, named=named, matches=found)


def _names_now(path: Path, transcript: Transcript) -> dict[str, str]:
    """Return the speakers who have a name, by label: from the run, or from a person since."""
    if not corrections_path(path).exists():
        return transcript.speaker_names
    return Item(path, _tell_nothing).transcript().speaker_names


def _tell_nothing(message: str) -> None:
    del message
