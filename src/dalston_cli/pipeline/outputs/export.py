"""Finished transcripts in other formats."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.atomic_file import write_whole
from dalston_cli.errors import InputError, UsageError
from dalston_cli.formats.read import READ_SUFFIXES, is_own, read_transcript
from dalston_cli.formats.writer import TranslationMissingError, Writer
from dalston_cli.pipeline.outputs.folder import write_error
from dalston_cli.pipeline.outputs.suffix import has_suffix, language_of
from dalston_cli.pipeline.outputs.writer import OutputSpec
from dalston_sdk.wire import Transcript

Change = Callable[[Transcript, Path], Transcript]
"""Takes a transcript and the file that it is from."""


class ExportCollisionError(UsageError):
    """Two transcripts would become the same file."""

    code = "export_collision"

    def __init__(self, first: Path, second: Path, target: Path) -> None:
        super().__init__(
            f"{first} and {second} would both be written to {target}",
            hint="leave out -o to write each beside its transcript",
        )


class ExportOverSourceError(UsageError):
    """An output would replace a transcript that is read."""

    code = "export_over_source"

    def __init__(self, source: Path) -> None:
        super().__init__(
            f"{source} would be replaced while it is read", hint="choose another folder with -o"
        )


class ExportExistsError(InputError):
    """An output exists already."""

    code = "export_exists"

    def __init__(self, target: Path) -> None:
        super().__init__(f"{target} exists", hint="replace it with --overwrite")


class ExportToStandardOutputError(UsageError):
    """Standard output takes one text."""

    code = "export_to_stdout"

    def __init__(self, num_transcripts: int, num_formats: int) -> None:
        super().__init__(
            f"-o - prints one transcript in one format, not {num_transcripts} in {num_formats}",
            hint="choose a folder with -o DIR",
        )


class BinaryToStandardOutputError(UsageError):
    """Standard output takes text only."""

    code = "export_to_stdout"

    def __init__(self, output_format: str) -> None:
        super().__init__(
            f"-o - prints text, and {output_format} is none",
            hint="leave out -o, or choose a folder with -o DIR",
        )


class NoTranslationsError(UsageError):
    """Translations are wanted, and no transcript has any."""

    code = "export_no_translations"

    def __init__(self) -> None:
        super().__init__(
            "--translations: no transcript has a translation",
            hint="transcribe again with --translate-to de,fr",
        )


@dataclass(frozen=True, kw_only=True)
class Export:
    """One file to write."""

    source: Path
    writer: Writer
    target: Path


def translations_in(sources: Sequence[Path], wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the languages of translations to write: those named, or all that there are.

    Args:
        sources: Transcripts.
        wanted: Languages, BCP-47 lower case; empty for all.

    Raises:
        NoTranslationsError: All are wanted, and there are none.
        TranslationMissingError: No transcript has one that was named.
        TranscriptUnreadableError: A source is no transcript.
    """
    found: dict[str, None] = {}
    for source in sources:
        for segment in read_transcript(source).segments:
            found.update(dict.fromkeys(segment.translations))
    for language in wanted:
        if language not in found:
            raise TranslationMissingError(sources[0].name, language)
    if not found:
        raise NoTranslationsError
    return tuple(wanted or found)


def plan_exports(
    sources: Sequence[Path], spec: OutputSpec, folder: Path | None
) -> tuple[Export, ...]:
    """Name every output, or refuse them all.

    ``talk.json`` becomes ``talk.srt`` in the folder, or beside itself without one; with the
    language's suffix ``talk.en.srt``, for which it is read now. A file is
    never written over itself: where all formats are wanted, that one is left out.

    Raises:
        ExportCollisionError: Two transcripts have the same name.
        ExportOverSourceError: An output would replace a transcript that is read.
        ExportExistsError: An output exists already.
        TranscriptUnreadableError: A source is no transcript, and its language is wanted.
    """
    planned: dict[Path, Export] = {}
    read = {source.absolute() for source in sources}
    for source in dict.fromkeys(sources):
        stem = source.stem if source.suffix.lower() in READ_SUFFIXES else source.name
        settled = _with_language(stem, source) if spec.language_suffix else stem
        for writer in spec.writers:
            name = settled if has_suffix(writer) else stem
            target = (folder or source.parent) / f"{name}{writer.extension}"
            place = target.absolute()
            if place == source.absolute() and _may_leave_out(writer, source, spec):
                continue
            if place in read:
                raise ExportOverSourceError(target)
            if place in planned:
                raise ExportCollisionError(planned[place].source, source, target)
            if target.exists() and not spec.overwrite:
                raise ExportExistsError(target)
            planned[place] = Export(source=source, writer=writer, target=target)
    return tuple(planned.values())


def _with_language(stem: str, source: Path) -> str:
    """Return a name with the language of its text, once."""
    suffix = f".{language_of(read_transcript(source))}"
    return stem if stem.endswith(suffix) else f"{stem}{suffix}"


def _may_leave_out(writer: Writer, source: Path, spec: OutputSpec) -> bool:
    """Return True for a format that the source is in already, as Dalston would write it."""
    return writer.name in spec.optional or (writer.name == "json" and is_own(source))


def write_exports(
    exports: Sequence[Export],
    spec: OutputSpec,
    *,
    change: Change,
    on_dropped: Callable[[str], None],
) -> Iterator[Export]:
    """Write planned files, each transcript read once, when its turn comes.

    Yields:
        Every file that was written.

    Raises:
        TranscriptUnreadableError: A source is no transcript.
        WordsMissingError: A format that is not optional needs words.
        OutputUnwritableError, OutputDiskFullError: The system refuses.
    """
    source, transcript = None, None
    for export in exports:
        if transcript is None or export.source != source:
            source, transcript = (
                export.source,
                change(read_transcript(export.source), export.source),
            )
        reason = spec.reason_to_drop(export.writer, transcript)
        if reason is not None:
            on_dropped(reason)
            continue
        data = export.writer.render(transcript, spec.render.at(export.target))
        try:
            write_whole(export.target, data)
        except OSError as error:
            raise write_error(export.target, error) from error
        yield export


def export_text(sources: Sequence[Path], spec: OutputSpec, change: Change) -> str:
    """Return the text for standard output; where a translation is wanted, that alone.

    Raises:
        ExportToStandardOutputError: There is more than one transcript or format.
        BinaryToStandardOutputError: The format is no text.
        TranscriptUnreadableError: The source is no transcript.
        WordsMissingError: The format needs words.
    """
    writers = [each for each in spec.writers if each.language or not spec.languages]
    if len(sources) != 1 or len(writers) != 1:
        raise ExportToStandardOutputError(len(sources), len(writers))
    [writer] = writers
    if writer.binary:
        raise BinaryToStandardOutputError(writer.name)
    transcript = change(read_transcript(sources[0]), sources[0])
    if error := writer.unmet_need(transcript, spec.render):
        raise error
    return writer.text(transcript, spec.render)
