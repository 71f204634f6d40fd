"""Whether one engine is fit to work here: how it would start, whether it runs, what it can read."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import DalstonError
from dalston_cli.finding import Finding
from dalston_cli.launchers.base import Launcher
from dalston_cli.launchers.control import engine_devices
from dalston_cli.launchers.registry import Launchers
from dalston_cli.launchers.survey import EngineState, OnProblem, survey_engines

_READ, _ENTER = 0o004, 0o001
"""Rights of everybody, in a file's mode."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What was found about one engine.

    Attributes:
        launcher: What it would be started with; None where nothing can start it.
        devices: What its replicas would run on; empty where that cannot be had.
        built: Its environment or image is there.
        running: Every one that runs, whoever started it.
    """

    engine: str
    launcher: str | None
    devices: tuple[str, ...]
    built: bool
    running: tuple[EngineState, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What the findings depend on.

    Attributes:
        device, gpus: What the settings say.
        models_dir: The folder under which all weights lie.
    """

    launchers: Launchers
    machine: Machine
    models_dir: Path
    device: str = "auto"
    gpus: tuple[int, ...] = ()


def diagnose_engine(
    engine: EngineEntry, circumstances: Circumstances, *, on_problem: OnProblem
) -> Diagnosis:
    """Look at everything about one engine; starts and changes nothing.

    Args:
        engine: Which.
        circumstances: Where.
        on_problem: Told of launchers that cannot be asked what runs.
    """
    return _Diagnosing(engine, circumstances, on_problem).diagnose()


class _Diagnosing:
    def __init__(
        self, engine: EngineEntry, circumstances: Circumstances, on_problem: OnProblem
    ) -> None:
        self._engine = engine
        self._where = circumstances
        self._on_problem = on_problem
        self._findings: list[Finding] = []

    def diagnose(self) -> Diagnosis:
        devices = self._look_at_devices()
        launcher = self._look_at_launcher(devices[0] if devices else "cuda")
        built = launcher is not None and self._look_at_build(launcher, devices)
        running = self._look_at_running()
        if launcher is not self._where.launchers.remote:
            self._look_at_weights(launcher)
        return Diagnosis(
            engine=self._engine.name,
            launcher=launcher.name if launcher else None,
            devices=devices,
            built=built,
            running=running,
            findings=tuple(self._findings),
        )

    def _look_at_devices(self) -> tuple[str, ...]:
        where = self._where
        try:
            devices = engine_devices(where.device, where.gpus, self._engine, where.machine)
        except DalstonError as error:
            self._fail("device", error.message, error.hint)
            return ()
        self._ok("device", ", ".join(devices))
        return devices

    def _look_at_launcher(self, device: str) -> Launcher | None:
        try:
            choice = self._where.launchers.choose(self._engine, device)
        except DalstonError as error:
            self._fail("launcher", error.message, error.hint)
            return None
        self._ok("launcher", f"{choice.launcher.name}: {choice.reason}")
        return choice.launcher

    def _look_at_build(self, launcher: Launcher, devices: Sequence[str]) -> bool:
        """Whether it can start at once, and if not, whether it can be built."""
        if not devices:
            return False
        launchers, engine = self._where.launchers, self._engine
        try:
            built = launcher.is_built(engine, devices[0])
            refusal = None
            if launcher is launchers.docker and not built:
                refusal = launchers.docker.refusal(engine, devices[0])
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
        every = self._where.launchers.by_name.values()
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
        folder = self._where.models_dir / self._engine.name
        nobody = launcher is self._where.launchers.docker and os.geteuid() == 0
        if not folder.exists():
            self._ok("weights", "none were pulled")
        elif path := first_unreadable(folder, by_everybody=nobody):
            who = "the user that containers of root run as" if nobody else "you"
            hint = f"let it be read: chmod -R a+rX '{folder}'"
            self._fail("weights", f"{path} cannot be read by {who}", hint)
        else:
            self._ok("weights", f"can be read in {folder}")

    def _ok(self, name: str, message: str) -> None:
        self._findings.append(Finding(name=name, status="ok", message=message))

    def _fail(self, name: str, message: str, hint: str | None) -> None:
        self._findings.append(Finding(name=name, status="fail", message=message, hint=hint))


def _way_out(state: EngineState) -> str:
    if state.owned:
        return f"start it anew: dalston engines restart {state.engine}"
    return f"look after it where it was started: {state.address}"


def first_unreadable(folder: Path, *, by_everybody: bool) -> Path | None:
    """The first of a folder and everything in it that cannot be read.

    Args:
        folder: Is there.
        by_everybody: By any user of this machine, instead of by this process.
    """
    inside = (Path(place) / name for place, _, names in os.walk(folder) for name in names)
    places = (Path(place) for place, _, _ in os.walk(folder))
    for path, right in (*((one, _READ | _ENTER) for one in places), *((f, _READ) for f in inside)):
        if not _may(path, right, by_everybody=by_everybody):
            return path
    return None


def _may(path: Path, right: int, *, by_everybody: bool) -> bool:
    if by_everybody:
        return path.stat().st_mode & right == right
    return os.access(path, os.R_OK | (os.X_OK if right & _ENTER else 0))
