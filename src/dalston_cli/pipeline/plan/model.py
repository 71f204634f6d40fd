"""The values of planning: facts that go in, stages that come out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dalston_cli.audio.channels import Channels
from dalston_cli.audio.clip import Clip
from dalston_cli.audio.tracks import Track
from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.resolve import Advice
from dalston_cli.catalog.schema import EngineEntry, ModelEntry
from dalston_cli.catalog.sources import FileSource
from dalston_cli.known_text.source import KnownTextSource
from dalston_cli.pipeline.request import SpeakerNames
from dalston_cli.speakers.decision import Recognition
from dalston_cli.stages.base import Stage, typed
from dalston_cli.stages.transcribe import TRANSCRIBE
from dalston_sdk.wire import ModelRef, TranscribeOptions

_WITHOUT_EFFECT = frozenset({"batch", "max_cost_usd", "prices"})
"""Options that decide if and when there is a result, and what it costs, but not the result: paying
once is enough."""


class Weights(Struct, frozen=True, kw_only=True):
    """Weights that lie on this machine.

    Attributes:
        path: As an engine is to be given it; None where the engine's package carries them.
    """

    digest: str
    path: Path | None


class Launch(Struct, frozen=True, kw_only=True):
    """The launcher of an engine, and the engine's digest.

    Attributes:
        digest: Of everything in the engine that determines its results.
        brings_own_weights: The engine has its own weights, at the same place below its folder.
        built: True if its environment or image exists, so that it can start at once.
    """

    launcher: str
    digest: str
    brings_own_weights: bool = False
    built: bool = True
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class PlanContext:
    """The facts about this machine that a plan is made from.

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
        required: False for a stage that runs only where it is needed.
        named: True where the model was asked for, by its name or a group's.
        unasked: True where the model was not named, and it has to be pulled: going without it is
            better than failing.
    """

    stage: Stage[Any, Any]
    model: ModelEntry
    engine: EngineEntry
    device: str
    compute_type: str | None
    launch: Launch
    weights: Weights | None
    options: Struct
    reason: str
    required: bool = True
    named: bool = False
    unasked: bool = False

    @property
    def kind(self) -> str:
        """The stage's name on the wire."""
        return self.stage.kind.value

    @property
    def to_pull(self) -> bool:
        """True if the weights must be brought here first; some engines have their own."""
        return self.weights is None and not self.launch.brings_own_weights

    @property
    def is_linked(self) -> bool:
        """True if the weights are the user's own, and read where they lie."""
        return isinstance(self.model.source, FileSource)

    @property
    def to_download(self) -> bool:
        """True if the weights come over the network first."""
        return self.to_pull and not self.is_linked

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
        """Return what decides the result besides what goes into the stage; any GPU is as good."""
        options = msgspec.to_builtins(self.options)
        return {
            "stage": self.stage.kind,
            "engine": self.launch.digest,
            "device": self.device.partition(":")[0],
            "model": self.model.runtime_model_id,
            "weights": self.weights.digest if self.weights else None,
            "compute_type": self.compute_type,
            "options": {
                name: value for name, value in options.items() if name not in _WITHOUT_EFFECT
            },
        }


class Skipped(Struct, frozen=True, kw_only=True):
    """A stage that will not run, and why."""

    stage: Stage[Any, Any]
    reason: str


@dataclass(frozen=True, kw_only=True)
class RecordingPlan:
    """Everything one recording goes through.

    Attributes:
        stages: Those that engines run, in their order; only transcription is always there.
        alternatives: Other models for a stage, all of them here, of which one is chosen when the
            results of the stages before are there.
        recognition: The people whose voices get their names; None for no such wish.
        keep_doubtful: Keep text that cannot have been said.
        known_text: What is said, for its times alone; its words are aligned wherever they can be.
        key: Equal for plans that give equal results.
        advice: What the user should know about the choices.
    """

    stages: Mapping[Stage[Any, Any], StagePlan]
    alternatives: tuple[StagePlan, ...] = ()
    channels: Channels = "mix"
    track: Track | None = None
    clip: Clip | None = None
    speaker_names: SpeakerNames = ()
    recognition: Recognition | None = None
    keep_doubtful: bool = False
    known_text: KnownTextSource | None = None
    skipped: tuple[Skipped, ...] = ()
    advice: tuple[Advice, ...] = ()
    key: str = field(default="", compare=False)

    @property
    def transcribe(self) -> StagePlan:
        """The one stage that is always there."""
        return self.stages[TRANSCRIBE]

    @property
    def track_language(self) -> str | None:
        """The language by which an audio track is chosen; None where it is not."""
        if self.track is not None:
            return None
        return typed(self.transcribe.options, TranscribeOptions).language

    def candidates(self, stage: Stage[Any, Any]) -> tuple[StagePlan, ...]:
        """Return everything that may do a stage, best first; nothing if it is not planned.

        What was asked for goes before all others, then the transcribing model itself; models that
        have this stage beside others come last.
        """
        if stage not in self.stages:
            return ()
        others = (other for other in self.alternatives if other.stage is stage)

        def order(plan: StagePlan) -> tuple[bool, bool, bool, int]:
            model = plan.model
            alone = model.stages[0] is stage.kind
            itself = model.id == self.transcribe.model.id
            return not plan.named, not itself, not alone, -model.rank

        return tuple(sorted((self.stages[stage], *others), key=order))
