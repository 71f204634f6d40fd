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
    options: ExportOptions, profile: Profile = None, json: Json = False, quiet: Quiet = False
) -> None:
    """Write finished transcripts in other formats.

    Needs no engine, no model and no audio.

    dalston export interview.json -f srt,vtt --max-line-width 36

    dalston export interview.json -f md -o - --speaker-names SPEAKER_00=Ada
    """
    from dalston_cli.formats.registry import optional_formats, writers_named
    from dalston_cli.options.build import (
        ExcludedOptionsError,
        build_render_options,
        parse_speaker_names,
        resolve,
    )
    from dalston_cli.pipeline.outputs.export import export_text, plan_exports, write_exports
    from dalston_cli.pipeline.outputs.writer import OutputSpec
    from dalston_cli.stages.merge import name_speakers

    console = Console("export", json=json, quiet=quiet)
    names = tuple(options.output_format)
    spec = OutputSpec(
        formats=tuple(writer.name for writer in writers_named(names)),
        render=build_render_options(resolve(options.settings, profile=profile).settings),
        optional=optional_formats(names),
        overwrite=options.overwrite,
    )
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
        console.data(export_text(options.transcripts, spec, named))
        return
    folder = None if options.output_dir is None else Path(options.output_dir).expanduser()
    planned = plan_exports(options.transcripts, spec, folder)
    written = []
    for item in write_exports(planned, spec, change=named, on_dropped=console.warning):
        console.info(f"wrote {item.target}")
        written.append({"source": item.source, "format": item.writer.name, "path": item.target})
    console.result(written)
