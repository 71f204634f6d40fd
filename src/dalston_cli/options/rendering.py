"""From settings to the options of formats."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dalston_cli.errors import UsageError
from dalston_cli.formats.options import Heights, RenderOptions
from dalston_cli.formats.subtitles.rules import SubtitleRules
from dalston_cli.formats.subtitles.timecode import parse_timecode
from dalston_cli.formats.word_template import Template, template_of
from dalston_cli.regular_file import read_regular
from dalston_cli.settings.schema import Settings


class TemplateError(UsageError):
    """The file of ``--docx-template`` cannot be used."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(
            f"cannot use --docx-template {file}: {problem}",
            hint="give it a .docx or .dotx that Word or LibreOffice saved",
        )


def build_render_options(settings: Settings) -> RenderOptions:
    """Build the rules by which formats write text.

    Raises:
        SubtitleRulesError: A rule for subtitles is impossible.
        TemplateError: The template of Word documents cannot be used.
    """
    lines = 1 if settings.max_words_per_line else SubtitleRules.max_line_count  # as in Whisper
    rules = SubtitleRules(
        max_line_width=settings.max_line_width,
        max_line_count=settings.max_line_count or lines,
        max_cue_duration_s=settings.max_cue_duration,
        min_cue_duration_s=settings.min_cue_duration,
        max_cps=settings.max_cps,
        min_gap_s=settings.min_gap,
        max_words_per_line=settings.max_words_per_line,
        highlight_words=settings.highlight_words,
    )
    return RenderOptions(
        subtitles=rules,
        speakers=settings.speakers,
        timestamps=settings.timestamps,
        docx_template=_template(settings.docx_template),
        layout=settings.layout,
        verbatim=settings.verbatim,
        pauses=settings.pauses,
        overlay=settings.overlay,
        frame_rate=settings.frame_rate,
        start_timecode=parse_timecode(settings.start_timecode) if settings.start_timecode else None,
        embed_audio=_problem_of if settings.embed_audio else None,
        html_fragment=settings.html_fragment,
        waveform=_heights if settings.waveform else None,
    )


def _problem_of(recording: Path) -> str | None:
    """Return why a file has no sound that can be decoded; None where it has."""
    from dalston_cli.audio.container import open_recording  # noqa: PLC0415 - loads the audio room
    from dalston_cli.audio.errors import RecordingError  # noqa: PLC0415
    from dalston_cli.audio.source import shown_name  # noqa: PLC0415

    try:
        with open_recording(recording, shown_name(recording)):
            return None
    except RecordingError as error:
        return error.message


def _heights(recording: Path) -> Heights:
    """Measure a recording; in a thread, since the one that asks may run a loop of events."""
    from dalston_cli.audio.waveform import read_waveform  # noqa: PLC0415 - loads the audio room

    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(lambda: asyncio.run(read_waveform(recording))).result()
    return found.heights, found.per_second


def _template(file: str | None) -> Template | None:
    if file is None:
        return None
    try:
        return template_of(read_regular(Path(file).expanduser(), or_given=True))
    except OSError as error:
        raise TemplateError(file, error.strerror or str(error)) from error
    except ValueError as error:
        raise TemplateError(file, str(error)) from error
