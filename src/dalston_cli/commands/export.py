"""``dalston export``: finished transcripts in other formats."""

from pathlib import Path
from typing import TYPE_CHECKING

from dalston_cli.console import Console
from dalston_cli.options.export import ExportOptions
from dalston_cli.options.general import Json, Profile, Quiet
from dalston_cli.options.parameters import flatten

if TYPE_CHECKING:
    from dalston_sdk.wire import Transcript

_STDOUT = "-"


@flatten
def export(
    options: ExportOptions,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write finished transcripts in other formats.

    Needs no engine, no model and no audio.

    dalston export interview.json -f srt,vtt --max-line-width 36

    dalston export interview.json -f md -o - --speaker-names SPEAKER_00=Ada
    """
    from dalston_cli.formats import export as exports  # noqa: PLC0415 - keeps --help fast
    from dalston_cli.formats.registry import (  # noqa: PLC0415 - the same
        only_through_all,
        writers_named,
    )
    from dalston_cli.options.build import (  # noqa: PLC0415 - the same
        ExcludedOptionsError,
        build_render_options,
        parse_speaker_names,
        resolve,
    )
    from dalston_cli.stages.merge import name_speakers  # noqa: PLC0415 - the same

    console = Console("export", json=json, quiet=quiet)
    names = tuple(options.output_format)
    writers = writers_named(names)
    render = build_render_options(resolve(options.settings, profile=profile).settings)
    speakers = parse_speaker_names(options.speaker_names or ())

    def named(transcript: "Transcript") -> "Transcript":
        if not speakers:
            return transcript
        changed = name_speakers(transcript, speakers)
        for notice in changed.warnings[len(transcript.warnings) :]:
            console.warning(f"{transcript.recording.name}: {notice.message}")
        return changed

    if options.output_dir == _STDOUT:
        if json:
            raise ExcludedOptionsError("--output-dir -", "--json", "both write to standard output")
        console.data(exports.render_one(options.transcripts, writers, render, named))
        return
    folder = None if options.output_dir is None else Path(options.output_dir).expanduser()
    planned = exports.plan_exports(
        options.transcripts, writers, folder, overwrite=options.overwrite
    )
    written = []
    rendered = exports.render_exports(
        planned,
        render,
        change=named,
        dispensable=only_through_all(names),
        on_left_out=console.warning,
    )
    for item, content in rendered:
        _write(item.target, content)
        console.info(f"wrote {item.target}")
        written.append({"source": item.source, "format": item.writer.name, "path": item.target})
    console.result(written)


def _write(target: Path, content: str) -> None:
    from dalston_cli.atomic_file import write_whole  # noqa: PLC0415 - as above
    from dalston_cli.pipeline.outputs.delivery import OutputUnwritableError  # noqa: PLC0415 - as above

    try:
        write_whole(target, content.encode("utf-8", errors="replace"))
    except OSError as error:
        raise OutputUnwritableError(target, error) from error
