"""The containers that subtitles go into, by the ending of the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from dalston_cli.audio.source import shown_name
from dalston_cli.errors import UsageError

SubtitleCodec = Literal["mov_text", "subrip", "webvtt"]
LanguageCodes = Literal["terminologic", "bibliographic", "quicktime"]


class UnknownContainerError(UsageError):
    """The ending of the output is that of no container which holds subtitles."""

    code = "container_unknown"

    def __init__(self, target: Path) -> None:
        known = ", ".join(CONTAINERS)
        super().__init__(
            f"{shown_name(target)} would be no video that holds subtitles: known are {known}",
            hint=f"write to {shown_name(target.with_suffix('.mkv'))}",
        )


@dataclass(frozen=True, kw_only=True)
class ContainerKind:
    """How a container holds subtitles.

    Attributes:
        muxer: The media library's name of the container.
        subtitles: The codec of its subtitles.
        languages: Its languages have the letters of ISO 639-2/T, such as ``deu``, of ISO 639-2/B,
            such as ``ger``, or those of QuickTime's list.
        has_covers: A picture may be a cover.
    """

    muxer: str
    subtitles: SubtitleCodec
    languages: LanguageCodes
    has_covers: bool

    def has_place(self, stream_type: str, *, is_cover: bool) -> bool:
        """Return True if there is a place for streams of a type, whatever their codec."""
        if stream_type == "attachment":
            return self.muxer == "matroska"
        return stream_type in {"video", "audio", "subtitle"} and (self.has_covers or not is_cover)

    @property
    def shows_first(self) -> bool:
        """True if players show the first track of subtitles, whatever is said of it."""
        return self.subtitles == "mov_text"


_MP4 = ContainerKind(muxer="mp4", subtitles="mov_text", languages="terminologic", has_covers=True)
_MOV = ContainerKind(muxer="mov", subtitles="mov_text", languages="quicktime", has_covers=False)
_MKV = ContainerKind(
    muxer="matroska", subtitles="subrip", languages="bibliographic", has_covers=False
)
_WEBM = ContainerKind(muxer="webm", subtitles="webvtt", languages="bibliographic", has_covers=False)

CONTAINERS: Mapping[str, ContainerKind] = MappingProxyType(
    {".mkv": _MKV, ".mp4": _MP4, ".m4v": _MP4, ".mov": _MOV, ".webm": _WEBM}
)
"""By ending."""


def container_of(target: Path) -> ContainerKind:
    """Return the container that the ending names.

    Raises:
        UnknownContainerError: There is none.
    """
    kind = CONTAINERS.get(target.suffix.lower())
    if kind is None:
        raise UnknownContainerError(target)
    return kind
