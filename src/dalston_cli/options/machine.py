"""Which model does the work, on which part of the machine, and what is shown meanwhile."""

from dataclasses import dataclass
from typing import Annotated

import typer

from dalston_cli.options.completion import complete_models, complete_pipelines
from dalston_cli.options.general import (
    MACHINE,
    SCREEN,
    Device,
    Gpus,
    Json,
    KeepAlive,
    Launcher,
    Offline,
    PullImage,
    Quiet,
    Verbose,
    Yes,
)
from dalston_cli.settings.choices import PullPolicy, Task

_MODEL = "Model and language"


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """What is asked most often; fields are settings."""

    pipeline: Annotated[
        str | None,
        typer.Option(
            "--pipeline",
            "-p",
            metavar="NAME",
            help="Settings for a kind of recording, see dalston pipelines list; every option and"
            " setting of yours goes before them.",
            autocompletion=complete_pipelines,
            rich_help_panel=_MODEL,
        ),
    ] = None
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="MODEL",
            help="Model id, see dalston models list; auto takes the best installed one.",
            autocompletion=complete_models,
            rich_help_panel=_MODEL,
        ),
    ] = None
    language: Annotated[
        str | None,
        typer.Option(
            "--language",
            "-l",
            metavar="LANGUAGE",
            help="Language that is spoken, such as en or pt-br; auto detects it.",
            rich_help_panel=_MODEL,
        ),
    ] = None
    languages: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help="When detecting, only these languages come into question.",
            rich_help_panel=_MODEL,
        ),
    ] = None
    task: Annotated[
        Task | None,
        typer.Option(help="translate means into English.", rich_help_panel=_MODEL),
    ] = None
    pull: Annotated[
        PullPolicy | None,
        typer.Option(
            help="When to download the weights of the model named: missing.",
            rich_help_panel=_MODEL,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class MachineOptions:
    """Who computes, where and how many at once; fields are settings."""

    device: Device = None
    gpus: Gpus = None
    compute_type: Annotated[
        str | None,
        typer.Option(
            metavar="TYPE",
            help="Number format such as int8 or float16; the engine chooses by default.",
            rich_help_panel=MACHINE,
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Pieces of speech decoded together.", rich_help_panel=MACHINE
        ),
    ] = None
    launcher: Launcher = None
    pull_image: PullImage = None
    replicas: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Processes of the transcribing engine: 1.", rich_help_panel=MACHINE
        ),
    ] = None
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            metavar="N",
            help="Recordings in work at the same time; goes by the engine by default.",
            rich_help_panel=MACHINE,
        ),
    ] = None
    keep_alive: KeepAlive = None
    offline: Offline = None


@dataclass(frozen=True, kw_only=True)
class ScreenOptions:
    """What is shown and asked, and which profile of the settings file is in force."""

    profile: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Profile of the settings file.", rich_help_panel=SCREEN),
    ] = None
    json: Json = False
    quiet: Quiet = False
    verbose: Verbose = 0
    yes: Yes = False
