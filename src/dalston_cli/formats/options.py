"""Options that every writer gets."""

from dataclasses import dataclass, field

from dalston_cli.formats.subtitles.rules import SubtitleRules


@dataclass(frozen=True, kw_only=True)
class RenderOptions:
    """The user's options for the text of the outputs.

    Attributes:
        subtitles: The rules for srt, vtt and ass.
        speakers: True names speakers in text; None names them if there are several, or if one
            has a name.
    """

    subtitles: SubtitleRules = field(default_factory=SubtitleRules)
    speakers: bool | None = None
