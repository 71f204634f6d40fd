"""Burns subtitles into the pictures, by the ffmpeg command: players need to know nothing of them.

Reference:
    FFmpeg Filters Documentation, section subtitles.
"""

import shutil
import subprocess
from pathlib import Path

from dalston_cli.atomic_file import written_whole
from dalston_cli.audio.scratch import SCRATCH_NAME, scratch_folder
from dalston_cli.audio.source import open_source, shown_name
from dalston_cli.muxing import errors
from dalston_cli.muxing.completeness import missing_end_of
from dalston_cli.muxing.containers import container_of
from dalston_cli.muxing.mux import Muxed, refuse_sources
from dalston_cli.muxing.tracks import SubtitleTrack
from dalston_cli.pipeline.outputs.folder import write_error
from dalston_cli.settings.locations import Locations


def ffmpeg() -> str:
    """Return the path of the ffmpeg command.

    Raises:
        FfmpegMissingError: It is not there.
    """
    command = shutil.which("ffmpeg")
    if command is None:
        raise errors.FfmpegMissingError
    return command


def burn_in(video: Path, track: SubtitleTrack, target: Path, *, overwrite: bool) -> Muxed:
    """Write a video that shows the subtitles; pictures are encoded anew, sound is copied.

    Raises:
        FfmpegMissingError: The command is not there.
        UsageError: The container is not known, or the output would replace what is read.
        InputError: The video cannot be read, or ffmpeg fails.
        OutputUnwritableError, OutputDiskFullError: The system refuses.
    """
    command, kind = ffmpeg(), container_of(target)
    refuse_sources(target, (video, track.path), overwrite=overwrite)
    open_source(video, shown_name(video)).close()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Locations.from_environment().cache / SCRATCH_NAME
        with scratch_folder(scratch) as folder, written_whole(target) as file:
            # A name of our own: the filter has rules for quoting that no name survives.
            subtitles = f"subtitles{track.path.suffix.lower()}"
            shutil.copyfile(track.path, Path(folder, subtitles))
            words = [command, "-nostdin", "-v", "error", "-y", "-i", f"file:{video.absolute()}"]
            words += ["-map", "0:v:0", "-map", "0:a?", "-vf", f"subtitles={subtitles}"]
            words += ["-c:a", "copy", "-f", kind.muxer, f"file:/dev/fd/{file.fileno()}"]
            done = subprocess.run(
                words, cwd=folder, pass_fds=(file.fileno(),), capture_output=True, check=False
            )
            if done.returncode:
                said = done.stderr.decode(errors="replace").strip().splitlines()
                raise errors.BurningFailedError(video, said[-1] if said else "it says nothing")
    except OSError as error:
        raise write_error(target, error) from error
    return Muxed(path=target, left_out=(), late_s=0.0, cut=missing_end_of(video))
