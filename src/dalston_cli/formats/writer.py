"""An output format: what it needs, and how a transcript becomes a file of it."""

from dataclasses import KW_ONLY, dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from dalston_cli.control_characters import escaped_in_json, without_controls
from dalston_cli.errors import UsageError
from dalston_cli.formats.options import RenderOptions

if TYPE_CHECKING:
    from dalston_sdk.wire import Transcript


class WordsMissingError(UsageError):
    """A format needs words, and the transcript has only segments."""

    code = "words_missing"

    def __init__(self, name: str, output_format: str) -> None:
        super().__init__(
            f"{output_format} needs the time of every word, and the transcript of {name} has "
            "times for segments only",
            hint=f"transcribe it again with --word-timestamps, or leave out -f {output_format}",
        )


class SpeakersMissingError(UsageError):
    """A format is about speakers, and nothing told them apart."""

    code = "speakers_missing"

    def __init__(self, name: str, output_format: str) -> None:
        super().__init__(
            f"{output_format} says who speaks, and the transcript of {name} has no speakers",
            hint=f"transcribe it again with --diarize, or leave out -f {output_format}",
        )


class ChaptersMissingError(UsageError):
    """A format is about chapters, and the transcript has none."""

    code = "chapters_missing"

    def __init__(self, name: str, output_format: str) -> None:
        super().__init__(
            f"{output_format} lists chapters, and the transcript of {name} has none",
            hint=f"transcribe it again with --chapters, or leave out -f {output_format}",
        )


class FrameRateError(UsageError):
    """A format does not know the video's frame rate."""

    code = "frame_rate_unknown"

    def __init__(self, output_format: str, rate: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"{output_format} knows no {rate} frames a second, only {' and '.join(known)}",
            hint=f"leave out -f {output_format}, or use --frame-rate {known[0]}",
        )


class LayoutError(UsageError):
    """The program of a layout does not import a format."""

    code = "layout_unknown"

    def __init__(self, output_format: str, layout: str) -> None:
        super().__init__(
            f"{layout} imports no {output_format}: with --layout {layout} no such file is written",
            hint=f"use -f docx, or leave out --layout {layout}",
        )


class UnwritableError(UsageError):
    """A format has no way to write a transcript."""

    code = "format_unwritable"

    def __init__(self, name: str, output_format: str, reason: str) -> None:
        super().__init__(
            f"{output_format} cannot hold the transcript of {name}: {reason}",
            hint=f"leave out -f {output_format}; -f ttml has no such limit",
        )


Unmet = (
    WordsMissingError
    | SpeakersMissingError
    | ChaptersMissingError
    | UnwritableError
    | FrameRateError
    | LayoutError
)


@dataclass(frozen=True)
class Writer:
    """Turns a transcript into one output format; ``render`` is in the module of its name.

    Attributes:
        name: Value of ``--output-format``.
        extension: With its dot.
        needs_words: Only a transcript whose segments with text have words can be written.
        needs_speakers: Only a transcript that has speakers, or no text, can be written.
        needs_chapters: Only a transcript that has chapters can be written.
        binary: The file is no text.
        limited: Some transcripts cannot be written: ``unwritable`` in its module says why.
        on_request: ``all`` does not stand for it.
        frame_rates: Of the videos that it can be for; empty for any.
        refused_layouts: Of programs that do not import it.
        extra: The extra of the package that brings ``package``; empty for neither.
        package: The importable package that writes the format.
    """

    name: str
    extension: str
    summary: str
    _: KW_ONLY
    needs_words: bool = False
    needs_speakers: bool = False
    needs_chapters: bool = False
    binary: bool = False
    limited: bool = False
    on_request: bool = False
    frame_rates: tuple[str, ...] = ()
    refused_layouts: tuple[str, ...] = ()
    extra: str = ""
    package: str = ""

    @property
    def is_installed(self) -> bool:
        """True if all packages are there that the format needs."""
        return not self.package or find_spec(self.package) is not None

    def unfit(self, options: RenderOptions) -> FrameRateError | LayoutError | None:
        """Return the error that any rendering with these options would be; None for none."""
        rate = options.frame_rate
        if self.frame_rates and rate is not None and rate not in self.frame_rates:
            return FrameRateError(self.name, rate, self.frame_rates)
        if options.layout in self.refused_layouts:
            return LayoutError(self.name, options.layout)
        return None

    def unmet_need(
        self, transcript: "Transcript", options: RenderOptions | None = None
    ) -> Unmet | None:
        """Return the error that rendering would be, or None if the transcript has what it takes."""
        if options is not None and (error := self.unfit(options)):
            return error
        name = transcript.recording.name
        untimed = (each for each in transcript.segments if each.text.strip() and not each.words)
        if self.needs_words and any(untimed):
            return WordsMissingError(name, self.name)
        if self.limited and (reason := self._module().unwritable(transcript)):
            return UnwritableError(name, self.name, reason)
        if self.needs_chapters and not transcript.chapters:
            return ChaptersMissingError(name, self.name)
        if self.needs_speakers and not transcript.turns:
            spoken = [each for each in transcript.segments if each.text.strip()]
            if spoken and not any(each.speaker for each in spoken):
                return SpeakersMissingError(name, self.name)
        return None

    def render(self, transcript: "Transcript", options: RenderOptions) -> bytes:
        r"""Return the whole file; text is UTF-8, its lines end in ``\n``.

        The transcript must be without an ``unmet_need``.
        """
        if self.binary:
            data: bytes = self._module().render(transcript, options)
            return data
        return self.text(transcript, options).encode("utf-8", errors="replace")

    def text(self, transcript: "Transcript", options: RenderOptions) -> str:
        """Return the whole text of a format that is no binary one; see ``render``."""
        text: str = self._module().render(transcript, options)
        return escaped_in_json(text) if self.extension.endswith(".json") else without_controls(text)

    def _module(self) -> Any:  # noqa: ANN401 - each has its own functions
        return import_module(f"dalston_cli.formats.writers.{self.name}")
