"""How formats write text: one value that every writer is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dalston_cli.formats.subtitles.rules import SubtitleRules


@dataclass(frozen=True, kw_only=True)
class RenderOptions:
    """What a user may choose about the text of the outputs.

    Attributes:
        subtitles: The rules for srt, vtt and ass.
        speakers: Whether text names its speakers; None names them where there are several, or
            where ``speaker_names`` names one.
        speaker_names: Names to show, by speaker label such as ``SPEAKER_00``; labels that are
            missing are shown as they are. The JSON keeps the labels.
    """

    subtitles: SubtitleRules = field(default_factory=SubtitleRules)
    speakers: bool | None = None
    speaker_names: Mapping[str, str] = field(default_factory=dict)
