"""``--tracks`` beside other options: what follows from it, and what does not go with it."""

from collections.abc import Mapping
from typing import Any

from dalston_cli.audio.tracks import ALL_TRACKS
from dalston_cli.options.batch import InputOptions
from dalston_cli.options.build import ExcludedOptionsError
from dalston_cli.pipeline.request import RunOptions

_TRACKS = "--tracks"


def with_all_tracks(inputs: InputOptions, flags: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options' values with all tracks wanted, each as a channel, for ``--tracks``.

    Raises:
        ExcludedOptionsError: Another option finds recordings, or chooses tracks.
    """
    if not inputs.tracks:
        return flags
    others = {
        "--recursive": inputs.recursive,
        "--files-from": inputs.files_from,
        "--manifest": inputs.manifest,
    }
    for name, value in others.items():
        if value:
            raise ExcludedOptionsError(_TRACKS, name, "each folder of tracks is named itself")
    if flags.get("audio_track") is not None:
        raise ExcludedOptionsError(_TRACKS, "--audio-track", "every file is one track")
    return {**flags, "audio_track": ALL_TRACKS}


def check_with_tracks(inputs: InputOptions, options: RunOptions) -> None:
    """Refuse what cannot be done with a file for each speaker, wherever it was set.

    Raises:
        ExcludedOptionsError: Something is.
    """
    if not inputs.tracks:
        return
    if options.channels != "mix":
        raise ExcludedOptionsError(_TRACKS, "--channels", "every file is one speaker")
    if options.clip is not None:
        raise ExcludedOptionsError(_TRACKS, "--clip", "tracks begin at different times")
    if options.runner == "dask":
        raise ExcludedOptionsError(_TRACKS, "--runner dask", "only this machine has all files")
