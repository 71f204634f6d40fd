"""How many speakers there may be, and how much work is done at once."""

from dataclasses import dataclass

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import DiarizeOptions, ErrorCode, Notice, Stage

CHUNK_S = 1800.0
"""Half an hour: clustering compares all voices with each other, which grows with the square."""

LEAST_CHUNK_S = 30.0
"""The models look at ten seconds at a time; of much less than this nobody can be told apart."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What was asked for.

    Attributes:
        least, most: Speakers in the whole recording; None where nobody said.
        batch_size: Windows that go through a model together.
        chunk_s: Longest stretch that is worked on at once, seconds.
    """

    least: int | None
    most: int | None
    batch_size: int
    chunk_s: float

    @property
    def exact(self) -> int | None:
        """The number of speakers, where it is known."""
        return self.least if self.least == self.most else None

    def of_one_stretch(self, count: int) -> dict[str, int]:
        """The pipeline's arguments for one of ``count`` stretches; not everybody is in each."""
        if count > 1:
            return {} if self.most is None else {"max_speakers": self.most}
        if self.exact is not None:
            return {"num_speakers": self.exact}
        limits = {"min_speakers": self.least, "max_speakers": self.most}
        return {name: limit for name, limit in limits.items() if limit is not None}

    def effective(self) -> dict[str, object]:
        """The options in force."""
        return {
            "num_speakers": self.exact,
            "min_speakers": self.least,
            "max_speakers": self.most,
            "batch_size": self.batch_size,
            "chunk_s": self.chunk_s,
        }

    def missed(self, count: int) -> tuple[Notice, ...]:
        """The warning that other speakers were found than there are."""
        too_few = self.least is not None and count < self.least
        if not too_few and (self.most is None or count <= self.most):
            return ()
        wanted = f"at {'least' if too_few else 'most'} {self.least if too_few else self.most}"
        if self.exact is not None:
            wanted = str(self.exact)
        notice = Notice(
            code="speaker_count",
            message=f"{count} speakers were found, though there are {wanted}.",
            stage=Stage.DIARIZE.value,
        )
        return (notice,)


def limits_of(options: DiarizeOptions, batch_size: int) -> Limits:
    """Check the options.

    Args:
        options: As they were asked for.
        batch_size: The model's own, where none is asked for.

    Raises:
        EngineError: ``invalid_request``: they contradict each other or are out of range.
    """
    counts = {
        "num_speakers": options.num_speakers,
        "min_speakers": options.min_speakers,
        "max_speakers": options.max_speakers,
        "batch_size": options.batch_size,
    }
    for name, value in counts.items():
        if value is not None and value < 1:
            raise EngineError(ErrorCode.INVALID_REQUEST, f"{name} must be at least 1")
    least, most = options.min_speakers, options.max_speakers
    if options.num_speakers is not None:
        if least is not None or most is not None:
            raise EngineError(
                ErrorCode.INVALID_REQUEST,
                "num_speakers excludes min_speakers and max_speakers",
                hint="give either the number of speakers or its bounds",
            )
        least = most = options.num_speakers
    if least is not None and most is not None and least > most:
        raise EngineError(
            ErrorCode.INVALID_REQUEST, f"min_speakers is {least}, above max_speakers, {most}"
        )
    chunk_s = CHUNK_S if options.chunk_s is None else options.chunk_s
    if not LEAST_CHUNK_S <= chunk_s < float("inf"):
        raise EngineError(
            ErrorCode.INVALID_REQUEST, f"chunk_s must be at least {LEAST_CHUNK_S:g} seconds"
        )
    return Limits(
        least=least, most=most, batch_size=options.batch_size or batch_size, chunk_s=chunk_s
    )
