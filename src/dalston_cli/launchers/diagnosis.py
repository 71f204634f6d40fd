"""Diagnosis of one engine: how it would start, whether it runs, and what it can read."""

import asyncio
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.diagnosis import Diagnosis
from dalston_cli.errors import DalstonError
from dalston_cli.launchers.base import Launcher
from dalston_cli.launchers.control import engine_devices
from dalston_cli.launchers.registry import Launchers
from dalston_cli.launchers.survey import EngineState, OnProblem, survey_engines

_READ, _ENTER = 0o004, 0o001
"""Rights of all users, in a file's mode."""


@dataclass(frozen=True, kw_only=True)
class EngineDiagnosis:
    """State of one engine.

    Attributes:
        launcher: The launcher that would start it; None if none can.
        devices: Devices of its replicas; empty if they are not available.
        built: Its environment or image is there.
        running: Every instance that runs, also of other owners.
    """

    engine: str
    launcher: str | None
    devices: tuple[str, ...]
    built: bool
    running: tuple[EngineState, ...]
    findings: tuple[Diagnosis, ...]


@dataclass(frozen=True, kw_only=True)
class DiagnosisContext:
    """Launchers, machine and settings that the diagnosis depends on."""

    launchers: Launchers
    machine: Machine
    models_dir: Path
    device: str = "auto"
    gpus: tuple[int, ...] = ()


def diagnose_engine(
    engine: EngineEntry, context: DiagnosisContext, *, on_problem: OnProblem
) -> EngineDiagnosis:
    """Look at everything about one engine; starts and changes nothing."""
    return _EngineCheck(engine, context, on_problem).diagnose()


class _EngineCheck:
    def __init__(
        self, engine: EngineEntry, context: DiagnosisContext, on_problem: OnProblem
    ) -> None:
        self._engine = engine
        self._context = context
        self._on_problem = on_problem
        self._findings: list[Diagnosis] = []

    def diagnose(self) -> EngineDiagnosis:
        devices = self._look_at_devices()
        launcher = self._look_at_launcher(devices[0] if devices else "cuda")
        built = launcher is not None and self._look_at_build(launcher, devices)
        running = self._look_at_running()
        if launcher is None or not launcher.brings_own_weights:
            self._look_at_weights(launcher)
        return EngineDiagnosis(
            engine=self._engine.name,
            launcher=launcher.name if launcher else None,
            devices=devices,
            built=built,
            running=running,
            findings=tuple(self._findings),
        )

    def _look_at_devices(self) -> tuple[str, ...]:
        context = self._context
        try:
            devices = engine_devices(context.device, context.gpus, self._engine, context.machine)
        except DalstonError as error:
            self._fail("device", error.message, error.hint)
            return ()
        self._ok("device", ", ".join(devices))
        return devices

    def _look_at_launcher(self, device: str) -> Launcher | None:
        try:
            choice = self._context.launchers.choose(self._engine, device)
        except DalstonError as error:
            self._fail("launcher", error.message, error.hint)
            return None
        self._ok("launcher", f"{choice.launcher.name}: {choice.reason}")
        return choice.launcher

    def _look_at_build(self, launcher: Launcher, devices: Sequence[str]) -> bool:
        """Return True if it can start at once; if not, check that it can be built."""
        if not devices:
            return False
        try:
            built = launcher.is_built(self._engine, devices[0])
            refusal = None if built else launcher.build_problem(self._engine, devices[0])
        except DalstonError as error:
            self._fail("built", error.message, error.hint)
            return False
        if refusal:
            self._fail("built", f"it cannot be: {refusal}", "see what to do: dalston doctor")
        elif built:
            self._ok("built", "yes")
        else:
            self._ok("built", "not yet; that happens when it first starts")
        return built

    def _look_at_running(self) -> tuple[EngineState, ...]:
        every = self._context.launchers.by_name.values()
        found = survey_engines(every, [self._engine.name], on_problem=self._on_problem)
        states = asyncio.run(found)
        for state in states:
            where = f"{state.launcher} {state.replica} on {state.device or 'an unknown device'}"
            if state.state in {"failed", "unreachable"}:
                what = f"{where}: {state.state}, {state.problem}"
                self._fail("running", what, _way_out(state))
            else:
                self._ok("running", f"{where}: {state.state}")
        if not states:
            self._ok("running", "no; it starts when it is needed")
        return states

    def _look_at_weights(self, launcher: Launcher | None) -> None:
        folder = self._context.models_dir / self._engine.name
        # Root's engines run as another user where they do not share the disk, as in containers.
        as_another = launcher is not None and not launcher.shares_disk and os.geteuid() == 0
        if not folder.exists():
            self._ok("weights", "none were pulled")
        elif path := first_unreadable(folder, by_every_user=as_another):
            who = "the user that containers of root run as" if as_another else "you"
            hint = f"let it be read: chmod -R a+rX {shlex.quote(str(folder))}"
            self._fail("weights", f"{path} cannot be read by {who}", hint)
        else:
            self._ok("weights", f"can be read in {folder}")

    def _ok(self, name: str, message: str) -> None:
        self._findings.append(Diagnosis(name, "ok", message))

    def _fail(self, name: str, message: str, hint: str | None) -> None:
        self._findings.append(Diagnosis(name, "fail", message, hint=hint))


def _way_out(state: EngineState) -> str:
    if state.owned:
        return f"start it anew: dalston engines restart {state.engine}"
    return f"look after it where it was started: {state.address}"


def first_unreadable(folder: Path, *, by_every_user: bool) -> Path | None:
    """Return the first path in or at a folder that this process, or any user, cannot read."""
    inside = (Path(place) / name for place, _, names in os.walk(folder) for name in names)
    places = (Path(place) for place, _, _ in os.walk(folder))
    for path, right in (*((one, _READ | _ENTER) for one in places), *((f, _READ) for f in inside)):
        if not _may(path, right, by_every_user=by_every_user):
            return path
    return None


def _may(path: Path, right: int, *, by_every_user: bool) -> bool:
    if by_every_user:
        return path.stat().st_mode & right == right
    return os.access(path, os.R_OK | (os.X_OK if right & _ENTER else 0))
