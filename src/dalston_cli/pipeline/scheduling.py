"""Chooses the schedule of a run by what its engines need and this machine has.

What an engine needs is what it took with the model when it was last used on this machine, or else
what the catalog says. What the machine has is what is free, and what the engines of this run that
are running already take.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from dalston_cli.catalog.device import spread_over
from dalston_cli.catalog.machine import free_ram_mb, free_vram_mb
from dalston_cli.launchers.contact import NoAnswerError, ask_health, run_aside
from dalston_cli.launchers.pool.notices import Taken
from dalston_cli.launchers.registry import launcher_class
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.events import ScheduleInfo
from dalston_cli.pipeline.plan.model import RecordingPlan, StagePlan
from dalston_cli.pipeline.plan.schedule import (
    RAM,
    EngineKey,
    Need,
    Phase,
    Schedule,
    chosen_schedule,
    engine_key,
    phases_of,
)
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.taken import TakenKey, last_taken
from dalston_cli.pipeline.request import RunOptions
from dalston_sdk.wire import Stage

BY_WORKERS = Schedule(
    info=ScheduleInfo(schedule="pipelined", reason="workers of Dask have engines of their own")
)


def schedule_of(
    plans: Sequence[RecordingPlan],
    options: RunOptions,
    environment: Environment,
    journal: Journal,
) -> Schedule:
    """Return the schedule of a run over recordings with these plans."""
    if options.runner == "dask":
        return BY_WORKERS
    phases = phases_of(plans)

    def needs() -> dict[EngineKey, Need]:
        return needs_of(phases, options, last_taken(journal))

    def room(wanted: Mapping[str, float]) -> dict[str, float]:
        return _room(phases, wanted, environment)

    return chosen_schedule(options.schedule, phases, needs, room)


def needs_of(
    phases: Sequence[Phase], options: RunOptions, before: Mapping[TakenKey, Taken]
) -> dict[EngineKey, Need]:
    """Return what each engine needs, those on other machines left out.

    Args:
        phases: With every plan of every stage.
        options: How many replicas there are, and on which GPUs.
        before: What engines took in earlier runs.
    """
    needs: dict[EngineKey, dict[str, float]] = {}
    for plan in (plan for phase in phases for plan in phase.plans):
        if not launcher_class(plan.launch.launcher).manages:
            continue
        found = needs.setdefault(engine_key(plan), {})
        for place, needed in _need(plan, options, before).items():
            found[place] = max(needed, found.get(place, 0.0))
    return {key: Need(engine=key[0], by_place=found) for key, found in needs.items()}


def _need(
    plan: StagePlan, options: RunOptions, before: Mapping[TakenKey, Taken]
) -> dict[str, float]:
    """Return the memory of all replicas of an engine with one model, by place."""
    engine, model, kind = plan.engine, plan.model, plan.device.partition(":")[0]
    taken = before.get((engine.name, kind, model.runtime_model_id))
    several = Stage.TRANSCRIBE in engine.stages
    replicas = options.num_replicas if several else 1
    on_gpu = kind != "cpu"
    if taken is not None:
        ram_mb = taken.memory_mb
    elif on_gpu:
        ram_mb = float(engine.ram_mb)
    else:
        ram_mb = float(model.hardware.ram_mb or engine.ram_mb + model.size_mb)
    needs = {RAM: ram_mb * replicas}
    if on_gpu:
        known = None if taken is None else taken.vram_mb
        vram_mb = float(model.hardware.vram_mb or model.size_mb) if known is None else known
        devices = spread_over(plan.device, options.gpus if several else ())
        for number, device in enumerate(devices):
            needs[device] = vram_mb * len(range(number, replicas, len(devices)))
    return needs


def _room(
    phases: Sequence[Phase], wanted: Mapping[str, float], environment: Environment
) -> dict[str, float]:
    """Return the free memory by place, what this run's own engines take included."""
    machine = environment.machine
    room = {RAM: min(free_ram_mb(), float(machine.ram_mb))}
    if len(wanted) > 1:
        free = free_vram_mb(machine.gpus)
        room |= {f"cuda:{gpu.index}": free.get(gpu.index, gpu.vram_mb) for gpu in machine.gpus}
    if all(needed <= room.get(place, 0.0) for place, needed in wanted.items()):
        return room
    for place, taken in _taken_now(phases, environment):
        room[place] = room.get(place, 0.0) + taken
    room[RAM] = min(room[RAM], float(machine.ram_mb))
    return room


def _taken_now(phases: Sequence[Phase], environment: Environment) -> list[tuple[str, float]]:
    """Return what the engines of a run take that are running already, by place."""
    names = {name for phase in phases for name, _ in phase.engines}
    used = {plan.launch.launcher for phase in phases for plan in phase.plans}
    found: list[tuple[str, float]] = []
    for name in used:
        launcher = environment.launchers.by_name[name]
        if not launcher.manages:
            continue
        instances = [each for each in launcher.find() if each.engine in names and each.owned]
        for instance in instances:
            with suppress(NoAnswerError):  # what it takes counts as taken
                health = run_aside(ask_health(instance.address))
                found.append((RAM, health.rss_mb))
                found.append((instance.device, health.vram_mb or 0.0))
    return [(place, taken) for place, taken in found if place != "cpu"]
