"""A copy of a video with its subtitles, beside them: what ``--mux`` writes."""

from collections.abc import Sequence
from pathlib import Path

from dalston_cli.audio.errors import RecordingError
from dalston_cli.audio.source import open_source, shown_name
from dalston_cli.muxing.containers import CONTAINERS
from dalston_cli.muxing.mux import Muxed, mux
from dalston_cli.muxing.tracks import language_in_name, read_tracks
from dalston_cli.pipeline.endpoints import SUBTITLED

_ELSEWHERE = ".mkv"
"""For videos in containers that hold no subtitles."""


def subtitled_path(video: Path, subtitles: Path) -> Path:
    """Return the copy's path, such as ``out/film.subtitled.mp4`` beside ``out/film.en.srt``."""
    suffix = video.suffix if video.suffix.lower() in CONTAINERS else _ELSEWHERE
    stem = Path(subtitles.stem)
    name = stem.stem if language_in_name(subtitles) else stem.name
    return subtitles.with_name(f"{name}{SUBTITLED}{suffix}")


def mux_beside(
    video: Path, subtitles: Sequence[Path], *, language: str | None, overwrite: bool
) -> Muxed | None:
    """Write the copy; None where none is needed.

    None is needed of a recording without pictures, or where there is one already that was written
    after the video and its subtitles.

    Args:
        video: Stays as it is.
        subtitles: One ``.srt`` or ``.vtt`` for each track; the copy is named after the first, which
            players show.
        language: Of the first, where its name does not say it; None if it is not known. The others
            have theirs in their names.
        overwrite: Replace what is there.

    Raises:
        DalstonError: The copy cannot be written; an older file has its place.
    """
    first, *others = subtitles
    target = subtitled_path(video, first)
    if not overwrite and _is_current(target, video, *subtitles):
        return None
    if not has_pictures(video):
        return None
    spoken = language_in_name(first) or language
    tracks = (
        *read_tracks([first], [] if spoken is None else [spoken], []),
        *read_tracks(others, [], []),
    )
    return mux(video, tracks, target, overwrite=overwrite, shown=True)


def has_pictures(video: Path) -> bool:
    """Return True if a recording has pictures, other than a cover."""
    import av  # noqa: PLC0415 - costs 80 ms

    cover = av.stream.Disposition.attached_pic
    try:
        with (
            open_source(video, shown_name(video)) as source,
            av.open(source, "r", options={"protocol_whitelist": "none"}) as container,
        ):
            return any(not stream.disposition & cover for stream in container.streams.video)
    except (av.error.FFmpegError, RecordingError):
        return False


def _is_current(target: Path, *sources: Path) -> bool:
    if not target.exists():
        return False
    written = target.stat().st_mtime_ns
    return all(written >= source.stat().st_mtime_ns for source in sources)
