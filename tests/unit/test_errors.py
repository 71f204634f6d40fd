"""Errors cross from one process to another as what they are."""

import pickle
from pathlib import Path

import pytest

from dalston_cli.audio.errors import NoAudioStreamError, RecordingMissingError
from dalston_cli.audio.prepare import DecoderHungError
from dalston_cli.errors import DalstonError
from dalston_cli.launchers.base import ExitState
from dalston_cli.launchers.failure import EngineCrashedError
from dalston_cli.pipeline.records.journal_errors import StateFolderError

ERRORS = (
    DalstonError("m", hint="h"),
    RecordingMissingError("gone.wav"),
    NoAudioStreamError("film.mp4", ("video",)),
    DecoderHungError("long.wav", 60.0),
    StateFolderError(Path("/state"), "Read-only file system"),
    EngineCrashedError(
        "fake", ExitState(state="exited", exit_code=-9), ["last words"], when="now", see_log="log"
    ),
)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_is_the_same_in_another_process(error: DalstonError) -> None:
    there = pickle.loads(pickle.dumps(error))

    assert type(there) is type(error)
    assert str(there) == str(error)
    assert vars(there) == vars(error)
    assert (there.code, there.exit_code) == (error.code, error.exit_code)
