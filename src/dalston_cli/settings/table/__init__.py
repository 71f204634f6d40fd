"""Every setting, declared once.

A setting has one name everywhere: the option ``--beam-size``, the key ``beam_size`` of
``config.toml`` and the variable ``DALSTON_BEAM_SIZE`` are the same setting. A line in one of the
classes below makes all three, the pages that list them, and the option of the stage that it sets.
"""

from collections.abc import Mapping
from typing import Annotated

from dalston_cli.settings.declare import Accepts, Declaration, Setting, declarations
from dalston_cli.settings.table.decoding import Decoding, Model, VoiceActivity
from dalston_cli.settings.table.machine import Machine
from dalston_cli.settings.table.output import Input, Output, Subtitles
from dalston_cli.settings.table.stages import LanguageModel, Speakers, Stages


class Work(
    Input, Model, Output, Subtitles, Decoding, VoiceActivity, Speakers, Stages, LanguageModel
):
    """Everything about the work and nothing about the machine: the settings of pipelines."""


class General:
    """The source of other settings."""

    pipeline: Annotated[
        Annotated[str, Accepts("NAME", completion="pipelines", min_length=1)] | None,
        Setting(
            "Settings for a kind of recording, see dalston pipelines list; your own options"
            " and settings take precedence.",
            short="-p",
            example="interview",
        ),
    ] = None


PANELS: Mapping[str, tuple[type, ...]] = {
    "Input": (Input,),
    "Model": (General, Model),
    "Output": (Output,),
    "Subtitles": (Subtitles,),
    "Decoding": (Decoding,),
    "Voice activity": (VoiceActivity,),
    "Speakers": (Speakers,),
    "Stages": (Stages,),
    "Language model": (LanguageModel,),
    "Machine": (Machine,),
}
"""The groups of settings by the panel that shows them, in the order of help screens."""

TABLE: Mapping[str, Declaration] = {
    declared.name: declared
    for panel, groups in PANELS.items()
    for group in groups
    for declared in declarations(group, panel)
}
"""Every setting by name."""


def stage_fields(stage: str) -> dict[str, str]:
    """Return the settings that a stage gets, by the names that the stage has for them."""
    options = {name: declared.stage_option for name, declared in TABLE.items()}
    return {at[1]: name for name, at in options.items() if at and at[0] == stage}
