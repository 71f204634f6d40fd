"""How formats write text: one value that every writer is given."""

from dataclasses import dataclass, field

from dalston_cli.formats.subtitles.rules import SubtitleRules


@dataclass(frozen=True, kw_only=True)
class RenderOptions:
    """What a user may choose about the text of the outputs.

    Attributes:
        subtitles: The rules for srt, vtt and ass.
        speakers: Whether text names its speakers; None names them where there are several, or
            where one has a name.
    """

    subtitles: SubtitleRules = field(default_factory=SubtitleRules)
    speakers: bool | None = None
