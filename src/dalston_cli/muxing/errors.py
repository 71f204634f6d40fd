"""The reasons why a video does not get its subtitles."""

import shlex
from pathlib import Path

from dalston_cli.audio.source import shown_name
from dalston_cli.errors import InputError, UnavailableError, UsageError


class SameFileError(UsageError):
    """The output is the video or a file of subtitles."""

    code = "mux_over_source"

    def __init__(self, target: Path) -> None:
        super().__init__(
            f"{shown_name(target)} would be replaced while it is read",
            hint="choose another name with -o",
        )


class TargetExistsError(InputError):
    """Something is in the place of the output."""

    code = "mux_exists"

    def __init__(self, target: Path) -> None:
        super().__init__(f"{shown_name(target)} exists", hint="replace it with --overwrite")


class UnfitStreamError(InputError):
    """A container cannot hold a stream of the video, which would have to be encoded again."""

    code = "mux_unfit"

    def __init__(self, video: Path, target: Path, kind: str, codec: str) -> None:
        super().__init__(
            f"{shown_name(target)} cannot hold the {kind} of {shown_name(video)}, which is {codec}",
            hint=f"write to a container that can: -o {shlex.quote(str(target.with_suffix('.mkv')))}"
            if target.suffix.lower() != ".mkv"
            else f"keep its own container: -o NAME{video.suffix}",
        )


class NoPictureError(InputError):
    """A file has neither pictures nor sound."""

    code = "mux_no_video"

    def __init__(self, video: Path) -> None:
        super().__init__(
            f"{shown_name(video)} has neither pictures nor sound",
            hint=f"see what it is: file -- {shlex.quote(shown_name(video))}",
        )


class MuxFailedError(InputError):
    """The media library cannot read the video, or not write what is in it."""

    code = "mux_failed"

    def __init__(self, video: Path, problem: str) -> None:
        super().__init__(
            f"{shown_name(video)} cannot be written anew: {problem}",
            hint=f"see what is in it: ffprobe -- {shlex.quote(shown_name(video))}",
        )


class FfmpegMissingError(UnavailableError):
    """Burning subtitles in needs the ffmpeg command."""

    code = "ffmpeg_missing"

    def __init__(self) -> None:
        super().__init__(
            "--burn-in needs the ffmpeg command, which is not there",
            hint="install it: apt install ffmpeg, or brew install ffmpeg",
        )


class BurningFailedError(InputError):
    """The ffmpeg command failed."""

    code = "burn_in_failed"

    def __init__(self, video: Path, problem: str) -> None:
        super().__init__(
            f"ffmpeg cannot burn subtitles into {shown_name(video)}: {problem}",
            hint="its filter for subtitles needs libass: look for it with ffmpeg -filters",
        )


class BurnOneError(UsageError):
    """Pictures show one track of subtitles."""

    code = "burn_in_one"

    def __init__(self, num_subtitles: int) -> None:
        super().__init__(
            f"--burn-in takes one file of subtitles, not {num_subtitles}",
            hint="leave out --burn-in to add them as tracks",
        )
