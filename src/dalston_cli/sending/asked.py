"""Which options go to a server, which stay here, and which are refused."""

from collections.abc import Iterable, Mapping

import msgspec

from dalston_cli.options.callers import CALLER_SETTINGS, PAID_SETTINGS
from dalston_cli.pipeline.request import NO_OVERRIDES, RecordingRequest
from dalston_cli.sending.errors import ServerOptionError
from dalston_cli.settings.load import ResolvedSettings
from dalston_cli.settings.table import TABLE

_WRITTEN_HERE = frozenset({"Output", "Documents", "Subtitles"})
_ALSO_HERE = frozenset({"jobs", "spool_limit"})
HERE = frozenset(
    name for name, one in TABLE.items() if one.panel in _WRITTEN_HERE or name in _ALSO_HERE
) - {"accept_known_bad"}
"""Settings of what is done on this machine: transcripts are written here, by its rules."""
SENT = CALLER_SETTINGS - HERE | {"strict"}
"""Settings that go to a server."""


def settings_to_send(resolved: ResolvedSettings, *, tracks: bool) -> dict[str, object]:
    """Return the settings that a server gets: those that anyone chose, by their names.

    What the settings file or a variable says of this machine, such as its device, stays here.

    Raises:
        ServerOptionError: An option of the command line has no place on a server.
    """
    if tracks:
        raise ServerOptionError("--tracks", "a server takes one file of each recording")
    asked: dict[str, object] = {}
    for name, source in resolved.sources.items():
        if source.kind == "option" and name not in SENT | HERE:
            raise ServerOptionError(TABLE[name].flag, _reason(name))
        value = getattr(resolved.settings, name)
        chosen = source.kind not in {"default", "pipeline"} and value != TABLE[name].default
        if name in SENT and chosen:
            asked[name] = msgspec.to_builtins(value)
    return asked


def check_recordings(recordings: Iterable[RecordingRequest]) -> None:
    """Refuse recordings that cannot be sent.

    Raises:
        ServerOptionError: There are such.
    """
    if any(one.overrides != NO_OVERRIDES for one in recordings):
        raise ServerOptionError("--manifest", "it has options of single recordings")


def _reason(name: str) -> str:
    if name in PAID_SETTINGS:
        return "language models cost money, and only the server turns them on"
    return "it is the server's to set"


def options_text(asked: Mapping[str, object]) -> str:
    """Return what is asked for in one spelling, for keys."""
    return msgspec.json.encode(asked, order="sorted").decode()
