"""Where the outputs of a run go: named and checked before anything runs."""

from collections.abc import Callable, Sequence
from pathlib import Path

from dalston_cli.formats.registry import in_languages, writers_named
from dalston_cli.pipeline.events import WarningRaised
from dalston_cli.pipeline.outputs.folder import check_writable
from dalston_cli.pipeline.outputs.names import OutputCollisionError, name_beside, name_outputs
from dalston_cli.pipeline.outputs.place import HERE
from dalston_cli.pipeline.outputs.remote_place import RemotePlace
from dalston_cli.pipeline.outputs.suffix import LONGEST
from dalston_cli.pipeline.outputs.writer import OutputSpec
from dalston_cli.pipeline.remote.stores import check_reachable
from dalston_cli.pipeline.request import RecordingRequest, RunOptions


def output_spec(options: RunOptions, print_text: Callable[[str], None] | None = None) -> OutputSpec:
    """Return what is written of every recording of a run."""
    return OutputSpec(
        formats=options.formats,
        optional=options.optional_formats,
        render=options.render,
        overwrite=options.overwrite,
        print_text=print_text,
        language_suffix=options.output.language_suffix,
        languages=options.translations,
        bilingual=options.bilingual,
        place=HERE if options.output.remote is None else RemotePlace(options.output.remote),
    )


def output_stems(
    recordings: Sequence[RecordingRequest], options: RunOptions
) -> tuple[Path, ...] | None:
    """Return each recording's outputs without extensions; None for standard output.

    Raises:
        UnknownFormatError: There is no such format.
        InputError: Outputs would collide with each other or with a recording.
    """
    writers = in_languages(writers_named(options.formats), options.translations)
    extensions = tuple(writer.extension for writer in writers)
    if options.output.folder is None:
        return None
    room = LONGEST if options.output.language_suffix else 0
    if options.output.beside:
        stems = name_beside(recordings, extensions, room=room)
    else:
        stems = name_outputs(recordings, options.output.folder, extensions, room=room)
    _refuse_mixed_up(recordings, stems, options.translations)
    return stems


def _refuse_mixed_up(
    recordings: Sequence[RecordingRequest], stems: Sequence[Path], languages: Sequence[str]
) -> None:
    """Refuse ``film.wav`` beside ``film.de.wav``, where ``film`` is translated into German."""
    known = dict(zip(map(str, stems), recordings, strict=True)) if languages else {}
    for stem, recording in known.items():
        for language in languages:
            if other := known.get(f"{stem}.{language}"):
                output = Path(f"{stem}.{language}")
                raise OutputCollisionError([recording.name, other.name], output, placed=False)


def check_outputs(stems: Sequence[Path] | None, options: RunOptions) -> None:
    """Check, before hours of work, that transcripts can be written where they go.

    Raises:
        OutputUnwritableError, RemoteError: They cannot.
    """
    if stems is None or options.output.folder is None:
        return
    if options.output.remote is not None:
        check_reachable(options.output.remote)
        return
    beside = dict.fromkeys(stem.parent for stem in stems)
    for folder in beside if options.output.beside else (options.output.folder,):
        check_writable(folder)


def unconditional(spec: OutputSpec) -> WarningRaised | None:
    """Return a warning of a place where other programs' writing is not noticed in time."""
    place = spec.place
    if not isinstance(place, RemotePlace) or place.has_conditions:
        return None
    return WarningRaised(
        code="unconditional_writes",
        message=f"{place.shown} knows no conditional writes: what another program writes there at"
        " the same moment may be replaced",
    )
