"""``dalston export``: finished transcripts in other formats."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dalston_cli.console import Console
from dalston_cli.options.completion import complete_formats
from dalston_cli.options.general import Json, Profile, Quiet
from dalston_cli.options.parameters import Flags, OptionsOf, flatten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dalston_cli.pipeline.outputs.export import Export
    from dalston_cli.pipeline.outputs.writer import OutputSpec
    from dalston_cli.settings.schema import Settings
    from dalston_sdk.wire import Transcript

_STDOUT = "-"
_ALL = "all"
_OUTPUT = "Output"
_RENDERING = OptionsOf.panels("Documents", "Subtitles").names


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """The transcripts to read, and where to write them."""

    transcripts: Annotated[
        list[Path],
        typer.Argument(
            metavar="TRANSCRIPT...",
            help="JSON that dalston transcribe wrote; or another program's .srt or .vtt, or"
            " .json of whisper or whisperX.",
        ),
    ]
    output_format: Annotated[
        list[str],
        typer.Option(
            "--output-format",
            "-f",
            metavar="FORMAT",
            help="Repeat it or give a comma list; all for every format.",
            autocompletion=complete_formats,
            rich_help_panel=_OUTPUT,
        ),
    ]
    output_dir: Annotated[
        str | None,
        typer.Option(
            "--output-dir",
            "-o",
            metavar="DIR",
            help="Folder to write into; - prints one transcript in one format."
            " Beside each transcript by default.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace files that are there.", rich_help_panel=_OUTPUT),
    ] = False
    translations: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIST",
            help="Write these translations that a transcript has, too, each in files of its own,"
            " such as film.de.srt: de,fr, or all. With -o - only the translation.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    bilingual: Annotated[
        bool,
        typer.Option(
            "--bilingual",
            help="Show the text above its translation, in the translation's vtt and ass.",
            rich_help_panel=_OUTPUT,
        ),
    ] = False
    speaker_names: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIST",
            help="Names of speakers such as SPEAKER_00=Ada,SPEAKER_01=Grace, or Ada,Grace in"
            " the labels' order; they replace the names that a transcript has already.",
            rich_help_panel="Speakers",
        ),
    ] = None
    uncorrected: Annotated[
        bool,
        typer.Option(
            "--uncorrected",
            help="The machine's text, without the corrections of dalston review.",
            rich_help_panel="Documents",
        ),
    ] = False
    settings: Annotated[Flags, OptionsOf((*_RENDERING, "speakers", "language_suffix", "mux"))]


@flatten
def export(
    options: ExportOptions, profile: Profile = None, json: Json = False, quiet: Quiet = False
) -> None:
    """Write finished transcripts in other formats.

    Needs no engine, no model and no audio. Of what other programs wrote, subtitles have no words
    with times, so a format that needs them is refused. What was corrected with dalston review is
    written as corrected.

    dalston export interview.json -f srt,vtt --max-line-width 36

    dalston export whisper-output.json -f vtt

    dalston export interview.json -f md -o - --speaker-names SPEAKER_00=Ada

    dalston export talk.json -f vtt --translations all --bilingual
    """
    from dalston_cli.formats.registry import optional_formats, writers_named
    from dalston_cli.options.build import (
        ExcludedOptionsError,
        parse_speaker_names,
        resolve,
    )
    from dalston_cli.options.rendering import build_render_options
    from dalston_cli.options.without_effect import check_effects
    from dalston_cli.pipeline.intake.urls import output_address
    from dalston_cli.pipeline.outputs.export import export_text, plan_exports, write_exports
    from dalston_cli.pipeline.outputs.writer import OutputSpec
    from dalston_cli.pipeline.remote.errors import NotWritableError
    from dalston_cli.review.replay import corrected_beside
    from dalston_cli.stages.merge.labels import name_speakers

    console = Console("export", json=json, quiet=quiet)
    names = tuple(options.output_format)
    resolved = resolve(options.settings, profile=profile)
    spec = OutputSpec(
        formats=tuple(writer.name for writer in writers_named(names)),
        render=build_render_options(resolved.settings),
        optional=optional_formats(names),
        overwrite=options.overwrite,
        language_suffix=resolved.settings.language_suffix,
        languages=_languages(options),
        bilingual=options.bilingual,
    )
    told = check_effects(resolved, names=(*_RENDERING, "mux"), formats=spec.formats)
    idle = (*_idle_on_stdout(options, resolved.settings), *_idle_translations(spec))
    for note in (*told, *idle):
        console.warning(note)
    speakers = parse_speaker_names(options.speaker_names or ())

    def changed(transcript: "Transcript", source: Path) -> "Transcript":
        changed = transcript
        if not options.uncorrected:
            changed = corrected_beside(transcript, source)
        if speakers:
            changed = name_speakers(changed, speakers)
        for notice in changed.warnings[len(transcript.warnings) :]:
            console.warning(f"{transcript.recording.name}: {notice.message}")
        return changed

    if options.output_dir == _STDOUT:
        if json:
            raise ExcludedOptionsError("--output-dir -", "--json", "both write to standard output")
        console.transcript(export_text(options.transcripts, spec, changed))
        return
    if options.output_dir is not None and (address := output_address(options.output_dir)):
        raise NotWritableError(address)
    folder = None if options.output_dir is None else Path(options.output_dir).expanduser()
    planned = plan_exports(options.transcripts, spec, folder)
    written: list[Export] = []
    for item in write_exports(planned, spec, change=changed, on_dropped=console.warning):
        console.info(f"wrote {item.target}")
        written.append(item)
    data = [
        {"source": item.source, "format": item.writer.name, "path": item.target} for item in written
    ]
    muxed = written if resolved.settings.mux else ()
    copies = _muxed(muxed, console, languages=spec.languages, overwrite=options.overwrite)
    console.result([*data, *copies])


def _languages(options: ExportOptions) -> tuple[str, ...]:
    """Return the languages of the translations that are wanted."""
    from dalston_cli.errors import UsageError
    from dalston_cli.pipeline.outputs.export import translations_in
    from dalston_cli.settings.language import UnknownLanguageError, language_tag

    given = [each for entry in options.translations or () for each in entry.split(",") if each]
    if not given:
        if options.bilingual:
            raise UsageError(
                "--bilingual has no effect without --translations", hint="add --translations all"
            )
        return ()
    wanted = [] if _ALL in given else given
    try:
        tags = tuple(dict.fromkeys(language_tag(each) for each in wanted))
    except UnknownLanguageError as error:
        problem = f"--translations {error.text!r}: {error}"
        raise UsageError(problem, hint="write it like de,fr, or all") from error
    return translations_in(options.transcripts, tags)


def _idle_on_stdout(options: ExportOptions, settings: "Settings") -> "Iterator[str]":
    """Yield what has no effect on one text that is printed."""
    if options.output_dir == _STDOUT:
        given = {"--language-suffix": settings.language_suffix, "--mux": settings.mux}
        yield from (f"{name} has no effect with -o -" for name, value in given.items() if value)


def _idle_translations(spec: "OutputSpec") -> "Iterator[str]":
    """Yield that the formats which are about the text as it was said have no translations."""
    from dalston_cli.formats.registry import WRITERS

    without = [each for each in spec.formats if not (WRITERS[each].translatable or each == "json")]
    if spec.languages and without:
        yield f"--translations has no effect on {', '.join(without)}: written as it was said"


def _muxed(
    written: "Sequence[Export]", console: Console, *, languages: "Sequence[str]", overwrite: bool
) -> "Iterator[dict[str, object]]":
    """Put the subtitles that were written into copies of their videos; yield what was written."""
    from dalston_cli.commands.mux_after import mux_export
    from dalston_cli.formats.read import read_transcript

    targets: dict[Path, list[Path]] = {}
    for item in written:
        targets.setdefault(item.source, []).append(item.target)
    for source, paths in targets.items():
        transcript = read_transcript(source)
        copy = mux_export(source, transcript, paths, languages=languages, overwrite=overwrite)
        if copy:
            for warning in copy.warnings:
                console.warning(warning)
            console.info(f"wrote {copy.path}")
            yield {"source": source, "format": "mux", "path": copy.path}
