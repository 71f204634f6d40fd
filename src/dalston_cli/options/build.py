"""From settings to the options of a run; ``transcribe`` and ``plan`` share this."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from dalston_cli.audio.channels import parse_channels
from dalston_cli.audio.clip import parse_clip
from dalston_cli.audio.tracks import parse_track
from dalston_cli.catalog.device import chosen_gpus
from dalston_cli.errors import UsageError
from dalston_cli.formats.registry import WRITERS, needing_speakers, optional_formats, writers_named
from dalston_cli.options.rendering import build_render_options
from dalston_cli.pipeline.intake.urls import given_store, output_address
from dalston_cli.pipeline.outputs.remote_place import path_of
from dalston_cli.pipeline.plan.hotwords import read_hotwords
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import OfflineAddressError
from dalston_cli.pipeline.request import AUTO_MODEL, OutputTarget, RunOptions, StageRequest
from dalston_cli.regular_file import read_regular
from dalston_cli.settings.language import DETECT
from dalston_cli.settings.load import PRECEDENCE, ResolvedSettings, load_settings
from dalston_cli.settings.locations import Locations
from dalston_cli.settings.schema import Settings
from dalston_cli.settings.table import TABLE, stage_fields
from dalston_cli.settings.values import named_speakers
from dalston_cli.speakers.roster import Roster
from dalston_cli.speakers.roster_file import read_people
from dalston_cli.stages.align import ALIGN
from dalston_cli.stages.base import Stage
from dalston_cli.stages.diarize import DIARIZE
from dalston_cli.stages.overview import OVERVIEW
from dalston_cli.stages.refine import REFINE
from dalston_cli.stages.registry import STAGES
from dalston_cli.stages.transcribe import TRANSCRIBE
from dalston_cli.stages.translate import TRANSLATE
from dalston_sdk.wire import AlignOptions, RefineOptions, TranscribeOptions, TranslateOptions

STDOUT = "-"

_DEFAULT_FORMATS = ("txt", "srt", "json")


class ExcludedOptionsError(UsageError):
    """Two options contradict each other."""

    def __init__(self, first: str, second: str, reason: str) -> None:
        super().__init__(
            f"{first} and {second} exclude each other: {reason}", hint=f"leave {second} out"
        )


class SpeakerRangeError(UsageError):
    """Fewer speakers at most than at least."""

    def __init__(self, least: int, most: int) -> None:
        super().__init__(
            f"--min-speakers {least} is more than --max-speakers {most}",
            hint=f"use --min-speakers {most} --max-speakers {least}",
        )


class StandardOutputError(UsageError):
    """Standard output takes one format of one recording."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(
            f"--output-dir - prints one transcript in one format, not {what}", hint=hint
        )


class WordListError(UsageError):
    """The file of ``--hotwords-file`` cannot be read."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(
            f"cannot read --hotwords-file {file}: {problem}",
            hint="give it a text file (UTF-8) with one word or name on each line",
        )


class SpeakerNamesError(UsageError):
    """Names of speakers are not given as ``LABEL=NAME``, nor in order."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"--speaker-names: {problem}",
            hint="write --speaker-names SPEAKER_00=Ada,SPEAKER_01=Grace",
        )


def parse_speaker_names(entries: Sequence[str]) -> dict[str, str]:
    """Return names by label, from comma lists.

    Raises:
        SpeakerNamesError: They cannot be understood.
    """
    parts = tuple(part.strip() for entry in entries for part in entry.split(",") if part.strip())
    try:
        return named_speakers(parts)
    except ValueError as error:
        raise SpeakerNamesError(str(error)) from error


def resolve(flags: Mapping[str, object], *, profile: str | None) -> ResolvedSettings:
    """Take settings from the command line, the environment and the settings file."""
    return load_settings(flags, profile=profile, pipelines=_pipeline_settings)


def _pipeline_settings(name: str) -> Mapping[str, object]:
    from dalston_cli.catalog.pipelines import pipeline_settings  # noqa: PLC0415 - loads pydantic

    return pipeline_settings(name)


def settled_output(resolved: ResolvedSettings) -> Settings:
    """Return the settings with one place for transcripts: the one whose source goes before.

    Raises:
        ExcludedOptionsError: Both places are given in the same way.
    """
    settings = resolved.settings
    if not settings.output_beside or settings.output_dir is None:
        return settings
    folder, beside = (
        PRECEDENCE.index(resolved.sources[name].kind) for name in ("output_dir", "output_beside")
    )
    if folder == beside:
        raise ExcludedOptionsError("--output-dir", "--output-beside", "both say where")
    if folder < beside:
        return settings.replaced(output_beside=False)
    return settings.replaced(output_dir=None)


def build_run_options(
    settings: Settings, *, inputs: Sequence[str] = (), suggested: frozenset[str] = frozenset()
) -> RunOptions:
    """Build what the pipeline is asked for.

    Args:
        settings: Every setting's value.
        suggested: Settings that only the named pipeline sets: those of them that an engine does
            not support are dropped, and reported.
        inputs: INPUTS as given; standard input alone is answered on standard output.

    Raises:
        UsageError: Options contradict each other.
    """
    to_stdout = settings.output_dir == STDOUT or (
        settings.output_dir is None and not settings.output_beside and list(inputs) == [STDOUT]
    )
    if to_stdout and settings.translate_to:
        raise StandardOutputError(
            "a transcript and its translations", hint="choose a folder: -o DIR"
        )
    gpus = chosen_gpus(settings.device, settings.gpus)
    roster = _roster(settings)
    return RunOptions(
        stages=_stages(settings, suggested, roster),
        compute_type=settings.compute_type,
        pipeline=settings.pipeline,
        speaker_names=tuple(named_speakers(settings.speaker_names).items()),
        roster=roster,
        keep_doubtful=settings.keep_doubtful,
        device="cuda" if gpus else settings.device,
        gpus=gpus,
        replicas=settings.replicas,
        channels=parse_channels(settings.channels),
        track=None if settings.audio_track is None else parse_track(settings.audio_track),
        clip=parse_clip(",".join(settings.clip)) if settings.clip else None,
        formats=_formats(settings, to_stdout=to_stdout),
        # A stage that found no speakers, or failed, is no reason to write nothing.
        optional_formats=optional_formats(settings.output_format) | needing_speakers(),
        output=_target(settings, to_stdout=to_stdout),
        render=build_render_options(settings),
        bilingual=settings.bilingual,
        overwrite=settings.overwrite,
        strict=settings.strict,
        fail_fast=settings.fail_fast,
        accept_known_bad=settings.accept_known_bad,
        pull="never" if settings.offline else settings.pull,
        starter=settings.starter,
        offline=settings.offline,
        jobs=settings.jobs,
        runner=settings.runner,
        scheduler=settings.scheduler,
        spool_bytes=round(settings.spool_limit * 1e9),
        store=store_address(settings),
        order=settings.order,
        schedule=settings.schedule,
        keep_alive_s=settings.keep_alive,
    )


def _target(settings: Settings, *, to_stdout: bool) -> OutputTarget:
    """Return where transcripts go."""
    if to_stdout:
        return OutputTarget(folder=None)
    given = settings.output_dir or "."
    address = output_address(given)
    suffix = settings.language_suffix
    if address is None:
        folder = Path(given).expanduser()
        return OutputTarget(folder=folder, beside=settings.output_beside, language_suffix=suffix)
    if settings.offline:
        raise OfflineAddressError(address)
    return OutputTarget(folder=path_of(address), remote=address, language_suffix=suffix)


def store_address(settings: Settings) -> Address | None:
    """Return where stages' results are kept; None for this machine.

    Raises:
        UsageError: They cannot be kept there.
    """
    if settings.store is None:
        return None
    address = given_store(settings.store)
    if settings.offline:
        raise OfflineAddressError(address)
    return address


def _values(settings: Settings, stage: str) -> dict[str, Any]:
    """Return the options of a stage that differ from the settings' defaults, which set none."""
    return {
        field: value
        for field, name in stage_fields(stage).items()
        if (value := getattr(settings, name)) != TABLE[name].default
    }


def _roster(settings: Settings) -> Roster | None:
    """Return the people whose voices get their names; None where that is not asked for."""
    if settings.speakers_from is None or not settings.diarize:
        return None
    return read_people(settings.speakers_from, Locations.from_environment().state)


def _stages(
    settings: Settings, suggested: frozenset[str], roster: Roster | None
) -> dict[Stage[Any, Any], StageRequest]:
    """Return what is asked of each stage that is wanted.

    Speakers are found by the model that a roster knows them by, unless another one is named.
    """
    _check_speakers(settings)
    requests = {}
    for stage in STAGES:
        options = _options(settings, stage)
        if options is None:
            continue
        fields = stage_fields(stage.name).items()
        model = getattr(settings, "model" if stage is TRANSCRIBE else f"{stage.kind.value}_model")
        if stage is TRANSLATE and model == AUTO_MODEL:
            model = settings.refine_model  # the text goes to no other service
        if stage is DIARIZE and roster is not None and model == AUTO_MODEL:
            model = roster.model
        requests[stage] = StageRequest(
            options=options,
            model=model,
            required=stage is not ALIGN or settings.align == "always",
            suggested=frozenset(
                field for field, name in fields if name in suggested and not stage.costs_money
            ),
        )
    return requests


def _options(settings: Settings, stage: Stage[Any, Any]) -> Struct | None:
    """Return the options of a stage; None where it is not wanted."""
    if stage is TRANSCRIBE:
        return _transcribe_options(settings)
    if stage is ALIGN:
        return None if settings.align == "never" else AlignOptions()
    values = _values(settings, stage.name)
    if stage is OVERVIEW:
        about_text = {**_values(settings, REFINE.name), **values, "level": "none"}
        return RefineOptions(**about_text) if values else None
    if stage is TRANSLATE:
        shared = _values(settings, REFINE.name)
        spending = {name: shared[name] for name in ("glossary", "max_cost_usd") if name in shared}
        return TranslateOptions(**spending, **values) if settings.translate_to else None
    wanted: Struct = stage.options(**values)
    return wanted if getattr(settings, stage.name) else None


def _transcribe_options(settings: Settings) -> TranscribeOptions:
    values = _values(settings, "transcribe")
    values["language"] = None if settings.language == DETECT else settings.language
    entries = settings.hotwords
    if settings.hotwords_file:
        entries = (*(entries or ()), *_word_list(settings.hotwords_file))
    if entries is not None:
        values |= read_hotwords(entries)
    return TranscribeOptions(**values)


def _word_list(file: str) -> tuple[str, ...]:
    try:
        text = read_regular(Path(file).expanduser(), or_given=True).decode("utf-8-sig")
    except OSError as error:
        raise WordListError(file, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise WordListError(file, str(error)) from error
    words = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not words:
        raise WordListError(file, "it has no word")
    return words


def _check_speakers(settings: Settings) -> None:
    """Refuse numbers of speakers that contradict each other."""
    least, most = settings.min_speakers, settings.max_speakers
    if settings.num_speakers is not None and (least is not None or most is not None):
        other = "--max-speakers" if least is None else "--min-speakers"
        raise ExcludedOptionsError("--num-speakers", other, "it says the number exactly")
    if least is not None and most is not None and least > most:
        raise SpeakerRangeError(least, most)


def _formats(settings: Settings, *, to_stdout: bool) -> tuple[str, ...]:
    default = ("txt",) if to_stdout else _DEFAULT_FORMATS
    names = tuple(writer.name for writer in writers_named(settings.output_format or default))
    if to_stdout and len(names) > 1:
        raise StandardOutputError(f"{len(names)} formats", hint=f"use -f {names[0]}")
    if to_stdout and WRITERS[names[0]].binary:
        hint = f"choose a folder: -o DIR -f {names[0]}"
        raise StandardOutputError(f"{names[0]}, which is no text", hint=hint)
    return names
