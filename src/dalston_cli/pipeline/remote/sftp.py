"""Files by SFTP: only of known hosts, and with every folder that cannot be listed told."""

from collections.abc import Callable, Iterator
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

_SILENCE_S = 60


class CarefulSFTP(SFTPFileSystem):  # type: ignore[misc] # fsspec has no types
    """fsspec's file system, which trusts every host and passes over folders in silence.

    Attributes:
        unreadable: Takes a folder below the listed one that cannot be listed, and the reason;
            None to raise.
    """

    unreadable: Callable[[str, str], None] | None = None
    _top = ""

    def _connect(self) -> None:
        self.client = paramiko.SSHClient()
        self.client.load_system_host_keys()
        self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
        options = {k: v for k, v in self.ssh_kwargs.items() if k != "use_listings_cache"}
        self.client.connect(self.host, **options)
        self.ftp = self.client.open_sftp()
        self.ftp.get_channel().settimeout(_SILENCE_S)

    def find(self, path: str, *args: object, **options: object) -> Any:  # noqa: ANN401 - fsspec has no types
        """Return what is below a folder."""
        self._top = path.rstrip("/")
        return super().find(path, *args, **options)

    def walk(self, path: str, *args: object, **options: object) -> Iterator[Any]:
        """Yield each folder below one, with what is in it."""

        def failed(error: OSError) -> None:
            may_pass = isinstance(error, PermissionError | FileNotFoundError)
            if self.unreadable is None or path.rstrip("/") == self._top or not may_pass:
                raise error
            self.unreadable(path, error.strerror or str(error))

        yield from super().walk(path, *args, **{**options, "on_error": failed})
