"""Stages: steps of the pipeline that engines run.

Each stage is one object in a file of its own, and ``registry`` has them all. Plans, results and
the runner go by these objects; whatever is particular to a stage is said in its file.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct

from dalston_cli.catalog.resolve import Advice
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.stages.merge.times import Window
from dalston_sdk.wire import ModelRef, Request, Segment, Transcript
from dalston_sdk.wire import Stage as StageKind

Options = TypeVar("Options", bound=Struct)
Result = TypeVar("Result", bound=Struct)
Kind = TypeVar("Kind", bound=Struct)


class Skip(Struct, frozen=True, kw_only=True):
    """A stage does not run, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Found(Generic[Result]):
    """A stage's result for one channel, or for the transcript as a whole.

    Attributes:
        window: Where the audio lies in the recording; times in the result count from its start.
        num_channels: All that were worked on; the stage may have failed in others.
    """

    result: Result
    window: Window
    num_channels: int = 1


class Stage(Generic[Options, Result]):
    """One step of the pipeline that an engine runs.

    Attributes:
        name: Unlike that of any other stage; also the setting that asks for it.
        kind: Its name on the wire, in catalogs, in keys and in records.
        verb: What a model does in it, as messages say it.
        options, asks, result: Its types on the wire; ``asks`` is that of its request.
        needs: All stages whose results it uses. It begins when those of them that are planned
            have ended, and is given no other results.
        wants_audio: True for a stage that works on the audio of a channel; False for one that
            works on the transcript, after all channels were merged.
        optional: Its failure leaves the transcript without its part.
        costs_money: A named pipeline cannot suggest options of it: the user asks for them.
        same_model: The transcribing model does this stage, too, where it can.
        advice: What the user should know wherever this stage is planned.
    """

    name: ClassVar[str]
    kind: ClassVar[StageKind]
    verb: ClassVar[str]
    options: type[Options]
    asks: ClassVar[type[Any]]
    result: type[Result]
    needs: "ClassVar[tuple[Stage[Any, Any], ...]]" = ()
    wants_audio: ClassVar[bool] = True
    optional: ClassVar[bool] = True
    costs_money: ClassVar[bool] = False
    same_model: ClassVar[bool] = False
    advice: ClassVar[Advice | None] = None

    def request(self, model: ModelRef, options: Options, inputs: "Inputs") -> Request:
        """Build the request from the results of the stages before; most need none."""
        del inputs
        request: Request = self.asks(model=model, options=options)
        return request

    def upstream(self, inputs: "Inputs") -> tuple[str, ...]:
        """Return what a result depends on besides the audio and the plan: a part of its key.

        An optional stage that it needs may have no result; any other has one. A stage that works
        on the transcript says itself which part of it decides the result.
        """
        if not self.wants_audio:
            raise NotImplementedError(f"{self.name} must say what of the transcript it depends on")
        absent = {need.name for need in self.needs if need.optional} - inputs.keys.keys()
        return tuple(inputs.keys[need.name] for need in self.needs if need.name not in absent)

    def skipped(self, transcribing: ModelEntry, channels: str | int, *, required: bool) -> str:
        """Return why a plan does without this stage, though it is wanted; empty where it does not.

        Args:
            transcribing: The model that transcribes.
            channels: Those that are wanted: ``mix``, ``split`` or a number.
            required: It is to run even where it is not needed.
        """
        del transcribing, channels, required
        return ""

    def pick(
        self, languages: Mapping[str, Sequence[str]], inputs: "Inputs", *, required: bool
    ) -> str | Skip:
        """Choose a model, now that the results of the stages before are there.

        Args:
            languages: Those of each model that may do it, best first; empty for every language.
            inputs: The results.
            required: Run even where it is not needed.
        """
        del inputs, required
        return next(iter(languages))

    def informed(
        self, options: Options, inputs: "Inputs", supported: Collection[str]
    ) -> tuple[Options, str]:
        """Return the options with what is known of the recording, and why; empty if nothing is.

        Args:
            options: The user's, over the model's defaults.
            inputs: The results, and what decoding found.
            supported: Options that the engine supports.
        """
        del inputs, supported
        return options, ""

    def contribute(self, transcript: Transcript, found: Sequence[Found[Result]]) -> Transcript:
        """Add what was found to a transcript; merge itself sees to text, times and speakers."""
        del found
        return transcript

    def describe(self, options: Struct) -> str:
        """Return what the transcript lacks without this stage."""
        del options
        return self.kind.value

    def __reduce__(self) -> str:
        """Pickle by reference, as functions are: in every process a stage is one object.

        Its module has it under its name in capitals.
        """
        return self.name.upper()

    def __repr__(self) -> str:
        return self.name


class Results:
    """Results by stage, each of its stage's type."""

    def __init__(self, found: Mapping[Stage[Any, Any], Struct] | None = None) -> None:
        self._found = dict(found or {})

    def get(self, stage: Stage[Any, Result]) -> Result | None:
        """Return a stage's result; None where it did not run."""
        found = self._found.get(stage)
        return None if found is None else typed(found, stage.result)

    def __getitem__(self, stage: Stage[Any, Result]) -> Result:
        return typed(self._found[stage], stage.result)

    def __setitem__(self, stage: Stage[Any, Result], result: Result) -> None:
        self._found[stage] = result

    def only(self, stages: Sequence[Stage[Any, Any]]) -> "Results":
        """Return the results of some stages alone."""
        return Results({stage: self._found[stage] for stage in stages if stage in self._found})


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The values that a stage's request is built from.

    Attributes:
        results: Of the stages before, for the channel that it works on.
        keys: Under which those are stored, by the stages' names.
        transcript: For a stage that works on it.
        language: That of the transcript's text.
        speaking: Of a mix, the channels in it that have speech of their own.
    """

    results: Results = field(default_factory=Results)
    keys: dict[str, str] = field(default_factory=dict)
    transcript: Transcript | None = None
    language: str | None = None
    speaking: tuple[int, ...] = ()

    def given_to(self, stage: Stage[Any, Any]) -> "Inputs":
        """Return the part that a stage is given: the results of the stages that it needs."""
        needed = {need.name for need in stage.needs}
        keys = {name: key for name, key in self.keys.items() if name in needed}
        return replace(self, results=self.results.only(stage.needs), keys=keys)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The transcript's segments."""
        return self.transcript.segments if self.transcript else ()


def typed(value: Struct, kind: type[Kind]) -> Kind:
    """Return the value as what its stage makes it; anything else is a bug."""
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected, not {type(value).__name__}")
    return value
