"""SubRip subtitles, as any program writes them."""

from pathlib import Path

from dalston_cli.formats.readers.cues import Cue, from_cues
from dalston_cli.formats.readers.errors import MalformedFileError
from dalston_sdk.wire import Transcript

_NO_SUBTITLE = "no subtitle as SubRip has them begins here"


def read(path: Path, text: str) -> Transcript:
    """Return a transcript with a segment for every subtitle.

    Raises:
        MalformedFileError: Something is no subtitle; the error has its line.
    """
    import srt  # type: ignore[import-untyped]  # it has none  # noqa: PLC0415 - only while such a file is read

    try:
        cues = [
            Cue(start=each.start.total_seconds(), end=each.end.total_seconds(), text=each.content)
            for each in srt.parse(text)
        ]
    except srt.SRTParseError as error:
        before = text[: error.expected_start]
        skipped = len(error.unmatched_content) - len(error.unmatched_content.lstrip())
        line = (before + error.unmatched_content[:skipped]).count("\n") + 1
        raise MalformedFileError(path, line, _NO_SUBTITLE) from error
    except ValueError as error:
        raise MalformedFileError(path, None, f"no SubRip subtitles: {error}") from error
    if not cues and text.strip():
        raise MalformedFileError(path, 1, _NO_SUBTITLE)
    return from_cues(path, text, cues)
