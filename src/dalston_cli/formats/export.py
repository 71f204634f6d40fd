"""Finished transcripts in other formats: what would be written, and its text. Writes nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.errors import InputError, UsageError
from dalston_cli.formats.ctm import WordsMissingError
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.read import read_transcript
from dalston_cli.formats.registry import Writer
from dalston_sdk.wire import Transcript

Change = Callable[[Transcript], Transcript]


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
            f"{source} would be replaced while it is read",
            hint="choose another folder with -o",
        )


class ExportExistsError(InputError):
    """An output is there already."""

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


@dataclass(frozen=True, kw_only=True)
class Export:
    """One file to write.

    Attributes:
        source: The transcript's JSON.
        target: Where it goes.
    """

    source: Path
    writer: Writer
    target: Path


def unchanged(transcript: Transcript) -> Transcript:
    """The transcript as it was read."""
    return transcript


def plan_exports(
    sources: Sequence[Path], writers: Sequence[Writer], folder: Path | None, *, overwrite: bool
) -> tuple[Export, ...]:
    """What will be written, refused as a whole where something is in the way.

    Args:
        sources: Transcripts; ``talk.json`` becomes ``talk.srt``, and stays what it is.
        writers: The formats.
        folder: None puts each output beside its transcript.
        overwrite: Replace outputs that are there.

    Raises:
        ExportCollisionError: Two transcripts have the same name.
        ExportOverSourceError: An output would replace another transcript that is read.
        ExportExistsError: An output is there already.
    """
    planned: dict[Path, Export] = {}
    read = {source.absolute() for source in sources}
    for source in dict.fromkeys(sources):
        stem = source.name.removesuffix(".json")
        for writer in writers:
            target = (folder or source.parent) / f"{stem}{writer.extension}"
            place = target.absolute()
            if writer.name == "json" and place == source.absolute():
                continue  # it is there already, as what is read
            if place in read:
                raise ExportOverSourceError(target)
            if place in planned:
                raise ExportCollisionError(planned[place].source, source, target)
            if target.exists() and not overwrite:
                raise ExportExistsError(target)
            planned[place] = Export(source=source, writer=writer, target=target)
    return tuple(planned.values())


def render_exports(
    exports: Sequence[Export],
    options: RenderOptions,
    *,
    change: Change = unchanged,
    dispensable: frozenset[str] = frozenset(),
    on_left_out: Callable[[str], None] = lambda _: None,
) -> Iterator[tuple[Export, str]]:
    """The text of every planned file; each transcript is read once, when its turn comes.

    Args:
        exports: What is planned.
        options: How formats write text.
        change: What is done to each transcript before it is written.
        dispensable: Formats to leave out where a transcript lacks what they need.
        on_left_out: Told why one was left out.

    Raises:
        TranscriptUnreadableError: A source is no transcript.
        WordsMissingError: Another format needs words that a transcript does not have.
    """
    source, transcript = None, None
    for export in exports:
        if transcript is None or export.source != source:
            source, transcript = export.source, change(read_transcript(export.source))
        try:
            text = export.writer.render(transcript, options)
        except WordsMissingError as error:
            if export.writer.name not in dispensable:
                raise
            on_left_out(f"{error.message}: {export.writer.name} is left out")
        else:
            yield export, text


def render_one(
    sources: Sequence[Path],
    writers: Sequence[Writer],
    options: RenderOptions,
    change: Change = unchanged,
) -> str:
    """The text for standard output.

    Raises:
        ExportToStandardOutputError: There is more than one transcript or format.
    """
    if len(sources) != 1 or len(writers) != 1:
        raise ExportToStandardOutputError(len(sources), len(writers))
    return writers[0].render(change(read_transcript(sources[0])), options)
