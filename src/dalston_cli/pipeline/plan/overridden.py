"""What a recording of its own wants otherwise than its run."""

from dataclasses import replace

import msgspec

from dalston_cli.pipeline.request import Overrides, RunOptions


def overridden(options: RunOptions, overrides: Overrides) -> RunOptions:
    """The run's options as they are for one recording."""
    said = {
        name: value
        for name in ("language", "initial_prompt", "hotwords")
        if (value := getattr(overrides, name)) is not None
    }
    speakers = {
        name: value
        for name in ("num_speakers", "min_speakers", "max_speakers")
        if (value := getattr(overrides, name)) is not None
    }
    diarize = options.diarize
    if diarize is not None and speakers:
        unsaid = {"num_speakers": None, "min_speakers": None, "max_speakers": None}
        diarize = msgspec.structs.replace(diarize, **(unsaid | speakers))
    return replace(
        options,
        model=overrides.model or options.model,
        transcribe=msgspec.structs.replace(options.transcribe, **said),
        diarize=diarize,
        channels=options.channels if overrides.channels is None else overrides.channels,
        clip=overrides.clip or options.clip,
        speaker_names=(
            options.speaker_names if overrides.speaker_names is None else overrides.speaker_names
        ),
    )
