"""From the command line to a batch, which ``transcribe`` and ``plan`` hand to the pipeline."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
from msgspec import Struct

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.device import only_gpus
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import probe_machine
from dalston_cli.catalog.weights.inventory import installed
from dalston_cli.catalog.weights.pull_options import PullOptions, SourceOrder
from dalston_cli.console import Console
from dalston_cli.launchers.registry import check_remotes, configured_launchers
from dalston_cli.launchers.variables import thread_variables
from dalston_cli.options import build
from dalston_cli.options.batch import BatchOptions, InputOptions
from dalston_cli.options.dialects.translation import translate
from dalston_cli.options.tracks import check_with_tracks, with_all_tracks
from dalston_cli.options.without_effect import WithoutEffectError, check_effects, manifest_notes
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.events import RunFinished, WarningRaised
from dalston_cli.pipeline.intake.beside import without_copies, without_transcripts
from dalston_cli.pipeline.intake.inputs import STDIN, InputSources, RecordingFinder
from dalston_cli.pipeline.intake.shard import ShardedInputError, parse_shard
from dalston_cli.pipeline.request import AUTO_MODEL, RecordingRequest, RunOptions
from dalston_cli.sending.asked import check_recordings, settings_to_send
from dalston_cli.settings.load import ResolvedSettings
from dalston_cli.settings.locations import Locations
from dalston_cli.settings.table import TABLE
from dalston_sdk.wire import Stage as StageKind

_WEB = ("http://", "https://")
_TEXT_STAGES = frozenset({StageKind.REFINE, StageKind.TRANSLATE})


class Batch(Struct, frozen=True, kw_only=True):
    """The input of a run or a plan.

    Attributes:
        warnings: About what was found while looking for recordings, and about options.
        passed_over: What lies in the folders and is no recording, by suffix.
        colour_words: Show how sure each word is, where text is shown as it comes.
        on_finish: A command to run at the end.
        secrets: Variables that it does not get.
        mux: Put subtitles into copies of videos.
        asked: Options for the server that does the work, if one does.
    """

    recordings: tuple[RecordingRequest, ...]
    options: RunOptions
    environment: Environment
    warnings: tuple[WarningRaised, ...]
    on_finish: str | None = None
    secrets: frozenset[str] = frozenset()
    passed_over: Mapping[str, int] = {}
    colour_words: bool = False
    mux: bool = False
    asked: Mapping[str, object] = {}

    def shows_colours(self, console: Console) -> bool:
        """Return True if text is shown as it comes, in colours: one recording, at a terminal."""
        alone = len(self.recordings) == 1 and self.options.output.folder is not None
        return self.colour_words and alone and console.draws and console.look.colour

    def completed(self, report: RunFinished) -> RunFinished:
        """Return a report with what was passed over in folders."""
        return msgspec.structs.replace(report, passed_over=dict(self.passed_over))

    def notices(self, console: Console) -> tuple[WarningRaised, ...]:
        """Return the warnings, with one about colours that nothing will show."""
        if not self.colour_words or self.shows_colours(console):
            return self.warnings
        return (
            *self.warnings,
            _without_effect(
                "--print_colors has no effect: text is shown in colours while one recording is"
                " transcribed at a terminal"
            ),
        )


def console_for(command: str, options: BatchOptions) -> Console:
    """Build the console that ``--json``, ``-q`` and ``-v`` ask for."""
    screen = options.screen
    return Console(command, json=screen.json, quiet=screen.quiet, verbose=screen.verbose)


def read_batch(
    options: BatchOptions, *, is_plan: bool = False, finds: bool = True, elsewhere: bool = False
) -> Batch:
    """Resolve the settings and find the recordings, unless the caller ``finds`` them later.

    A model may be named that only the hub knows. It is asked then, and what it says is kept with
    the user's own models, but not for a plan, which goes by the name where the hub is silent. With
    ``elsewhere`` a server does the work, and its models count.

    Raises:
        UsageError: Options contradict each other, or a server does not take them; or no recording
            is named.
        InputError: Nothing is found, or a list of recordings cannot be read.
        ConfigurationError: The settings file or a catalog is wrong.
        ModelUnavailableError: A folder or repository is named as a model, and cannot be used.
    """
    inputs = options.inputs
    _refuse_idle_inputs(inputs)
    shard = None if inputs.shard is None else parse_shard(inputs.shard)
    said = translate(options.settings, options.theirs)
    flags = with_all_tracks(inputs, said.flags)
    resolved = build.resolve(flags, profile=options.screen.profile)
    asked = settings_to_send(resolved, tracks=inputs.tracks) if elsewhere else {}
    run_options = build.build_run_options(
        build.settled_output(resolved),
        inputs=inputs.inputs or (),
        suggested=resolved.from_pipeline(),
    )
    run_options = replace(run_options, shard=shard)
    check_with_tracks(inputs, run_options)
    idle = check_effects(
        resolved, formats=run_options.formats, manifest=inputs.manifest is not None
    )
    folder = run_options.output.folder
    if options.screen.json and folder is None:
        raise build.ExcludedOptionsError(
            "--output-dir -", "--json", "both write to standard output"
        )
    warnings = [_without_effect(note) for note in (*said.notes, *idle)]
    if said.hub_token:
        os.environ["HF_TOKEN"] = said.hub_token
    found = _found(options, run_options, warnings.append) if finds else _Found()
    recordings = found.recordings
    if elsewhere:
        check_recordings(recordings)
    if inputs.manifest:
        notes = manifest_notes(recordings, resolved, run_options.formats, inputs.manifest)
        warnings += map(_without_effect, notes)
    if folder is None and len(recordings) > 1:
        raise build.StandardOutputError(f"{len(recordings)} recordings", hint="use --output-dir .")
    locations, catalog = Locations.from_environment(), load_catalog(remember=not is_plan)
    if said.models_dir:
        locations = replace(locations, models=said.models_dir)
    check_remotes(resolved, catalog)
    catalog = with_own_servers(catalog, run_options, locations, warnings.append, is_plan=is_plan)
    named = _models_named(run_options, recordings)
    if not elsewhere and not all(name == AUTO_MODEL or catalog.has_model(name) for name in named):
        keep = None if is_plan else locations.catalog
        catalog = _with_unknown(catalog, named, run_options, keep, warnings.append)
    return Batch(
        recordings=recordings,
        options=run_options,
        environment=environment_of(resolved, run_options, catalog, locations),
        warnings=tuple(warnings),
        passed_over=found.passed_over,
        colour_words=said.colour_words,
        on_finish=resolved.settings.on_finish,
        secrets=frozenset(_secrets(resolved, catalog)),
        mux=resolved.settings.mux and folder is not None,
        asked=asked,
    )


class _Found(Struct, frozen=True, kw_only=True):
    """The recordings in the named places, and what else lies there, by suffix."""

    recordings: tuple[RecordingRequest, ...] = ()
    passed_over: Mapping[str, int] = {}


def _found(
    given: BatchOptions, options: RunOptions, warn: Callable[[WarningRaised], None]
) -> _Found:
    """Find the recordings; see ``RecordingFinder.find`` for what it raises."""
    inputs, output = given.inputs, options.output
    finder = RecordingFinder(
        sources=InputSources(
            inputs=tuple(inputs.inputs or ()),
            tracks=inputs.tracks,
            latest=inputs.latest,
            recursive=inputs.recursive,
            files_from=inputs.files_from,
            null=inputs.null,
            manifest=Path(inputs.manifest) if inputs.manifest else None,
            offline=options.offline,
            output_folder=None if output.beside else output.folder,
        ),
        stdin=sys.stdin.buffer,
        on_warning=warn,
        on_note=console_for("transcribe", given).info,
    )
    recordings = without_copies(tuple(finder.find()), warn)
    if output.beside:
        recordings = without_transcripts(recordings, warn)
    return _Found(recordings=recordings, passed_over=finder.passed_over)


def environment_of(
    resolved: ResolvedSettings, options: RunOptions, catalog: Catalog, locations: Locations
) -> Environment:
    """Return this machine, as the settings want it to be used."""
    return Environment(
        locations=locations,
        catalog=catalog,
        machine=only_gpus(probe_machine(), options.gpus),
        launchers=configured_launchers(resolved, locations),
        launcher_settings=_launcher_settings(resolved),
        engine_environment=thread_variables(resolved.settings.threads),
        source_order=SourceOrder.of(resolved.settings),
    )


def _refuse_idle_inputs(inputs: InputOptions) -> None:
    """Refuse what says how to look for recordings where nothing is looked for."""
    if inputs.null and inputs.files_from is None:
        raise WithoutEffectError("--null", "--files-from")
    if inputs.recursive and inputs.manifest and not (inputs.inputs or inputs.files_from):
        raise WithoutEffectError("--recursive", "INPUTS")
    named = inputs.inputs or ()
    if inputs.latest is not None and not any(text.lower().startswith(_WEB) for text in named):
        raise WithoutEffectError("--latest", "the address of a feed or a page")
    if inputs.shard is not None and STDIN in (inputs.inputs or ()):
        raise ShardedInputError


def _models_named(options: RunOptions, recordings: Iterable[RecordingRequest]) -> list[str]:
    """Return the models that the options and the manifest name."""
    named = [request.model for request in options.stages.values()]
    return named + [one.overrides.model for one in recordings if one.overrides.model]


def with_own_servers(
    catalog: Catalog,
    options: RunOptions,
    locations: Locations,
    warn: Callable[[WarningRaised], None],
    *,
    is_plan: bool = False,
) -> Catalog:
    """Return the catalog with the language models of the user's own servers that a run may use.

    Those are the one that is named and, where none is and no service has its key, all of a running
    Ollama. Where the servers are is then in this process's environment, for the engine.

    Raises:
        ModelUnavailableError: A server does not answer, or does not have the model.
        ConfigurationError, UsageError: An address is wrong.
    """
    stages = options.stages.items()
    wanted = {request.model for stage, request in stages if stage.kind in _TEXT_STAGES}
    if not wanted:
        return catalog
    from dalston_cli.catalog.own_servers.adopt import adopt_served, discover

    services = catalog.models_for(StageKind.REFINE)
    if wanted != {AUTO_MODEL}:
        found = adopt_served(catalog, wanted, assume=is_plan, offline=options.offline)
    elif any(installed(model, locations.models) for model in services):
        return catalog
    else:
        ram_mb = probe_machine().ram_mb
        found = discover(catalog, memory_mb=ram_mb, offline=options.offline)
    os.environ.update(found.variables)
    for advice in found.advice:
        warn(WarningRaised(code=advice.code, message=advice.message, hint=advice.hint))
    return found.catalog


def _with_unknown(
    catalog: Catalog,
    named: Iterable[str],
    options: RunOptions,
    keep: Path | None,
    warn: Callable[[WarningRaised], None],
) -> Catalog:
    """Return the catalog with folders and repositories that it does not have; see ``adopt``.

    ``keep`` is the folder of the user's own entries; None for a plan.
    """
    from dalston_cli.catalog.names.adopt import Asking, adopt

    is_plan = keep is None
    asking = Asking(
        options=PullOptions.from_environment(offline=options.offline),
        hub=is_plan or options.pull != "never" or options.offline,
        assume=is_plan and not options.offline,
        keep=keep,
    )
    adopted = adopt(catalog, named, asking)
    for advice in adopted.advice:
        warn(WarningRaised(code=advice.code, message=advice.message, hint=advice.hint))
    return adopted.catalog


def _without_effect(message: str) -> WarningRaised:
    return WarningRaised(code="option_without_effect", message=message)


def _launcher_settings(resolved: ResolvedSettings) -> dict[str, object]:
    """Return the settings of launchers that were given, for launchers of other machines."""
    return {
        name: value
        for name in ("launcher", "offline", "pull_image")
        if (value := getattr(resolved.settings, name)) != TABLE[name].default
    }


def _secrets(resolved: ResolvedSettings, catalog: Catalog) -> Iterator[str]:
    """Yield the variables that hold keys of services and of engines elsewhere."""
    for engine in catalog.engines.values():
        yield from engine.secrets
    for remote in resolved.remote.values():
        yield from (remote.token_env,) if remote.token_env else ()
