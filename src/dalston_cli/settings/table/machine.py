"""Settings of the machine and its engines."""

from typing import Annotated

from dalston_cli.settings.choices import LauncherName, PullPolicy
from dalston_cli.settings.declare import Accepts, Setting
from dalston_cli.settings.table.types import Number, Text
from dalston_cli.settings.values import text_like


class Machine:
    """Settings that belong to a machine and not to the work: a pipeline cannot set them."""

    device: Annotated[
        str,
        Accepts(
            "auto|cpu|cuda[:N]",
            check=text_like(r"auto|cpu|cuda(:\d+)?", "auto, cpu, cuda or cuda:N"),
        ),
        Setting("Where engines compute."),
    ] = "auto"
    gpus: Annotated[
        tuple[Number, ...],
        Accepts("LIST", split=True),
        Setting("The only GPUs to use, such as 0,1: one replica on each.", example="0,1"),
    ] = ()
    launcher: Annotated[LauncherName, Setting("How engines are started.")] = "auto"
    replicas: Annotated[
        int, Accepts("N", ge=1, le=64), Setting("Processes of the transcribing engine.")
    ] = 1
    jobs: Annotated[
        Annotated[int, Accepts("N", ge=1, le=256)] | None,
        Setting(
            "Recordings to work on at the same time; by default as many as the engine can.",
            short="-j",
            example="4",
        ),
    ] = None
    keep_alive: Annotated[
        float,
        Accepts("SECONDS", ge=-1),
        Setting("Idle seconds until an engine stops itself; -1 for never, 0 at once."),
    ] = 300.0
    pull: Annotated[
        PullPolicy, Setting("When to download the weights of the model that is named.")
    ] = "missing"
    offline: Annotated[bool, Setting("Never use the network.", negative="--online")] = False
    pull_image: Annotated[
        PullPolicy, Setting("When to download images of engines, where there is a registry.")
    ] = "missing"
    image_registry: Annotated[
        Text | None,
        Setting(
            "Where finished images of engines lie; without it they are built here.",
            metavar="REGISTRY",
            option=False,
            example="registry.example.org/speech",
        ),
    ] = None
    base_image: Annotated[
        Text | None,
        Setting(
            "What images are built on; by default what the Dockerfile names.",
            metavar="IMAGE",
            option=False,
            example="python:3.12-slim",
        ),
    ] = None
    engine_memory_mb: Annotated[
        Annotated[int, Accepts("MB", ge=64)] | None,
        Setting(
            "The most memory that one container may take; by default most of the machine's.",
            option=False,
            example="8000",
        ),
    ] = None
    engine_cpus: Annotated[
        Annotated[float, Accepts("N", gt=0)] | None,
        Setting(
            "The most cores that one container may use; by default all.", option=False, example="4"
        ),
    ] = None
