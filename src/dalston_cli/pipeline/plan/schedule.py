"""The schedule of a run: all stages side by side, or one after the other over all recordings.

Pure: what engines need and what the machine has come in as values. Where the models of all stages
do not fit into memory together, the run goes through phases: every recording has its stages of one
phase before the engines of the next phase are started, and those of the last one have stopped.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.pipeline.events import ScheduleInfo
from dalston_cli.pipeline.plan.model import RecordingPlan, StagePlan
from dalston_cli.settings.choices import ScheduleName
from dalston_cli.stages.base import Stage
from dalston_cli.stages.registry import STAGES

RAM = "this machine"
"""The place whose memory is not a GPU's."""

_SHARE = 0.9
"""The part of free memory that models may take: figures are of ordinary recordings."""

ONE_PHASE = "there is one stage only, or one engine for all"
"""The reason of runs that no schedule changes."""

EngineKey = tuple[str, str]
"""An engine's name and its device."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A part of a run that goes over all its recordings.

    Attributes:
        earlier: Stages that earlier turns have done: their results come from the store alone.
        later: Stages that later turns do.
        idle: Engines of this run that are not used in it, each with its device.
    """

    earlier: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()
    idle: tuple[tuple[EngineEntry, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Stages that are worked on side by side, and their plans."""

    stages: tuple[str, ...]
    plans: tuple[StagePlan, ...]

    @property
    def engines(self) -> frozenset[EngineKey]:
        """The engines that it takes."""
        return frozenset(map(engine_key, self.plans))


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The schedule of a run; without phases all stages run side by side."""

    info: ScheduleInfo
    phases: tuple[Phase, ...] = ()

    @property
    def turns(self) -> Iterator[Turn]:
        """The turns of the run, in their order."""
        if not self.phases:
            yield Turn()
        every = {engine_key(plan): plan for phase in self.phases for plan in phase.plans}
        for number, phase in enumerate(self.phases):
            yield Turn(
                earlier=_names(self.phases[:number]),
                later=_names(self.phases[number + 1 :]),
                idle=tuple(
                    (plan.engine, plan.device)
                    for key, plan in every.items()
                    if key not in phase.engines
                ),
            )


PIPELINED = Schedule(info=ScheduleInfo(schedule="pipelined", reason="nothing else was asked for"))


@dataclass(frozen=True, kw_only=True)
class Need:
    """The memory that an engine needs with the largest of its models, over all its replicas.

    Attributes:
        by_place: In MB: on ``RAM``, or on a GPU such as ``cuda:0``.
    """

    engine: str
    by_place: Mapping[str, float]


def engine_key(plan: StagePlan) -> EngineKey:
    """Return the engine of a stage, as the pool tells engines apart."""
    return plan.engine.name, plan.device


def phases_of(plans: Iterable[RecordingPlan]) -> tuple[Phase, ...]:
    """Return the phases of a staged run: neighbours that the same engines do are one.

    A stage comes after all that it needs; one that works on the transcript, after all that work
    on audio.
    """
    by_stage: dict[Stage[Any, Any], dict[tuple[EngineKey, str], StagePlan]] = {}
    for plan in plans:
        for stage in plan.stages:
            for each in plan.candidates(stage):
                by_stage.setdefault(stage, {})[engine_key(each), each.model.id] = each
    groups: list[list[Stage[Any, Any]]] = []
    places: dict[Stage[Any, Any], int] = {}
    for stage in (stage for stage in STAGES if stage in by_stage):
        needed = [other for other in places if _comes_before(other, stage)]
        first = max((places[other] for other in needed), default=0)
        engines = {key for key, _ in by_stage[stage]}
        place = next(
            (
                number
                for number, group in enumerate(groups)
                if number >= first and engines == {key for key, _ in by_stage[group[0]]}
            ),
            len(groups),
        )
        if place == len(groups):
            groups.append([])
        groups[place].append(stage)
        places[stage] = place
    return tuple(
        Phase(
            stages=tuple(stage.name for stage in group),
            plans=tuple(plan for stage in group for plan in by_stage[stage].values()),
        )
        for group in groups
    )


def _comes_before(other: Stage[Any, Any], stage: Stage[Any, Any]) -> bool:
    return other in stage.needs or (other.wants_audio and not stage.wants_audio)


def _names(phases: Sequence[Phase]) -> frozenset[str]:
    return frozenset(name for phase in phases for name in phase.stages)


def chosen_schedule(
    requested: ScheduleName,
    phases: tuple[Phase, ...],
    needs: Callable[[], Mapping[EngineKey, Need]],
    room: Callable[[Mapping[str, float]], Mapping[str, float]],
) -> Schedule:
    """Return the schedule, and why.

    Args:
        requested: What the user wants.
        phases: Of a staged run.
        needs: Returns what each engine needs; called where that decides.
        room: Returns the free memory in MB by place; it is given what is needed there, and need
            not look at the rest of the machine where that is less than what is free at once.
    """
    if len(phases) <= 1:
        return _pipelined(ONE_PHASE)
    if requested == "pipelined":
        return _pipelined("it was asked for")
    if requested == "staged":
        return _staged(phases, "it was asked for")
    return _fitting(phases, needs(), room)


def _fitting(
    phases: tuple[Phase, ...],
    needs: Mapping[EngineKey, Need],
    room: Callable[[Mapping[str, float]], Mapping[str, float]],
) -> Schedule:
    together = _sum(needs.values())
    free = room({place: needed / _SHARE for place, needed in together.items()})
    for place, needed in sorted(together.items()):
        if needed > _SHARE * free.get(place, 0.0):
            return _staged(phases, _too_much(needs, place, free.get(place, 0.0)))
    told = " and ".join(
        f"{needed:,.0f} MB of the {free[place]:,.0f} MB that are free on {place}"
        for place, needed in sorted(together.items())
        if needed
    )
    return _pipelined(f"the engines take {told}" if told else "no engine is known to take memory")


def _too_much(needs: Mapping[EngineKey, Need], place: str, free_mb: float) -> str:
    """Say what does not fit together, the largest first."""
    here = [(need.by_place.get(place, 0.0), need.engine) for need in needs.values()]
    largest = [(needed, engine) for needed, engine in sorted(here, reverse=True) if needed]
    parts = ", ".join(f"{engine} {needed:,.0f} MB" for needed, engine in largest)
    return f"{parts} do not fit into the {free_mb:,.0f} MB that are free on {place}"


def _sum(needs: Iterable[Need]) -> dict[str, float]:
    total: dict[str, float] = {}
    for need in needs:
        for place, needed in need.by_place.items():
            total[place] = total.get(place, 0.0) + needed
    return total


def _pipelined(reason: str) -> Schedule:
    return Schedule(info=ScheduleInfo(schedule="pipelined", reason=reason))


def _staged(phases: tuple[Phase, ...], reason: str) -> Schedule:
    stages = tuple(phase.stages for phase in phases)
    info = ScheduleInfo(schedule="staged", reason=reason, phases=stages)
    return Schedule(info=info, phases=phases)
