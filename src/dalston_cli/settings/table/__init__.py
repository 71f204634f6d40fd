"""Every setting, declared once.

A setting has one name everywhere: the option ``--beam-size``, the key ``beam_size`` of
``config.toml`` and the variable ``DALSTON_BEAM_SIZE`` are the same setting. A line in one of the
classes below makes all three, the pages that list them, and the option of the stage that it sets.
"""

from collections.abc import Mapping

from dalston_cli.settings.declare import Kind, Setting, group, settings_of
from dalston_cli.settings.table.decoding import Decoding, Model, VoiceActivity
from dalston_cli.settings.table.machine import Machine
from dalston_cli.settings.table.output import AfterRun, Documents, Input, Output, Subtitles
from dalston_cli.settings.table.stages import KnownVoices, LanguageModel, Speakers, Stages


@group("Model")
class General:
    """The source of other settings."""

    pipeline: str | None = Kind("NAME", completion="pipelines", min_length=1)(
        "Settings for a kind of recording, see dalston pipelines list; your own options and"
        " settings"
        " take precedence.",
        short="-p",
        example="interview",
        everyday=True,
    )


class Work(
    Input,
    Model,
    Output,
    Documents,
    Subtitles,
    Decoding,
    VoiceActivity,
    Speakers,
    Stages,
    LanguageModel,
):
    """Everything about the work and nothing about the machine: the settings of pipelines."""


_GROUPS = (
    Input,
    General,
    Model,
    Output,
    AfterRun,
    Documents,
    Subtitles,
    Decoding,
    VoiceActivity,
    Speakers,
    KnownVoices,
    Stages,
    LanguageModel,
    Machine,
)
"""In the order of help screens and pages."""

TABLE: Mapping[str, Setting] = {one.name: one for each in _GROUPS for one in settings_of(each)}
"""Every setting by name."""

PANELS = tuple(dict.fromkeys(one.panel for one in TABLE.values()))
"""The panels that show the settings, in order."""


def stage_fields(stage: str) -> dict[str, str]:
    """Return the settings that a stage gets, by the names that the stage has for them."""
    options = {name: one.stage_option for name, one in TABLE.items()}
    return {field: name for name, (of, field) in options.items() if of == stage}
