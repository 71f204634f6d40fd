"""The guidelines that subtitles are checked by, as broadcasters publish them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dalston_cli.formats.subtitles.rules import SubtitleRules
from dalston_cli.settings.choices import GuidelineName


@dataclass(frozen=True, kw_only=True)
class Guideline:
    """Limits of a cue; None where a guideline has none.

    Attributes:
        max_columns: Of a line; East Asian characters and emoji take two.
        max_lines: Of a cue.
        min_duration_s, max_duration_s: Of a cue, in seconds.
        min_word_s: Seconds that each word of a cue is shown at least.
        max_cps: Columns per second.
        min_gap_s: Seconds between two cues, if there are any.
        is_gap_optional: A cue may follow another at once.
        has_dashes: Two speakers at once are one cue, and a dash begins what each says.
    """

    max_columns: int
    max_lines: int
    min_duration_s: float | None = None
    max_duration_s: float | None = None
    min_word_s: float | None = None
    max_cps: float | None = None
    min_gap_s: float | None = None
    is_gap_optional: bool = False
    has_dashes: bool = False


_OURS = SubtitleRules()

GUIDELINES: Mapping[GuidelineName, Guideline] = MappingProxyType(
    {
        "dalston": Guideline(
            max_columns=_OURS.max_line_width,
            max_lines=_OURS.max_line_count,
            min_duration_s=_OURS.min_cue_duration_s,
            max_duration_s=_OURS.max_cue_duration_s,
            max_cps=_OURS.max_cps,
            min_gap_s=_OURS.min_gap_s,
            has_dashes=True,
        ),
        # Timed Text Style Guide: General Requirements, and English: adult programmes.
        "netflix": Guideline(
            max_columns=42,
            max_lines=2,
            min_duration_s=0.833,  # 5/6 s
            max_duration_s=7.0,
            max_cps=20.0,
            min_gap_s=0.083,  # two frames of 24 a second
            has_dashes=True,
        ),
        # BBC Subtitle Guidelines: lines of teletext; 0.3 s for a word; no gap, or one of a second.
        "bbc": Guideline(
            max_columns=37, max_lines=2, min_word_s=0.3, min_gap_s=1.0, is_gap_optional=True
        ),
        # EBU Tech 3264-E with teletext's rows of 40, of which three hold control codes.
        "ebu": Guideline(max_columns=37, max_lines=2),
    }
)
"""By name; ``dalston`` are the defaults of our own subtitles."""
