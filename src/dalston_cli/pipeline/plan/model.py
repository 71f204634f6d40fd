"""What a plan is made of, as values: facts that go in, stages that come out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dalston_cli.audio.channels import Channels
from dalston_cli.audio.clip import Clip
from dalston_cli.catalog.load import Catalog
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.resolve import Advice
from dalston_cli.catalog.schema import EngineEntry, ModelEntry
from dalston_cli.pipeline.request import SpeakerNames
from dalston_sdk.wire import ModelRef, Stage

_DECIDE_WHETHER = frozenset({"batch", "max_cost_usd", "prices"})
"""Options that decide whether and when there is a result, and what it costs, but not the result:
paying once is enough."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Weights that lie on this machine.

    Attributes:
        path: As an engine is to be given it; None where the engine's package carries them.
    """

    digest: str
    path: Path | None


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How an engine would be started.

    Attributes:
        digest: Of everything in the engine that determines its results.
        brings_own_weights: The engine has its own weights, at the same place below its folder.
        built: Whether its environment or image exists, so that it can start at once.
        reason: Why this launcher.
    """

    launcher: str
    digest: str
    brings_own_weights: bool = False
    built: bool = True
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class PlanContext:
    """What a plan has to know about this machine.

    Attributes:
        installed: Weights per model id.
        launch: How an engine would be started on a device.
    """

    catalog: Catalog
    machine: Machine
    installed: Mapping[str, Weights]
    launch: Callable[[EngineEntry, str], Launch]


@dataclass(frozen=True, kw_only=True)
class StagePlan:
    """One stage that an engine runs.

    Attributes:
        weights: None where the model has to be pulled first.
        options: The user's over the model's defaults; the engine's own defaults are not in it.
        reason: Why this model.
    """

    stage: Stage
    model: ModelEntry
    engine: EngineEntry
    device: str
    compute_type: str | None
    launch: Launch
    weights: Weights | None
    options: Struct
    reason: str

    @property
    def to_pull(self) -> bool:
        """Whether the weights must be brought here first; a remote engine has its own."""
        return self.weights is None and not self.launch.brings_own_weights

    @property
    def model_ref(self) -> ModelRef:
        """The weights as a request names them: elsewhere they lie where they would lie here."""
        path = self.weights.path if self.weights else None
        if self.launch.brings_own_weights and self.model.has_files:
            path = Path(self.model.engine, self.model.id)
        return ModelRef(
            runtime_id=self.model.runtime_model_id,
            path=str(path) if path else None,
            compute_type=self.compute_type,
        )

    def identity(self) -> dict[str, Any]:
        """What decides this stage's result, apart from what goes into it; not which GPU of many."""
        options = msgspec.to_builtins(self.options)
        return {
            "stage": self.stage,
            "engine": self.launch.digest,
            "device": self.device.partition(":")[0],
            "model": self.model.runtime_model_id,
            "weights": self.weights.digest if self.weights else None,
            "compute_type": self.compute_type,
            "options": {
                name: value for name, value in options.items() if name not in _DECIDE_WHETHER
            },
        }


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A stage that will not run, and why."""

    stage: Stage
    reason: str


@dataclass(frozen=True, kw_only=True)
class RecordingPlan:
    """Everything one recording goes through.

    Attributes:
        transcribe: Required; all others may be missing.
        overview: The refining stage once more, which writes about the text and leaves it as it is.
        more_aligners: What may align instead of ``align``, all of it here: only when the text is
            there it is known which language it is in.
        key: Equal for plans that give equal results.
        advice: What the user should know about the choices.
    """

    transcribe: StagePlan
    align: StagePlan | None = None
    diarize: StagePlan | None = None
    emotion: StagePlan | None = None
    events: StagePlan | None = None
    refine: StagePlan | None = None
    overview: StagePlan | None = None
    align_always: bool = False
    more_aligners: tuple[StagePlan, ...] = ()
    channels: Channels = "mix"
    clip: Clip | None = None
    speaker_names: SpeakerNames = ()
    skipped: tuple[Skipped, ...] = ()
    advice: tuple[Advice, ...] = ()
    key: str = field(default="", compare=False)

    @property
    def stages(self) -> tuple[StagePlan, ...]:
        """The stages that engines run, in their order."""
        every = (
            self.transcribe,
            self.align,
            self.diarize,
            self.emotion,
            self.events,
            self.refine,
            self.overview,
        )
        return tuple(stage for stage in every if stage is not None)

    @property
    def aligners(self) -> tuple[StagePlan, ...]:
        """Everything that may align, best first.

        The transcribing model itself goes before all others, models that have this stage beside
        others after them.
        """
        every = (self.align, *self.more_aligners) if self.align else ()

        def order(aligner: StagePlan) -> tuple[bool, bool, int]:
            model = aligner.model
            alone = model.stages[0] is Stage.ALIGN
            return model.id != self.transcribe.model.id, not alone, -model.rank

        return tuple(sorted(every, key=order))

    @property
    def missing_models(self) -> tuple[ModelEntry, ...]:
        """What has to be pulled before the plan can be carried out."""
        return tuple({s.model.id: s.model for s in self.stages if s.to_pull}.values())
