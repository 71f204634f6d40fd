"""An output format: what it needs, and how a transcript becomes a file of it."""

from dataclasses import KW_ONLY, dataclass, replace
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


class TranslationMissingError(UsageError):
    """A file is to be in another language, and the transcript has no translation into it."""

    code = "translation_missing"

    def __init__(self, name: str, language: str) -> None:
        super().__init__(
            f"the transcript of {name} has no translation into {language}",
            hint=f"transcribe it again with --translate-to {language}",
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
    | TranslationMissingError
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
        translatable: It shows nothing but text, speakers and times of segments, so that it can be
            written in another language, too.
        has_room_above: Text in another language can have the transcript's own above it.
        language: The one that it is written in, BCP-47 lower case; empty for the transcript's own.
        bilingual: With the transcript's own text above.
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
    translatable: bool = False
    has_room_above: bool = False
    language: str = ""
    bilingual: bool = False

    def into(self, language: str, *, bilingual: bool = False) -> "Writer":
        """Return the writer of the format in another language: ``srt.de`` with ``.de.srt``."""
        both = bilingual and self.has_room_above
        return replace(
            self,
            name=f"{self.name}.{language}{'.both' if both else ''}",
            extension=f".{language}{self.extension}",
            language=language,
            bilingual=both,
        )

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
        unfit = None if options is None else self.unfit(options)
        if error := unfit or self._untranslated(transcript):
            return error
        name, transcript = transcript.recording.name, self._in_language(transcript)
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
            data: bytes = self._module().render(self._in_language(transcript), options)
            return data
        return self.text(transcript, options).encode("utf-8", errors="replace")

    def text(self, transcript: "Transcript", options: RenderOptions) -> str:
        """Return the whole text of a format that is no binary one; see ``render``."""
        above = {"above": transcript} if self.bilingual else {}
        text: str = self._module().render(self._in_language(transcript), options, **above)
        return escaped_in_json(text) if self.extension.endswith(".json") else without_controls(text)

    def _untranslated(self, transcript: "Transcript") -> TranslationMissingError | None:
        from dalston_cli.formats.translations import has_translation  # noqa: PLC0415 - loads the wire

        if not self.language or has_translation(transcript, self.language):
            return None
        return TranslationMissingError(transcript.recording.name, self.language)

    def _in_language(self, transcript: "Transcript") -> "Transcript":
        from dalston_cli.formats.translations import translated  # noqa: PLC0415 - as above

        return translated(transcript, self.language) if self.language else transcript

    def _module(self) -> Any:  # noqa: ANN401 - each has its own functions
        name = self.name.partition(".")[0]
        return import_module(f"dalston_cli.formats.writers.{name}")
