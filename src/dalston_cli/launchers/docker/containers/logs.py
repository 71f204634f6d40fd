"""Reads containers' logs, which the daemon keeps as long as the containers."""

from collections.abc import Iterable, Iterator

from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.launchers.folder_launcher import plain_line


def tail_log(daemon: Daemon, container: str, lines: int) -> list[str]:
    """Read the last lines of a container's log, without colours; none if it is gone."""
    from docker.errors import NotFound  # noqa: PLC0415 - takes 0.4 s to load

    try:
        with daemon.explained():
            text: bytes = daemon.client.api.logs(container, tail=lines)
    except NotFound:
        return []
    return [plain_line(line) for line in _split([text])]


def follow_log(daemon: Daemon, container: str, lines: int) -> Iterator[str]:
    """Yield the last lines, and every new line until the container has ended.

    Raises:
        DaemonUnavailableError: The daemon does not answer, or stops answering.
    """
    with daemon.explained():
        stream = daemon.client.api.logs(container, tail=lines, stream=True, follow=True)
        try:
            yield from map(plain_line, _split(stream))
        finally:
            # Its own close() leaves the socket's file open, and there is no other way to that.
            stream._response.close()  # type: ignore[attr-defined]  # noqa: SLF001 - see above


def _split(chunks: Iterable[bytes]) -> Iterator[str]:
    """Join pieces that end anywhere into lines."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines)
    if rest:
        yield rest.decode(errors="replace")
