"""Signs that a video lost its end, as by a copy or a download that was broken off."""

from pathlib import Path

from dalston_cli.audio.endings.registry import missing_end
from dalston_cli.audio.errors import RecordingError
from dalston_cli.audio.file_bytes import FileBytes
from dalston_cli.audio.source import open_source, shown_name


def missing_end_of(video: Path) -> str | None:
    """Return which sign of a video's end is missing; None where nothing is known to be."""
    import av  # noqa: PLC0415 - costs 80 ms

    try:
        with open_source(video, shown_name(video)) as source:
            with av.open(source, "r", options={"protocol_whitelist": "none"}) as container:
                name = container.format.name.split(",")[0]
            return missing_end(FileBytes.of(source), name)
    except (av.error.FFmpegError, RecordingError):  # what reads all of it says what is wrong
        return None
