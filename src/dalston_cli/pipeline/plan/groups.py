"""Requests by the id of a group of models: each stage gets the group's model for it; pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from dalston_cli.audio.tracks import ALL_TRACKS
from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.resolve import Advice, supports_language
from dalston_cli.pipeline.request import AUTO_MODEL, RunOptions, StageRequest
from dalston_cli.stages.align import ALIGN
from dalston_cli.stages.base import Stage
from dalston_cli.stages.diarize import DIARIZE
from dalston_cli.stages.transcribe import TRANSCRIBE

Requests = Mapping[Stage[Any, Any], StageRequest]


def with_group(catalog: Catalog, options: RunOptions) -> RunOptions:
    """Return the options with the models and options of the group that is named as the model.

    What the user has set, and other models that are named, stay. Words are timed by an aligner,
    and not by the transcribing model, unless the group's does not know the language.
    """
    group = catalog.groups.get(options.model)
    if group is None:
        return options
    stages = dict(options.stages)
    for stage, request in options.stages.items():
        if stage.kind not in group.models or request.model != AUTO_MODEL:
            continue
        model = catalog.model(group.id, stage.kind)
        if supports_language(model, stage.kind, options.language):
            stages[stage] = replace(request, model=group.id)
    chosen = dict(group.options)
    if ALIGN in stages and stages[ALIGN].model != AUTO_MODEL:
        stages[ALIGN] = replace(stages[ALIGN], required=True)
        chosen["word_timestamps"] = False
    stages[TRANSCRIBE] = _with_defaults(stages[TRANSCRIBE], chosen)
    return replace(options, stages=stages)


def group_advice(catalog: Catalog, options: RunOptions) -> tuple[Advice, ...]:
    """Return a note if the group that is named could find speakers, and nothing does.

    Its name may say so (``…-diarize``), but it only says with which model: ``--diarize`` asks for
    it, as for any other model.
    """
    group = catalog.groups.get(options.model)
    wanted = DIARIZE in options.stages or options.channels == "split" or options.track == ALL_TRACKS
    if group is None or DIARIZE.kind not in group.models or wanted:
        return ()
    rest = {stage: model for stage, model in group.models.items() if stage is not DIARIZE.kind}
    same = (each.id for each in catalog.groups.values() if each.models == rest)
    other = next((f", or take {each}" for each in same), "")
    return (
        Advice(
            code="speakers_not_asked_for",
            message=f"{group.id} finds who speaks, with {group.models[DIARIZE.kind]}, only where "
            "--diarize is given",
            hint=f"add --diarize{other}",
        ),
    )


def _with_defaults(request: StageRequest, defaults: Mapping[str, Any]) -> StageRequest:
    """Return the request with options that the user has not set."""
    given = request.options
    unset = {name: value for name, value in defaults.items() if getattr(given, name) is None}
    return replace(request, options=msgspec.structs.replace(given, **unset))
