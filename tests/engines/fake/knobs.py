"""Environment variables that make the fake engine misbehave, read once at start."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Knobs:
    """The failures to produce; README.md has the list."""

    crash_before_ready: bool
    crash_on_run: int
    half_a_reply: bool
    counter: Path | None
    hang: bool
    start_s: float
    load_s: float
    run_s_per_audio_s: float
    deaf_s: float
    max_batch: int
    slots: int
    protocol: int | None
    device_lost: bool
    device_lost_by: Path | None
    any_device: bool
    device_s: float
    load_log: Path | None
    splits: bool
    in_order: bool


def read_knobs() -> Knobs:
    """Read every ``DALSTON_FAKE_*`` variable."""
    return Knobs(
        crash_before_ready=_flag("CRASH_BEFORE_READY"),
        crash_on_run=int(_text("CRASH_ON_RUN", "0")),
        half_a_reply=_flag("HALF_A_REPLY"),
        counter=_path("COUNTER"),
        hang=_flag("HANG"),
        start_s=float(_text("START_S", "0")),
        load_s=float(_text("LOAD_S", "0")),
        run_s_per_audio_s=float(_text("RUN_S", "0")),
        deaf_s=float(_text("DEAF_S", "0")),
        max_batch=int(_text("MAX_BATCH", "0")),
        slots=int(_text("SLOTS", "1")),
        protocol=int(_text("PROTOCOL", "0")) if _text("PROTOCOL", "") else None,
        device_lost=_flag("DEVICE_LOST"),
        device_lost_by=_path("DEVICE_LOST_BY"),
        any_device=_flag("ANY_DEVICE"),
        device_s=float(_text("DEVICE_S", "0")),
        load_log=_path("LOAD_LOG"),
        splits=_flag("SPLITS"),
        in_order=_flag("IN_ORDER"),
    )


def _text(name: str, default: str) -> str:
    return os.environ.get(f"DALSTON_FAKE_{name}", default)


def _flag(name: str) -> bool:
    return _text(name, "") == "1"


def _path(name: str) -> Path | None:
    text = _text(name, "")
    return Path(text) if text else None
