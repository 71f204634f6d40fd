"""An SFTP server on loopback that serves one folder to one user.

Folders named ``locked`` may not be listed: that the tests may be the superuser's changes nothing.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import paramiko

USER, PASSWORD = "ada", "open-sesame"


class _Login(paramiko.ServerInterface):  # type: ignore[misc] # paramiko has no types
    def __init__(self, authorized: Path) -> None:
        self._authorized = authorized

    def keys(self) -> str:
        return self._authorized.read_text("ascii") if self._authorized.exists() else ""

    def check_auth_password(self, username: str, password: str) -> int:
        right = (username, password) == (USER, PASSWORD)
        return int(paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED)

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        right = username == USER and key.get_base64() in self.keys()
        return int(paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED)

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)


class _Handle(paramiko.SFTPHandle):  # type: ignore[misc] # paramiko has no types
    def stat(self) -> object:
        self.readfile.flush()
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class _Files(paramiko.SFTPServerInterface):  # type: ignore[misc] # paramiko has no types
    root: Path

    def _place(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def list_folder(self, path: str) -> object:
        place = self._place(path)
        if place.name == "locked":
            return paramiko.SFTP_PERMISSION_DENIED
        try:
            found = list(place.iterdir())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        return [paramiko.SFTPAttributes.from_stat(one.lstat(), one.name) for one in found]

    def stat(self, path: str) -> object:
        try:
            return paramiko.SFTPAttributes.from_stat(self._place(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    lstat = stat

    def mkdir(self, path: str, attr: object) -> int:
        self._place(path).mkdir()
        return int(paramiko.SFTP_OK)

    def remove(self, path: str) -> int:
        self._place(path).unlink()
        return int(paramiko.SFTP_OK)

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        self._place(oldpath).replace(self._place(newpath))
        return int(paramiko.SFTP_OK)

    def open(self, path: str, flags: int, attr: object) -> object:
        handle = _Handle(flags)
        try:
            place = self._place(path)
            if flags & os.O_WRONLY:
                mode = "x+b" if flags & os.O_EXCL else "w+b"
                handle.readfile = handle.writefile = place.open(mode)
            else:
                handle.readfile = place.open("rb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        return handle


@contextmanager
def sftp_server(folder: Path, home: Path) -> Iterator[str]:
    """Serve ``folder``; yield the address with user and password.

    Its key is written to ``home/host-line``, as a line of ``known_hosts``.
    """
    key = paramiko.ECDSAKey.generate()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    line = f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n"
    (home / "host-line").write_text(line, encoding="ascii")
    files = type("Files", (_Files,), {"root": folder})
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                transport = paramiko.Transport(connection)
                transports.append(transport)
                transport.add_server_key(key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, files)
                with suppress(paramiko.SSHException, EOFError):
                    transport.start_server(server=_Login(home / "authorized_keys"))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"sftp://{USER}:{PASSWORD}@127.0.0.1:{port}"
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        os.close(listener.detach())
        thread.join()
        for transport in transports:
            transport.close()


def trust_server(url: str, home: Path) -> str:
    """Let a user with this home log in with a key; return the address without the password."""
    ssh = home / ".ssh"
    ssh.mkdir(exist_ok=True)
    (ssh / "known_hosts").write_bytes((home / "host-line").read_bytes())
    key = paramiko.ECDSAKey.generate()
    key.write_private_key_file(str(ssh / "id_ecdsa"))
    (home / "authorized_keys").write_text(key.get_base64(), encoding="ascii")
    return url.replace(f":{PASSWORD}@", "@")
