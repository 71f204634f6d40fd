"""Chapters for the description of a video: a line with time and title for each.

Reference:
    YouTube Help, "Video chapters": the first begins at 0:00, there are three or more, and each is
    10 seconds or longer.
"""

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.script import clean
from dalston_sdk.wire import Chapter, Transcript

_SHORTEST_S = 10.0


def render(transcript: Transcript, options: RenderOptions) -> str:  # noqa: ARG001 - the signature of a writer
    """Return one line per chapter; the first begins at 0, and what is too short is left out."""
    kept: list[tuple[int, str]] = []
    for chapter in transcript.chapters:
        start = 0 if not kept else int(chapter.start)
        if not kept or start - kept[-1][0] >= _SHORTEST_S:
            kept.append((start, _title(chapter)))
    long = any(start >= 3600 for start, _ in kept)  # noqa: PLR2004 - seconds of an hour
    return "".join(f"{_time(start, hours=long)} {title}\n" for start, title in kept)


def _title(chapter: Chapter) -> str:
    return clean(chapter.title).replace("<", "").replace(">", "")  # a description may hold neither


def _time(seconds: int, *, hours: bool) -> str:
    minutes, seconds = divmod(seconds, 60)
    if hours:
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return f"{minutes}:{seconds:02d}"
