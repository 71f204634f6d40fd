"""Messages around requests and results: lines of a stream, health, models, errors.

``POST /run`` answers with NDJSON: one JSON object per line, told apart by ``type``. The last line
is a ``result`` or an ``error``; a stream that ends without one was cut off.
"""

from enum import Enum
from typing import Literal

from msgspec import Struct, field

from dalston_sdk.wire.stage import ModelRef, Result
from dalston_sdk.wire.transcript import Notice, Segment

PROTOCOL_VERSION = 1
"""Increased when an old peer could misread a message; not for a new optional field."""

OLDEST_PROTOCOL_VERSION = 1
"""The oldest version that this SDK understands."""


class ErrorCode(str, Enum):
    """The reason why an engine could not do what it was asked to."""

    INVALID_REQUEST = "invalid_request"
    UNSUPPORTED_OPTION = "unsupported_option"
    AUDIO_INVALID = "audio_invalid"
    MODEL_MISSING = "model_missing"
    MODEL_LOAD_FAILED = "model_load_failed"
    OUT_OF_MEMORY = "out_of_memory"
    DEVICE_LOST = "device_lost"
    BUSY = "busy"
    INTERNAL = "internal"


class Progress(Struct, frozen=True, kw_only=True, tag_field="type", tag="progress"):
    """Progress in seconds of audio; ``phase`` is ``load`` or ``run``."""

    done_s: float
    total_s: float
    phase: Literal["load", "run"] = "run"


class Partial(Struct, frozen=True, kw_only=True, tag_field="type", tag="partial"):
    """Segments as they come; the result repeats them."""

    segments: tuple[Segment, ...]


class Heartbeat(Struct, frozen=True, kw_only=True, tag_field="type", tag="heartbeat"):
    """Sign of life; sent after 5 s without another message."""

    elapsed_s: float


class Finished(Struct, frozen=True, kw_only=True, tag_field="type", tag="result"):
    """The last line of a successful stream.

    Attributes:
        elapsed_s: Seconds of the work without model loading; while others ran, a share of them.
    """

    result: Result
    elapsed_s: float
    load_s: float = 0.0


class Failed(Struct, frozen=True, kw_only=True, tag_field="type", tag="error", omit_defaults=True):
    """The last line of a failed stream; also the body of every HTTP error."""

    code: ErrorCode
    message: str
    retryable: bool = False
    hint: str | None = None


StreamMessage = Progress | Partial | Heartbeat | Finished | Failed

EngineStatus = Literal["starting", "ready", "busy", "failed", "stopping"]


class Health(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer of ``GET /health``.

    Attributes:
        protocol, oldest_protocol: The range of protocol versions that this engine understands.
        results: Digest of what its results depend on; None where ``fingerprint`` stands for it.
        device: ``cpu`` or ``cuda:N``, after a real call to the device.
        running, slots: Requests in progress, and how many may run at once.
        waiting: Requests that wait for a slot or for their model.
        splits: It does parts of transcriptions (``TranscribeRequest.part``).
        expires_in_s: Seconds until the engine stops itself; None for never or while busy.
        vram_mb: Memory held on the GPU; None without one.
        threads: Processor threads that its libraries were told to use; None where nothing was told.
        problem: The reason why ``status`` is ``failed``.
    """

    status: EngineStatus
    engine: str
    version: str
    protocol: int
    oldest_protocol: int
    fingerprint: str
    device: str
    pid: int
    slots: int
    running: int
    rss_mb: float
    uptime_s: float
    waiting: int = 0
    splits: bool = False
    results: str | None = None
    loaded: ModelRef | None = None
    vram_mb: float | None = None
    threads: int | None = None
    keep_alive_s: float | None = None
    expires_in_s: float | None = None
    problem: str | None = None


class ModelsReply(Struct, frozen=True, kw_only=True):
    """Answer of ``GET /models``: the loaded and the installed models, and options per stage."""

    loaded: ModelRef | None
    available: tuple[str, ...]
    stages: dict[str, tuple[str, ...]]


class LoadRequest(Struct, frozen=True, kw_only=True):
    """Body of ``POST /load``."""

    model: ModelRef


class LoadReply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer of ``POST /load`` and ``POST /unload``."""

    loaded: ModelRef | None
    elapsed_s: float
    compute_type: str | None = None
    warnings: tuple[Notice, ...] = field(default=())
