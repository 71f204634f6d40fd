"""Options that every writer gets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Self

from dalston_cli.formats.subtitles.rules import SubtitleRules
from dalston_cli.formats.subtitles.timecode import FRAME_RATES, Timecode, frames_of
from dalston_cli.formats.word_template import Template
from dalston_cli.settings.choices import LayoutName, OverlayName, VerbatimName

Heights = tuple[Sequence[int], float]
"""A waveform: heights from 0 to 255, and how many each second has."""


class Video(NamedTuple):
    """The video that a file is for.

    Attributes:
        rate: Frames a second.
        first: Frame that its first timecode counts.
    """

    rate: Fraction
    first: int


@dataclass(frozen=True, kw_only=True)
class RenderOptions:
    """The user's options for the text of the outputs.

    Attributes:
        subtitles: The rules for cues.
        speakers: True names speakers in text; None names them if there are several, or if one
            has a name.
        timestamps: True puts times before paragraphs; None where the format has them by default.
        layout: The program whose layout ``txt`` and ``docx`` have.
        verbatim: The convention by which ``txt``, ``docx`` and ``eaf`` have pauses and sounds.
        pauses: The shortest pause that a convention marks; seconds.
        docx_template: The document whose styles Word documents get; None for our own.
        frame_rate: Of the video, for formats that count frames; a key of ``FRAME_RATES``, None for
            what is usual in a format.
        start_timecode: Of the video's first frame, for formats that have timecodes; None likewise.
        embed_audio: Says why a file is no recording, where the page is to hold its recording; by
            default it is linked.
        html_fragment: Write the page's article alone.
        waveform: Measures a recording, where the page is to show its waveform.
        overlay: What of a text is shown as it is read: sentences, or words.
        stem: Name of the output without its ending; None where it has no file here.
        folder: The output's, which links are relative to; None where it has none on this machine.
    """

    subtitles: SubtitleRules = field(default_factory=SubtitleRules)
    speakers: bool | None = None
    timestamps: bool | None = None
    layout: LayoutName = "plain"
    verbatim: VerbatimName = "off"
    pauses: float = 0.2
    docx_template: Template | None = None
    frame_rate: str | None = None
    start_timecode: Timecode | None = None
    embed_audio: Callable[[Path], str | None] | None = None
    html_fragment: bool = False
    waveform: Callable[[Path], Heights] | None = None
    overlay: OverlayName = "sentence"
    stem: str | None = None
    folder: Path | None = None

    def at(self, path: Path) -> Self:
        """Return the options of an output that is written to a path."""
        return replace(self, folder=path.parent, stem=path.stem)

    def video(self, *, frame_rate: str = "25", start: Timecode = (0, 0, 0, 0)) -> Video:
        """Return the video, by what the user says of it, or else by what is usual in a format."""
        rate = FRAME_RATES[self.frame_rate or frame_rate]
        return Video(rate, frames_of(self.start_timecode or start, rate))

    @property
    def key(self) -> object:
        """Return what an output's key depends on; what came after 0.1 only where it is set."""
        first = _KeyOf01(subtitles=self.subtitles, speakers=self.speakers)
        parts: dict[str, object] = {}
        if self.timestamps is not None:
            parts["timestamps"] = self.timestamps
        if self.layout != "plain":
            parts["layout"] = self.layout
        if self.verbatim != "off":
            parts["verbatim"] = (self.verbatim, self.pauses)
        if self.docx_template is not None:
            parts["docx_template"] = self.docx_template.digest
        if (self.frame_rate, self.start_timecode) != (None, None):
            parts["video"] = (self.frame_rate, self.start_timecode)
        page = (self.embed_audio is not None, self.html_fragment, self.waveform is not None)
        if any(page):
            parts["html"] = page
        if self.overlay != "sentence":
            parts["overlay"] = self.overlay
        return (first, parts) if parts else first


@dataclass(frozen=True, kw_only=True)
class _KeyOf01:
    """The options of 0.1, in their order, which a key keeps."""

    subtitles: SubtitleRules
    speakers: bool | None
