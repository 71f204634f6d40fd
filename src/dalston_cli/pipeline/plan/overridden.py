"""The options of a recording that has some of its own."""

from dataclasses import replace

import msgspec

from dalston_cli.pipeline.request import Overrides, RunOptions
from dalston_cli.stages.diarize import DIARIZE
from dalston_cli.stages.transcribe import TRANSCRIBE

_TEXT = ("language", "initial_prompt", "hotwords")
_SPEAKERS = ("num_speakers", "min_speakers", "max_speakers")


def overridden(options: RunOptions, overrides: Overrides) -> RunOptions:
    """Return the run's options as they are for one recording."""
    stages = dict(options.stages)
    text = {name: getattr(overrides, name) for name in _TEXT}
    said = {name: value for name, value in text.items() if value is not None}
    stages[TRANSCRIBE] = replace(
        stages[TRANSCRIBE],
        model=overrides.model or stages[TRANSCRIBE].model,
        options=msgspec.structs.replace(stages[TRANSCRIBE].options, **said),
    )
    speakers = {name: getattr(overrides, name) for name in _SPEAKERS}
    if DIARIZE in stages and any(value is not None for value in speakers.values()):
        own = msgspec.structs.replace(stages[DIARIZE].options, **speakers)
        stages[DIARIZE] = replace(stages[DIARIZE], options=own)
    names = overrides.speaker_names
    return replace(
        options,
        stages=stages,
        channels=options.channels if overrides.channels is None else overrides.channels,
        clip=overrides.clip or options.clip,
        speaker_names=options.speaker_names if names is None else names,
    )
