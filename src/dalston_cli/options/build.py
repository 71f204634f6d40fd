"""From settings to what the pipeline is asked for; ``transcribe`` and ``plan`` share this."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalston_cli.audio.channels import parse_channels
from dalston_cli.audio.clip import parse_clip
from dalston_cli.catalog.check import OPTIONS
from dalston_cli.catalog.device import chosen_gpus
from dalston_cli.errors import UsageError
from dalston_cli.pipeline.request import OVERVIEW, OutputTarget, RunOptions, StageModels
from dalston_cli.settings.values import named_speakers
from dalston_sdk.wire import (
    DiarizeOptions,
    EmotionOptions,
    EventsOptions,
    RefineOptions,
    Stage,
    TranscribeOptions,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from dalston_cli.formats.options import RenderOptions
    from dalston_cli.settings.load import ResolvedSettings
    from dalston_cli.settings.schema import Settings

STDOUT = "-"
_RENAMED = {
    "hallucination_silence_threshold_s": "hallucination_silence_threshold",
    "chunk_length_s": "chunk_length",
    "max_speech_s": "max_speech",
}
_RENAMED_OF_STAGE: dict[Stage, dict[str, str]] = {
    Stage.DIARIZE: {"batch_size": ""},
    Stage.EMOTION: {"threshold": "emotion_threshold", "batch_size": ""},
    Stage.EVENTS: {
        "threshold": "events_threshold",
        "min_duration_ms": "min_event_ms",
        "labels": "event_labels",
        "batch_size": "",
    },
}
"""The setting of an option, by stage; empty where it is no setting."""

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
            f"cannot read --hotwords-file {file}: {problem}", hint="see: dalston transcribe --help"
        )


class SpeakerNamesError(UsageError):
    """Names of speakers are not given as ``LABEL=NAME``, nor in order."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"--speaker-names: {problem}",
            hint="write --speaker-names SPEAKER_00=Ada,SPEAKER_01=Grace",
        )


def parse_speaker_names(entries: Sequence[str]) -> dict[str, str]:
    """Names by label, from comma lists.

    Raises:
        SpeakerNamesError: They cannot be understood.
    """
    parts = tuple(part.strip() for entry in entries for part in entry.split(",") if part.strip())
    try:
        return named_speakers(parts)
    except ValueError as error:
        raise SpeakerNamesError(str(error)) from error


def resolve(*groups: "DataclassInstance", profile: str | None) -> "ResolvedSettings":
    """Settings from these option groups, the environment and the settings file."""
    from dalston_cli.catalog.pipelines import pipeline_settings  # noqa: PLC0415 - loads pydantic
    from dalston_cli.settings.load import load_settings  # noqa: PLC0415 - loads pydantic
    from dalston_cli.settings.schema import Settings  # noqa: PLC0415 - loads pydantic

    flags = {
        field.name: getattr(group, field.name)
        for group in groups
        for field in fields(group)
        if field.name in Settings.model_fields
    }
    return load_settings(flags, profile=profile, pipelines=pipeline_settings)


def build_run_options(
    settings: "Settings",
    *,
    inputs: Sequence[str] = (),
    suggested: frozenset[str] = frozenset(),
) -> RunOptions:
    """What the pipeline is asked for.

    Args:
        settings: Every setting's value.
        suggested: Settings that the named pipeline gave: what an engine does not know of them is
            left out then, and said.
        inputs: INPUTS as given; standard input alone is answered on standard output.

    Raises:
        UsageError: Options contradict each other.
    """
    to_stdout = settings.output_dir == STDOUT or (
        settings.output_dir is None and list(inputs) == [STDOUT]
    )
    gpus = chosen_gpus(settings.device, settings.gpus)
    return RunOptions(
        model=settings.model,
        compute_type=settings.compute_type,
        transcribe=_transcribe_options(settings),
        align=settings.align,
        diarize=_diarize_options(settings),
        emotion=EmotionOptions(threshold=settings.emotion_threshold) if settings.emotion else None,
        events=_events_options(settings),
        refine=_refine_options(settings),
        overview=_overview_options(settings),
        pipeline=settings.pipeline,
        suggested=_suggested(suggested),
        speaker_names=tuple(named_speakers(settings.speaker_names).items()),
        stage_models=StageModels(
            **{stage: getattr(settings, f"{stage}_model") for stage in _STAGES}
        ),
        device="cuda" if gpus else settings.device,
        gpus=gpus,
        replicas=settings.replicas,
        channels=parse_channels(settings.channels),
        clip=parse_clip(settings.clip) if settings.clip else None,
        formats=_formats(settings, to_stdout=to_stdout),
        optional_formats=_optional_formats(settings),
        output=OutputTarget(
            folder=None if to_stdout else Path(settings.output_dir or ".").expanduser()
        ),
        render=build_render_options(settings),
        overwrite=settings.overwrite,
        strict=settings.strict,
        fail_fast=settings.fail_fast,
        pull="never" if settings.offline else settings.pull,
        offline=settings.offline,
        jobs=settings.jobs,
        keep_alive_s=settings.keep_alive,
    )


_STAGES = ("align", "diarize", "emotion", "events", "refine")


def _transcribe_options(settings: "Settings") -> TranscribeOptions:
    values: dict[str, Any] = {
        name: getattr(settings, _RENAMED.get(name, name))
        for name in TranscribeOptions.__struct_fields__
    }
    if values["language"] is not None:
        language = values["language"].lower().replace("_", "-")
        values["language"] = None if language == "auto" else language
    if settings.hotwords_file:
        words = _word_list(settings.hotwords_file)
        values["hotwords"] = (*(values["hotwords"] or ()), *words)
    return TranscribeOptions(**values)


def _suggested(settings: frozenset[str]) -> dict[Stage, frozenset[str]]:
    """The options of engines that these settings become; not of refine, which may cost money."""
    renamed = {Stage.TRANSCRIBE: _RENAMED, **_RENAMED_OF_STAGE}
    return {
        stage: frozenset(
            name
            for name in OPTIONS[stage].__struct_fields__
            if renamed[stage].get(name, name) in settings
        )
        for stage in renamed
    }


def _word_list(file: str) -> tuple[str, ...]:
    try:
        text = Path(file).expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WordListError(file, str(error)) from error
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _diarize_options(settings: "Settings") -> DiarizeOptions | None:
    least, most = settings.min_speakers, settings.max_speakers
    if settings.num_speakers is not None and (least is not None or most is not None):
        other = "--max-speakers" if least is None else "--min-speakers"
        raise ExcludedOptionsError("--num-speakers", other, "it says the number exactly")
    if least is not None and most is not None and least > most:
        raise SpeakerRangeError(least, most)
    if not settings.diarize:
        return None
    return DiarizeOptions(num_speakers=settings.num_speakers, min_speakers=least, max_speakers=most)


def _events_options(settings: "Settings") -> EventsOptions | None:
    if not settings.events:
        return None
    return EventsOptions(
        threshold=settings.events_threshold,
        min_duration_ms=settings.min_event_ms,
        labels=settings.event_labels,
    )


def _refine_options(settings: "Settings") -> RefineOptions | None:
    if not settings.refine:
        return None
    return RefineOptions(level=settings.refine_level, **_language_model_options(settings))


def _overview_options(settings: "Settings") -> RefineOptions | None:
    wanted: dict[str, Any] = {name: True for name in OVERVIEW if getattr(settings, name)}
    if not wanted:
        return None
    return RefineOptions(level="none", **wanted, **_language_model_options(settings))


def _language_model_options(settings: "Settings") -> dict[str, Any]:
    return {
        "glossary": settings.glossary,
        "max_cost_usd": settings.max_cost,
        "batch": settings.refine_batch or None,
    }


def _formats(settings: "Settings", *, to_stdout: bool) -> tuple[str, ...]:
    from dalston_cli.formats.registry import writers_named  # noqa: PLC0415 - not for --help

    default = ("txt",) if to_stdout else _DEFAULT_FORMATS
    names = tuple(writer.name for writer in writers_named(settings.output_format or default))
    if to_stdout and len(names) > 1:
        raise StandardOutputError(f"{len(names)} formats", hint=f"use -f {names[0]}")
    return names


def _optional_formats(settings: "Settings") -> frozenset[str]:
    from dalston_cli.formats.registry import optional_formats  # noqa: PLC0415 - not for --help

    return optional_formats(settings.output_format)


def build_render_options(settings: "Settings") -> "RenderOptions":
    """How formats write text.

    Raises:
        SubtitleRulesError: A rule for subtitles is impossible.
    """
    from dalston_cli.formats.options import RenderOptions  # noqa: PLC0415 - not for --help
    from dalston_cli.formats.subtitles.rules import SubtitleRules  # noqa: PLC0415 - the same

    rules = SubtitleRules(
        max_line_width=settings.max_line_width,
        max_line_count=settings.max_line_count,
        max_cue_duration_s=settings.max_cue_duration,
        min_cue_duration_s=settings.min_cue_duration,
        max_cps=settings.max_cps,
        min_gap_s=settings.min_gap,
        max_words_per_line=settings.max_words_per_line,
        highlight_words=settings.highlight_words,
    )
    return RenderOptions(subtitles=rules, speakers=settings.speakers)
