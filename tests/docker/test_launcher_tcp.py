"""Engines on a port of this machine with a token, for daemons that cannot share a socket."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.docker.launching import DockerHome, docker_of, health_of, made_home
from tests.support.launching import finish
from tests.support.waiting import eventually

from dalston_cli.launchers.base import Address, Preparation
from dalston_cli.launchers.contact import NoAnswerError, ask_health
from dalston_cli.launchers.docker.containers.network import PortUnreachableError, RemoteDaemonError
from dalston_cli.launchers.docker.containers.starter import MountMissingError
from dalston_cli.launchers.pool.pool import Pool
from dalston_sdk.wire import TranscribeResult

pytestmark = pytest.mark.docker


class Forwarder:
    """Lets a daemon be reached over TCP that listens on a Unix socket.

    Attributes:
        host: Where, as ``DOCKER_HOST`` has it.
    """

    def __init__(self, unix: Path) -> None:
        self._unix = unix
        self._loop = asyncio.new_event_loop()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        """Hang up."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._forward, sock=self._listener)
        )
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_unix_connection(self._unix)
        try:
            with suppress(asyncio.CancelledError):  # we are being closed
                await asyncio.gather(_copy(reader, there[1]), _copy(there[0], writer))
        finally:
            for each in (writer, there[1]):
                each.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


@pytest.fixture
def home(docker_daemon: str) -> Iterator[DockerHome]:
    with made_home(docker_daemon) as made:
        yield made
        made.remove_network()


@pytest.fixture
def forwarder(docker_daemon: str) -> Iterator[Forwarder]:
    made = Forwarder(Path(docker_daemon.removeprefix("unix://")))
    yield made
    made.close()


async def test_an_engine_works_on_a_port_and_is_found_by_others(
    home: DockerHome, forwarder: Forwarder
) -> None:
    launchers = home.with_docker(host=forwarder.host)
    async with Pool(launchers) as pool:
        done = await finish(await pool.acquire(home.spec()), home.audio)
        assert isinstance(done.result, TranscribeResult)
    [instance] = home.found(docker_of(home.with_docker(host=forwarder.host)))
    address = instance.address
    assert address.url is not None
    assert address.url.startswith("http://127.0.0.1:")
    assert address.token
    assert (await ask_health(address)).fingerprint == instance.fingerprint
    for token in (None, "guessed"):
        with pytest.raises(NoAnswerError):
            await ask_health(Address(url=address.url, token=token))
    await asyncio.to_thread(launchers.by_name["docker"].stop, instance, timeout_s=10)
    assert launchers.by_name["docker"].state(instance).clean
    assert not (home.locations.runtime / "c").exists()


async def test_it_reaches_no_address(home: DockerHome, forwarder: Forwarder) -> None:
    launcher = docker_of(home.with_docker(host=forwarder.host))
    first = await asyncio.to_thread(home.start, launcher)
    second = await asyncio.to_thread(home.start, launcher)
    await eventually(lambda: health_of(second))
    seen = home.client.containers.get(second.identity).attrs["NetworkSettings"]["Networks"]
    program = f"""
import json, socket
def attempt(host, port):
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError as error:
        return type(error).__name__
    return "reached"
print(json.dumps([attempt({seen["dalston"]["IPAddress"]!r}, 8400), attempt("1.1.1.1", 53)]))
"""
    assert home.inside(first, program) == ["TimeoutError", "TimeoutError"]


async def test_the_token_is_in_no_argument_and_no_label(
    home: DockerHome, forwarder: Forwarder
) -> None:
    instance = await asyncio.to_thread(home.start, docker_of(home.with_docker(host=forwarder.host)))
    token = instance.address.token
    assert token
    assert token not in repr(instance)
    config = home.client.containers.get(instance.identity).attrs["Config"]
    assert token not in " ".join([*config["Cmd"], *config["Labels"].values()])


def test_weights_that_the_daemon_does_not_find_are_named(
    home: DockerHome, forwarder: Forwarder
) -> None:
    missing = home.folder / "no-such-weights"
    with pytest.raises(MountMissingError, match=r"Docker does not find /.*no-such") as caught:
        home.start(docker_of(home.with_docker(host=forwarder.host)), weights=(missing,))
    assert str(missing) in str(caught.value.hint)
    assert home.containers() == []


def test_homes_of_other_machines_are_told_apart(home: DockerHome, forwarder: Forwarder) -> None:
    home.start()
    assert home.found(docker_of(home.with_docker(host=forwarder.host))) == []


@pytest.mark.parametrize("host", ["ssh://somebody@192.0.2.1", "tcp://192.0.2.1:2375"])
def test_a_daemon_of_another_machine_is_explained(home: DockerHome, host: str) -> None:
    launcher = docker_of(home.with_docker(host=host))
    with pytest.raises(RemoteDaemonError, match="another machine") as caught:
        launcher.prepare(home.spec(), Preparation(print))
    assert "docs/compose.md" in str(caught.value.hint)


def test_a_port_that_is_not_on_this_machine_is_explained(
    home: DockerHome, forwarder: Forwarder, monkeypatch: pytest.MonkeyPatch
) -> None:
    launcher = docker_of(home.with_docker(host=forwarder.host))
    # As through a tunnel: the daemon seems to be here, and the ports that it publishes are not.
    monkeypatch.setattr(type(launcher.daemon), "address", "127.0.0.77")
    monkeypatch.setattr(type(launcher.daemon), "shares_disk", True)
    with pytest.raises(PortUnreachableError, match=r"127\.0\.0\.77"):
        home.start(launcher)
    assert home.containers() == []
