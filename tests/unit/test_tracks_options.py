"""What ``--tracks`` makes of other options, and what does not go with it."""

from typing import Any

import pytest
from tests.support.run_options import run_options

from dalston_cli.audio.clip import Clip
from dalston_cli.options.batch import InputOptions
from dalston_cli.options.build import ExcludedOptionsError
from dalston_cli.options.tracks import check_with_tracks, with_all_tracks

TRACKS = InputOptions(tracks=True)


def test_every_track_is_wanted() -> None:
    assert with_all_tracks(TRACKS, {"jobs": 2}) == {"jobs": 2, "audio_track": "all"}
    assert with_all_tracks(InputOptions(), {"jobs": 2}) == {"jobs": 2}


@pytest.mark.parametrize(
    ("inputs", "flags", "other"),
    [
        (InputOptions(tracks=True, recursive=True), {}, "--recursive"),
        (InputOptions(tracks=True, files_from="-"), {}, "--files-from"),
        (InputOptions(tracks=True, manifest="a.csv"), {}, "--manifest"),
        (TRACKS, {"audio_track": "1"}, "--audio-track"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_ways_to_find_recordings_are_refused(
    inputs: InputOptions, flags: dict[str, Any], other: str
) -> None:
    with pytest.raises(ExcludedOptionsError, match=f"--tracks and {other} exclude each other"):
        with_all_tracks(inputs, flags)


@pytest.mark.parametrize(
    ("changes", "other"),
    [
        ({"channels": "split"}, "--channels"),
        ({"clip": Clip(start=1.0)}, "--clip"),
        ({"runner": "dask"}, "--runner dask"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_done_with_tracks_is_refused(changes: dict[str, Any], other: str) -> None:
    with pytest.raises(ExcludedOptionsError, match=f"--tracks and {other} exclude each other"):
        check_with_tracks(TRACKS, run_options(**changes))

    check_with_tracks(InputOptions(), run_options(**changes))
