"""All options that ``transcribe`` and ``plan`` have in common."""

from dataclasses import dataclass

from dalston_cli.options.decoding import DecodingOptions
from dalston_cli.options.inputs import InputOptions
from dalston_cli.options.machine import MachineOptions, ModelOptions, ScreenOptions
from dalston_cli.options.output import OutputOptions, TextOptions
from dalston_cli.options.stages import StageOptions


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """Which recordings, and how to treat them; for ``grouping.flatten``."""

    inputs: InputOptions
    model: ModelOptions
    output: OutputOptions
    text: TextOptions
    stages: StageOptions
    decoding: DecodingOptions
    machine: MachineOptions
    screen: ScreenOptions
