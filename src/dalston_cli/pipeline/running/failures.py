"""Failures of a recording that nothing below explains: the system's, and bugs."""

import logging

from dalston_cli.audio import errors
from dalston_cli.audio.errors import RecordingError
from dalston_cli.audio.source import shown_name
from dalston_cli.errors import DalstonError, UnavailableError
from dalston_cli.streams import explained_by_process

_OF_ITS_PLACE = (
    errors.RecordingMissingError,
    errors.RecordingIsDirectoryError,
    errors.RecordingUnreadableError,
    errors.RecordingChangedError,
    errors.NotRegularFileError,
)

_OF_OPTIONS = (
    errors.ChannelMissingError,
    errors.ClipOutsideError,
    errors.ClipTooShortError,
    errors.TrackMissingError,
    errors.TooLongError,
)

_logger = logging.getLogger(__name__)


class UnexpectedError(DalstonError):
    """Something that should not happen: a bug."""

    code = "bug"

    def __init__(self, error: Exception) -> None:
        text = str(error).encode(errors="replace").decode()
        super().__init__(
            f"unexpected {type(error).__name__}: {text}",
            hint="run it again with --debug and report what it prints",
        )


class SystemRefusedError(UnavailableError):
    """The system refuses something that every recording needs, such as room on the disk."""

    code = "system_refused"

    def __init__(self, error: OSError) -> None:
        where = f" ({shown_name(error.filename)})" if error.filename else ""
        super().__init__(
            f"the system refuses: {error.strerror or error}{where}",
            hint="look at free space and permissions: df -h; dalston doctor",
        )


def is_of_its_bytes(error: DalstonError) -> bool:
    """Return True if a recording cannot be used, and it would take another one to change that."""
    return isinstance(error, RecordingError) and not isinstance(error, _OF_ITS_PLACE + _OF_OPTIONS)


def explained(error: Exception, recording: str) -> DalstonError:
    """Return an error that a person can act on; a bug is logged with its traceback."""
    if isinstance(error, DalstonError):
        return error
    if known := explained_by_process(error):
        return known
    if isinstance(error, OSError):
        return SystemRefusedError(error)
    _logger.error("unexpected error in %s", recording, exc_info=error)
    return UnexpectedError(error)
