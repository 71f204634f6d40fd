"""Every reason why a recording cannot be used: its code, its words, its way through a pipe."""

from pathlib import Path

import pytest

from dalston_cli.audio import errors, prepare
from dalston_cli.audio.errors import RecordingError, leaves, revive
from dalston_cli.errors import ExitCode

N = "talk one.wav"
ERRORS = {
    "missing": (errors.RecordingMissingError(N), "does not exist"),
    "directory": (errors.RecordingIsDirectoryError(N), "is a directory"),
    "unreadable": (errors.RecordingUnreadableError(N, "Permission denied"), "Permission denied"),
    "changed": (errors.RecordingChangedError(N), "changed while it was read"),
    "pipe": (errors.NotRegularFileError(N), "is a pipe or a device"),
    "empty": (errors.RecordingEmptyError(N), "is empty"),
    "not media": (errors.NotMediaError(N), "is not a recording"),
    "incomplete": (errors.IncompleteFileError(N), "was cut off"),
    "no audio": (errors.NoAudioStreamError(N, ("video", "subtitle")), "only video and subtitle"),
    "codec": (errors.UnknownCodecError(N, "mov"), "mov file whose audio codec is not known"),
    "encrypted": (errors.EncryptedError(N), "is encrypted"),
    "rate": (errors.SampleRateError(N, 1), "claims a sample rate of 1 Hz"),
    "corrupt": (errors.CorruptError(N, 7, "bad"), r"nothing could be decoded \(7 errors; bad\)"),
    "no samples": (errors.NoSamplesError(N), "0 samples"),
    "nan": (errors.NonFiniteSamplesError(N), "not a number"),
    "short": (errors.TooShortError(N, 0.02, 0.05), "holds 20 ms of sound, and 50 ms"),
    "short clip": (errors.ClipTooShortError(N, 0.02, 0.05), "clip of .* holds 20 ms of sound"),
    "long": (errors.TooLongError(N, 36 * 3600), "longer than 36 hours"),
    "channel": (errors.ChannelMissingError(N, 5, 2), "has 2 channels and no channel 5"),
    "track": (errors.TrackMissingError(N, 2, ("", "en")), "has 2 audio tracks and no track 2"),
    "clip": (errors.ClipOutsideError(N, 90, 60), r"begins at 90 s, but .* ends at 60\.00 s"),
    "crashed": (prepare.DecoderCrashedError(N, "SIGSEGV"), r"crashed on .* \(SIGSEGV\)"),
    "hung": (prepare.DecoderHungError(N, 61), "did not end within 61 s"),
}


@pytest.mark.parametrize(("error", "message"), ERRORS.values(), ids=ERRORS)
def test_error_names_file_and_reason_and_survives_a_pipe(
    error: RecordingError, message: str
) -> None:
    with pytest.raises(RecordingError, match=message):
        raise error
    assert N in error.message
    assert error.hint
    assert error.exit_code is ExitCode.INPUT
    again = revive(error.code, error.message, error.hint)
    assert type(again) is type(error)
    assert (str(again), again.message, again.hint) == (str(error), error.message, error.hint)


def test_table_is_complete_and_codes_are_unique() -> None:
    classes = leaves()
    assert {type(error) for error, _ in ERRORS.values()} == set(classes)
    assert len({leaf.code for leaf in classes}) == len(classes)


def test_unknown_code_becomes_the_base() -> None:
    assert type(revive("from_the_future", "odd", None)) is RecordingError


def test_errors_that_are_not_the_recordings_fault() -> None:
    unwritable = prepare.AudioUnwritableError(Path("/full"), "No space left on device")
    assert unwritable.message == "decoded audio cannot be written to /full: No space left on device"
    assert unwritable.exit_code is ExitCode.UNAVAILABLE
    failure = prepare.DecoderFailureError(N, "KeyError: 'x'")
    assert failure.message == "decoding talk one.wav failed in an unforeseen way: KeyError: 'x'"
    assert failure.exit_code is ExitCode.BUG
