"""Limits that keep subtitles readable, as numbers that a user may change."""

from dataclasses import dataclass

from dalston_cli.errors import UsageError

MIN_LINE_WIDTH = 8
"""Narrower lines would break nearly every word."""


class SubtitleRulesError(UsageError):
    """A rule for subtitles is impossible, or contradicts another."""

    def __init__(self, option: str, value: float, needed: str) -> None:
        super().__init__(
            f"{option} is {value:g}, but must be {needed}",
            hint=f"leave {option} out to use the default",
        )


MIN_DURATION_S = 0.1
"""Shorter cues cannot be read."""


@dataclass(frozen=True, kw_only=True)
class SubtitleRules:
    """Limits of width, duration and speed; the defaults follow broadcasters' custom.

    Attributes:
        max_line_width: Columns of a line; East Asian characters and emoji take two. A single word
            that is wider is not cut.
        max_cue_duration_s: In seconds.
        min_cue_duration_s: In seconds; kept but where many speak at once, or the recording ends.
        max_cps: Columns per second that a viewer can read; a faster cue is shown longer, as far as
            there is time around it.
        min_gap_s: Seconds between two cues, to make the change visible.
        max_words_per_line: None for as many as fit.
        highlight_words: Underline each word while it is spoken.

    Raises:
        SubtitleRulesError: A value is out of its range.

    Reference:
        Netflix, Timed Text Style Guide: General Requirements.
    """

    max_line_width: int = 42
    max_line_count: int = 2
    max_cue_duration_s: float = 7.0
    min_cue_duration_s: float = 0.833
    max_cps: float = 20.0
    min_gap_s: float = 0.083
    max_words_per_line: int | None = None
    highlight_words: bool = False

    def __post_init__(self) -> None:
        width, words = self.max_line_width, self.max_words_per_line
        _require("--max-line-width", width, width >= MIN_LINE_WIDTH, f"at least {MIN_LINE_WIDTH}")
        _require("--max-line-count", self.max_line_count, self.max_line_count >= 1, "at least 1")
        _require("--max-words-per-line", words or 0, words is None or words >= 1, "at least 1")
        longest, shortest = self.max_cue_duration_s, self.min_cue_duration_s
        _require(
            "--max-cue-duration",
            longest,
            MIN_DURATION_S <= longest < float("inf"),
            f"{MIN_DURATION_S} s or more",
        )
        _require(
            "--min-cue-duration", shortest, 0 <= shortest <= longest, f"from 0 to {longest:g} s"
        )
        _require("--max-cps", self.max_cps, self.max_cps >= 1, "at least 1")
        _require("--min-gap", self.min_gap_s, 0 <= self.min_gap_s <= 1, "from 0 to 1 s")


def _require(option: str, value: float, holds: bool, needed: str) -> None:  # noqa: FBT001 - the check itself
    if not holds:
        raise SubtitleRulesError(option, value, needed)
