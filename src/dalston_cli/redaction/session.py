"""What ``dalston redact`` does: writes redacted transcripts, vaults and recordings with tones."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.atomic_file import write_whole
from dalston_cli.collection.reading import NoTranscriptsError, transcripts_at
from dalston_cli.errors import DalstonError, InputError
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.read import read_transcript
from dalston_cli.formats.registry import writers_named
from dalston_cli.redaction.finding import Kind
from dalston_cli.redaction.names import Names
from dalston_cli.redaction.outputs import (
    JSON,
    REDACTED,
    RedactedExistsError,
    RedactedUnwritableError,
    Targets,
    is_there,
    removed_on_failure,
)
from dalston_cli.redaction.rules import Rules, check_installed, check_region
from dalston_cli.redaction.segments import Span
from dalston_cli.redaction.transcript import Redacted, redact
from dalston_cli.redaction.vault import VAULT_SUFFIX, Key, Originals, open_key, seal
from dalston_cli.regular_file import is_regular, read_regular
from dalston_cli.review.naming import corrections_path
from dalston_sdk.wire import Transcript

Tell = Callable[[str], None]


class RecordingNotFoundError(InputError):
    """The recording of a transcript is not where it was, or is another one."""

    code = "recording_not_found"

    def __init__(self, transcript: Path, looked: Sequence[Path]) -> None:
        places = ", ".join(map(str, looked))
        super().__init__(
            f"the recording of {transcript} was not found: {places}",
            hint="name its folder with --audio-dir, or leave out --beep",
        )


@dataclass(frozen=True, kw_only=True)
class Redaction:
    """What is redacted, and how.

    Attributes:
        people: Spellings of names beside those of the speakers.
        region: Of phone numbers without a country code.
        key: File of the key of vaults; None writes no vault, so that nothing can be restored.
        beep: Write copies of the recordings, too.
        audio_dir: Where recordings are; None for where they were, or beside the transcripts.
        margin_s: Of a tone, before and after the words.
    """

    places: Sequence[Path]
    people: Sequence[Sequence[str]] = ()
    kinds: Collection[Kind] = frozenset(Kind)
    region: str | None = None
    folder: Path | None = None
    overwrite: bool = False
    key: Path | None = None
    beep: bool = False
    audio_dir: Path | None = None
    margin_s: float = 0.15

    def run(self, tell: Tell) -> Iterator["Written | NotRedacted"]:
        """Yield what was written for each transcript, or why nothing was.

        Raises:
            RedactionMissingError: A package is missing.
            UnknownRegionError: There is no such country.
            KeyFileError: The key cannot be used.
            NoSuchPlaceError, NoTranscriptsError: There is nothing to redact.
        """
        check_installed()
        check_region(self.region)
        key = open_key(self.key, make=True) if self.key else None
        rules = Rules(names=Names(self.people), kinds=self.kinds, region=self.region)
        targets = Targets()
        unread: list[NotRedacted] = []
        is_any = False

        def fail(path: Path, error: InputError) -> None:
            unread.append(NotRedacted(source=path, error=error))

        for path, transcript in transcripts_at(self.places, tell, fail):
            if path.name.endswith(f"{REDACTED}{JSON}"):
                continue
            is_any = True
            try:
                yield self._one(path, transcript, rules, key, targets)
            except DalstonError as error:  # costs no other transcript
                yield NotRedacted(source=path, error=error)
        yield from unread
        if not (is_any or unread):
            raise NoTranscriptsError(self.places)

    def _one(
        self, path: Path, transcript: Transcript, rules: Rules, key: Key | None, targets: Targets
    ) -> "Written":
        stem = path.name.removesuffix(JSON)
        found = redact(transcript, self.people, rules, stem)
        name = stem if found.stem == stem else _distinct(found.stem, transcript)
        target = targets.take(self.folder or path.parent, name)
        vault = target.with_suffix(VAULT_SUFFIX) if key else None
        audio = target.with_suffix(".flac") if self.beep else None
        written = tuple(each for each in (audio, vault, target) if each)
        there = {each for each in written if is_there(each)}
        for one in (target, vault, audio):
            if one in there and not self.overwrite:
                raise RedactedExistsError(one)
        recording = self._recording(path, transcript) if audio else None
        spans = self._spans(path, found, rules) if audio else ()
        try:
            with removed_on_failure(each for each in written if each not in there):
                target.parent.mkdir(parents=True, exist_ok=True)
                if audio and recording:
                    self._beep(recording, audio, spans)
                if key and vault:
                    write_whole(vault, seal(_originals(path, found), key), mode=0o600)
                [writer] = writers_named(("json",))
                write_whole(target, writer.render(found.transcript, RenderOptions()))
        except OSError as error:
            raise RedactedUnwritableError(target, error) from error
        return Written(
            source=path,
            written=(target, *written[:-1]),
            counts=found.counts,
            absent=found.absent if Kind.NAME in self.kinds else frozenset(),
            num_inexact=sum(not span.is_exact for span in spans),
            was_renamed=found.stem != stem,
        )

    def _spans(self, path: Path, found: Redacted, rules: Rules) -> Collection[Span]:
        """Return when something is said that was replaced, or that a person took out."""
        if not corrections_path(path).exists():
            return found.spans
        machine = redact(read_transcript(path), self.people, rules, path.stem)
        return {*found.spans, *machine.spans}

    def _beep(self, recording: Path, target: Path, said: Collection[Span]) -> None:
        from dalston_cli.audio.beep import write_beeped  # noqa: PLC0415 - loads PyAV

        margin = self.margin_s
        spans = [(max(0.0, span.start - margin), span.end + margin) for span in said]
        write_beeped(recording, target, spans)

    def _recording(self, path: Path, transcript: Transcript) -> Path:
        """Return the file of a transcript's recording; its bytes are those of the transcript."""
        from dalston_cli.audio.source import content_digest  # noqa: PLC0415 - only for --beep

        named = Path(transcript.recording.name)
        places = [named, path.parent / named.name]
        if self.audio_dir:
            places = [self.audio_dir / named, self.audio_dir / named.name]
        for place in places:
            if is_regular(place) and content_digest(place) == transcript.recording.digest:
                return place
        raise RecordingNotFoundError(path, places)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written for a transcript.

    Attributes:
        counts: How often each kind was replaced.
        absent: People who were listed and are not in it.
        num_inexact: Tones that last as long as a segment, because its words have no times.
        was_renamed: The name of the source was redacted, too.
    """

    source: Path
    written: tuple[Path, ...]
    counts: dict[str, int]
    absent: frozenset[str]
    num_inexact: int
    was_renamed: bool


@dataclass(frozen=True, kw_only=True)
class NotRedacted:
    """A transcript of which nothing was written, and why."""

    source: Path
    error: DalstonError


def _originals(path: Path, found: Redacted) -> Originals:
    edits = corrections_path(path)
    corrections = read_regular(edits) if edits.is_file() else None
    return Originals(read_regular(path), corrections, found.originals)


def _distinct(stem: str, transcript: Transcript) -> str:
    """Return the name of a file whose name was redacted, which others may have, too."""
    plain = stem.replace("[", "").replace("]", "")
    return f"{plain}-{transcript.recording.digest.removeprefix('sha256:')[:8]}"
