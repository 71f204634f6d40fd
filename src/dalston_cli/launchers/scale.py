"""Changing the number of replicas of an engine."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dalston_cli.launchers import survey
from dalston_cli.launchers.base import EngineInstance, EngineSpec, Launcher, NotOursError
from dalston_cli.launchers.control import start_engine, stop_all
from dalston_cli.launchers.pool.notices import OnNotice, ignore_notice
from dalston_cli.launchers.registry import Launchers

_STOP_S = 30.0
_Found = tuple[Launcher, EngineInstance]
Counts = Callable[[EngineInstance], bool]


@dataclass(frozen=True, kw_only=True)
class RunningReplicas:
    """Running replicas of one engine and one launcher.

    Attributes:
        devices: Each once, in the order of the replicas.
        keep_alive_s: Of the first that reports it; None if none does.
    """

    launcher: str
    devices: tuple[str, ...]
    replicas: int
    keep_alive_s: float | None


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """Surplus replicas that were stopped, and the number of those with another owner."""

    stopped: tuple[EngineInstance, ...] = ()
    others: int = 0


async def running_replicas(
    launchers: Launchers, engine: str, *, on_problem: survey.OnProblem = survey.raise_problem
) -> tuple[RunningReplicas, ...]:
    """Return the replicas of ``engine`` that Dalston started, for each launcher that has some."""
    every = launchers.by_name.values()
    states: dict[str, list[survey.EngineState]] = {}
    for launcher, instance in await survey.find_instances(every, [engine], on_problem=on_problem):
        if instance.owned:
            state = replace(await survey.ask_state(instance), device=instance.device)
            states.setdefault(launcher.name, []).append(state)
    return tuple(_summed_up(name, found) for name, found in states.items())


def as_one(several: Sequence[RunningReplicas]) -> RunningReplicas:
    """Sum up all replicas, as if the first launcher had started them."""
    first, *more = several
    devices = dict.fromkeys(device for each in several for device in each.devices)
    total = sum(each.replicas for each in several)
    return replace(first, devices=tuple(devices), replicas=total) if more else first


async def scale_engine(
    launchers: Launchers,
    spec: EngineSpec,
    replicas: int,
    *,
    counts: Counts | None = None,
    on_event: OnNotice = ignore_notice,
    on_problem: survey.OnProblem = survey.raise_problem,
) -> Scaled:
    """Have exactly ``replicas`` of an engine run, of those that ``counts`` is true for, or of all.

    Missing ones are started by the launcher that ``launchers`` choose. Of surplus ones, idle ones
    are stopped before busy ones, and of each kind the newest first; a busy one has half a minute
    for what runs. One with another owner is never stopped.

    Raises:
        NotOursError: More are wanted of an engine that is reached at URLs.
        EngineUnavailableError: One cannot be started.
    """
    managing = [each for each in launchers.by_name.values() if each.manages]
    every = await survey.find_instances(managing, [spec.engine.name], on_problem=on_problem)
    meant = [each for each in every if counts is None or counts(each[1])]
    found = [each for each in meant if await asyncio.to_thread(_is_usable, *each, spec)]
    others = sum(not instance.owned for _, instance in found)
    if len(found) < replicas:
        chosen = await asyncio.to_thread(launchers.choose, spec.engine, spec.device)
        if not chosen.launcher.manages:
            raise NotOursError(spec.engine.name, "scaled")
        elsewhere = sum(launcher is not chosen.launcher for launcher, _ in found)
        await start_engine(launchers, spec, replicas=replicas - elsewhere, on_event=on_event)
        return Scaled(others=others)
    owned = [(launcher, instance) for launcher, instance in found if instance.owned]
    least_needed = await _least_needed_first(owned)
    too_many = least_needed[: len(found) - replicas]
    await stop_all(too_many, timeout_s=_STOP_S)
    return Scaled(stopped=tuple(instance for _, instance in too_many), others=others)


def _is_usable(launcher: Launcher, instance: EngineInstance, spec: EngineSpec) -> bool:
    """Count our own instances, and those of other owners that would be reused."""
    if instance.owned:
        return True
    return launcher.unfitness(instance, spec, launcher.fingerprint(spec)) is None


async def _least_needed_first(found: Sequence[_Found]) -> list[_Found]:
    states = await asyncio.gather(*(survey.ask_state(instance) for _, instance in found))
    ranked = sorted(
        zip(found, states, strict=True),
        key=lambda each: (bool(each[1].running), -each[0][1].started_at.timestamp()),
    )
    return [one for one, _ in ranked]


def _summed_up(launcher: str, states: Sequence[survey.EngineState]) -> RunningReplicas:
    ordered = sorted(states, key=lambda each: each.replica)
    told = [each.keep_alive_s for each in ordered if each.keep_alive_s is not None]
    return RunningReplicas(
        launcher=launcher,
        devices=tuple(dict.fromkeys(each.device for each in ordered)),
        replicas=len(ordered),
        keep_alive_s=told[0] if told else None,
    )
