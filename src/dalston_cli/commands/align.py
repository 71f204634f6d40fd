"""``dalston align``: a text that is known already, with the times of a recording."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dalston_cli.errors import UsageError
from dalston_cli.options.batch import ScreenOptions
from dalston_cli.options.parameters import EVERYDAY, Flags, OptionsOf, flatten
from dalston_cli.settings.table import TABLE

if TYPE_CHECKING:
    from dalston_cli.commands.batch import Batch
    from dalston_cli.console import Console
    from dalston_cli.known_text.source import KnownTextSource
    from dalston_sdk.wire import KnownText

_OF_OTHER_TEXT = {"task", "keep_doubtful", "pipeline"}
_OF_SEVERAL = {"accept_known_bad", "fail_fast", "order", "jobs"}
_LANGUAGE_MODEL = "Language model"
_OPTIONS = OptionsOf(
    tuple(
        name
        for name in OptionsOf.panels().names
        if name not in _OF_OTHER_TEXT | _OF_SEVERAL and TABLE[name].panel != _LANGUAGE_MODEL
    )
)
_DEFAULT_FORMATS = ("srt", "json")


class OneRecordingError(UsageError):
    """A text is that of one recording."""

    code = "one_recording"

    def __init__(self, audio: str, number: int) -> None:
        super().__init__(
            f"{audio} is {number} recordings, and the text is of one",
            hint="dalston align chapter.mp3 chapter.txt",
        )


class OverTextError(UsageError):
    """An output would replace the text."""

    code = "output_over_text"

    def __init__(self, text: Path) -> None:
        super().__init__(f"{text} would be replaced", hint="choose another folder with -o DIR")


@dataclass(frozen=True, kw_only=True)
class AlignedOptions:
    """The recording and its text."""

    audio: Annotated[
        str, typer.Argument(metavar="AUDIO", help="The recording; - for standard input.")
    ]
    text: Annotated[
        Path,
        typer.Argument(
            metavar="TEXT",
            help="What is said: .txt, .md, .html, .xhtml of an EPUB, .srt, .vtt, .lrc or .json.",
        ),
    ]
    by_line: Annotated[
        bool,
        typer.Option(
            "--by-line",
            help="Each line of the text is a segment, as of lyrics; by default each sentence.",
            rich_help_panel="Input",
        ),
        EVERYDAY,
    ] = False
    settings: Annotated[Flags, _OPTIONS]
    screen: ScreenOptions


@flatten
def align(options: AlignedOptions) -> None:
    """Find a text that is known already in its recording.

    Writes subtitles, word times and all other formats with the text as it is written. It is
    recognised first, then aligned word by word where a model for its language is here. Says which
    passages were left out and which were added.

    dalston align chapter.mp3 chapter.txt

    dalston align song.flac lyrics.txt --by-line -f lrc,json

    dalston align chapter.mp3 chapter.xhtml -f xhtml,smil -o book/
    """
    import asyncio

    from dalston_cli.commands.offer import offer_models
    from dalston_cli.console import Console
    from dalston_cli.console.run_view import run_view
    from dalston_cli.known_text.reading import read_text
    from dalston_cli.pipeline import session
    from dalston_cli.pipeline.events import Event, JobFinished

    screen = options.screen
    console = Console("align", json=screen.json, quiet=screen.quiet, verbose=screen.verbose)
    text = read_text(options.text, by_line=options.by_line)
    batch = _batch(options, text, console)
    run_options = offer_models(
        batch.options, batch.environment, console, assume_yes=options.screen.yes
    )
    with run_view(console, show_text=False, colour_words=False) as view:
        for warning in batch.notices(console):
            view.take(warning)

        def take(event: Event) -> None:
            view.take(event)
            if isinstance(event, JobFinished) and event.known_text and not screen.json:
                _tell(console, event.known_text)

        callbacks = session.RunCallbacks(on_event=take, print_text=view.print_text)
        report = asyncio.run(
            session.transcribe(batch.recordings, run_options, batch.environment, callbacks)
        )
    raise typer.Exit(report.exit_code)


def _batch(options: AlignedOptions, text: "KnownTextSource", console: "Console") -> "Batch":
    """Return what is to be done: the run of one recording, without what changes its text."""
    import msgspec

    from dalston_cli.commands.batch import read_batch
    from dalston_cli.options.batch import BatchOptions, InputOptions
    from dalston_cli.stages.overview import OVERVIEW
    from dalston_cli.stages.refine import REFINE

    flags = _with_formats(options)
    batch = read_batch(
        BatchOptions(
            inputs=InputOptions(inputs=[options.audio]),
            settings=flags,
            theirs={},
            screen=options.screen,
        )
    )
    if len(batch.recordings) != 1:
        raise OneRecordingError(options.audio, len(batch.recordings))
    stages = {
        stage: request
        for stage, request in batch.options.stages.items()
        if stage not in {REFINE, OVERVIEW}
    }
    if len(stages) < len(batch.options.stages):
        console.warning("the text is known: the settings of language models have no effect")
    _check_text_stays(batch, options.text)
    return msgspec.structs.replace(
        batch, options=replace(batch.options, stages=stages, known_text=text)
    )


def _with_formats(options: AlignedOptions) -> Mapping[str, object]:
    """Return the options, with formats that are of use for a text that is there already."""
    from dalston_cli.options.build import STDOUT, resolve

    settings = resolve(options.settings, profile=options.screen.profile).settings
    if settings.output_format:
        return options.settings
    to_stdout = STDOUT in {settings.output_dir, options.audio}
    formats = _DEFAULT_FORMATS[:1] if to_stdout else _DEFAULT_FORMATS
    return {**options.settings, "output_format": list(formats)}


def _check_text_stays(batch: "Batch", text: Path) -> None:
    """Refuse to write an output over the text.

    Raises:
        OverTextError: One would have its name.
    """
    from dalston_cli.formats.registry import WRITERS
    from dalston_cli.pipeline.outputs.target import output_stems

    target = batch.options.output
    if target.remote is not None or target.folder is None:
        return
    [stem] = output_stems(batch.recordings, batch.options) or ()
    for name in batch.options.formats:
        output = Path(f"{stem}{WRITERS[name].extension}")
        if output.absolute() == text.absolute():
            raise OverTextError(text)


def _tell(console: "Console", found: "KnownText") -> None:
    """Say how many words were found, and which passages were not."""
    from dalston_cli.amounts import count
    from dalston_cli.console import printable
    from dalston_cli.formats.timestamp import clock

    numbers = {
        "aligned": found.num_aligned,
        "recognised": found.num_recognised,
        "interpolated": found.num_interpolated,
    }
    read = sum(numbers.values())
    times = ", ".join(f"{number:,} {name}" for name, number in numbers.items() if number)
    console.info(f"{read:,} of {count(found.num_words, 'word')} of {found.name}: {times}")
    for passage in found.left_out:
        at = clock(passage.start, fraction="")
        words = count(passage.num_words, "word")
        console.info(f"left out at {at}: {words}: {printable(passage.text)}")
    for passage in found.added:
        at, until = (clock(each, fraction="") for each in (passage.start, passage.end))
        words = count(passage.num_words, "word")
        console.info(f"added from {at} to {until}: {words}: {printable(passage.text)}")
