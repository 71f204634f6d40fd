"""The settings of one request, read from its options."""

from dataclasses import dataclass

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import DiarizeOptions, ErrorCode, Notice, Stage

CHUNK_S = 1800.0
"""Half an hour; clustering compares all embeddings pairwise, so memory grows with the square."""

MIN_CHUNK_S = 30.0
"""The models take ten seconds at a time, so far shorter chunks have too few windows."""


@dataclass(frozen=True, kw_only=True)
class DiarizationSettings:
    """Settings for the diarization of one request.

    Attributes:
        min_speakers, max_speakers: Bounds for the whole recording; None where there is none.
        batch_size: Windows that go through a model together.
        chunk_s: Longest chunk in seconds.
    """

    min_speakers: int | None
    max_speakers: int | None
    batch_size: int
    chunk_s: float

    @property
    def exact(self) -> int | None:
        """The number of speakers, where both bounds are the same."""
        return self.min_speakers if self.min_speakers == self.max_speakers else None

    def chunk_limits(self, num_chunks: int) -> dict[str, int]:
        """Return the pipeline's arguments for one chunk; of several, not all have every speaker."""
        if num_chunks > 1:
            return {} if self.max_speakers is None else {"max_speakers": self.max_speakers}
        if self.exact is not None:
            return {"num_speakers": self.exact}
        limits = {"min_speakers": self.min_speakers, "max_speakers": self.max_speakers}
        return {name: limit for name, limit in limits.items() if limit is not None}

    def effective(self) -> dict[str, object]:
        """Return the values in force, by option."""
        return {
            "num_speakers": self.exact,
            "min_speakers": self.min_speakers,
            "max_speakers": self.max_speakers,
            "batch_size": self.batch_size,
            "chunk_s": self.chunk_s,
        }

    def check_count(self, count: int) -> tuple[Notice, ...]:
        """Return a warning if the number of speakers found is outside the bounds."""
        too_few = self.min_speakers is not None and count < self.min_speakers
        if not too_few and (self.max_speakers is None or count <= self.max_speakers):
            return ()
        wanted = f"at least {self.min_speakers}" if too_few else f"at most {self.max_speakers}"
        if self.exact is not None:
            wanted = str(self.exact)
        notice = Notice(
            code="speaker_count",
            message=f"{count} speakers were found, though there are {wanted}.",
            stage=Stage.DIARIZE.value,
        )
        return (notice,)


def read_settings(options: DiarizeOptions, batch_size: int) -> DiarizationSettings:
    """Read the options and fill in the defaults.

    Args:
        options: The request's options.
        batch_size: The model's default.

    Raises:
        EngineError: ``invalid_request``: values contradict each other or are out of range.
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
    lower, upper = options.min_speakers, options.max_speakers
    if options.num_speakers is not None:
        if lower is not None or upper is not None:
            raise EngineError(
                ErrorCode.INVALID_REQUEST,
                "num_speakers excludes min_speakers and max_speakers",
                hint="give either the number of speakers or its bounds",
            )
        lower = upper = options.num_speakers
    if lower is not None and upper is not None and lower > upper:
        raise EngineError(
            ErrorCode.INVALID_REQUEST, f"min_speakers is {lower}, above max_speakers, {upper}"
        )
    chunk_s = CHUNK_S if options.chunk_s is None else options.chunk_s
    if not MIN_CHUNK_S <= chunk_s < float("inf"):
        raise EngineError(
            ErrorCode.INVALID_REQUEST, f"chunk_s must be at least {MIN_CHUNK_S:g} seconds"
        )
    return DiarizationSettings(
        min_speakers=lower,
        max_speakers=upper,
        batch_size=options.batch_size or batch_size,
        chunk_s=chunk_s,
    )
