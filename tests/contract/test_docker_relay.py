"""The relay of an engine: which services it leads to, and its program as a real process."""

import asyncio
import json
import struct
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET

import pytest
from tests.support.launching import engine_entry
from tests.support.waiting import eventually

from dalston_cli.launchers.docker.containers import relay_program
from dalston_cli.launchers.docker.containers.relay import (
    ServiceAddressError,
    leads_to_this_machine,
    reachable_services,
    relay_arguments,
    what_it_is_told,
)

LLM = engine_entry(Path(__file__).parents[2] / "engines" / "refine" / "llm-cleanup")
PROGRAM = Path(relay_program.__file__).read_text(encoding="utf-8")
ANTHROPIC, OPENAI = "ANTHROPIC_BASE_URL.sock", "OPENAI_BASE_URL.sock"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, {}, id="none"),
        pytest.param(
            {"ANTHROPIC_API_KEY": "k"}, {ANTHROPIC: ("api.anthropic.com", 443, True)}, id="a-key"
        ),
        pytest.param(
            {"OPENAI_BASE_URL": "http://192.0.2.7:11434/v1"},
            {OPENAI: ("192.0.2.7", 11434, False)},
            id="a-server-of-ones-own",
        ),
        pytest.param(
            {"OPENAI_API_KEY": "k", "ANTHROPIC_BASE_URL": "https://user:pw@llm.example.org"},
            {ANTHROPIC: ("llm.example.org", 443, True), OPENAI: ("api.openai.com", 443, True)},
            id="both",
        ),
        pytest.param(
            {"OLLAMA_BASE_URL": "http://127.0.0.1:11434", "LLM_SERVER_API_KEY": "k"},
            {"OLLAMA_BASE_URL.sock": ("127.0.0.1", 11434, False)},
            id="a-key-without-an-address",
        ),
    ],
)
def test_the_services_that_the_user_has(
    environ: dict[str, str], expected: dict[str, tuple[str, int, bool]]
) -> None:
    assert reachable_services(LLM, environ) == expected
    told = json.loads(what_it_is_told(LLM, environ | {"HTTPS_PROXY": "http://p:1"}))
    assert told["environment"] == {"HTTPS_PROXY": "http://p:1"}
    assert "k" not in told["environment"].values()


@pytest.mark.parametrize("url", ["llm.example.org", "ftp://example.org", "http://", "http://a:b"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ServiceAddressError, match="OPENAI_BASE_URL is not the address"):
        reachable_services(LLM, {"OPENAI_BASE_URL": url})


def test_its_container_may_next_to_nothing(tmp_path: Path) -> None:
    made = relay_arguments("e" * 64, image="sha256:0", folder=tmp_path)
    assert made["user"] == "65533:65533"
    assert (made["cap_drop"], made["read_only"]) == (["ALL"], True)
    assert made["pid_mode"] == f"container:{'e' * 64}"
    assert [each["Source"] for each in made["mounts"]] == [str(tmp_path)]
    assert "environment" not in made


@pytest.mark.parametrize(
    ("url", "network"),
    [
        ("http://127.0.0.1:11434", "host"),
        ("http://localhost:11434", "host"),
        ("http://gpu-box:11434", "bridge"),
    ],
)
def test_a_server_of_this_machine_is_reached_from_its_network(
    tmp_path: Path, url: str, network: str
) -> None:
    on_host = leads_to_this_machine(LLM, {"OLLAMA_BASE_URL": url})
    made = relay_arguments("e" * 64, image="sha256:0", folder=tmp_path, on_host=on_host)
    assert made["network_mode"] == network


@asynccontextmanager
async def served(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers the first line it gets; its port, and those lines."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        writer.write_eof()
        await reader.read()  # what is left unread would break the connection off
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], got


@asynccontextmanager
async def running(folder: Path, told: Mapping[str, object]) -> AsyncIterator[None]:
    """The program as a process, with another folder than in its container."""
    source = PROGRAM.replace('Path("/services")', f"Path({str(folder)!r})")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", source),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(told).encode())
    process.stdin.close()
    try:
        await eventually(lambda: any(path.is_socket() for path in folder.iterdir()))
        yield
    finally:
        process.kill()
        await process.wait()


async def opened(socket: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    """Return a connection; None as long as the socket is a file that is not listened at yet."""
    try:
        return await asyncio.open_unix_connection(socket)
    except ConnectionRefusedError:
        return None


async def asked(socket: Path) -> bytes:
    """Return the answer; nothing where the connection ends, be it before the question is sent."""
    reader, writer = await eventually(lambda: opened(socket))
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    answer = b""
    with suppress(ConnectionError):
        answer = await reader.read()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return answer


async def test_it_leads_to_the_service(tmp_path: Path) -> None:
    async with served(b"hello") as (port, got):
        told = {"services": {ANTHROPIC: ["127.0.0.1", port, False]}, "environment": {}}
        async with running(tmp_path, told):
            assert await asked(tmp_path / ANTHROPIC) == b"hello"
    assert got == [b"GET / HTTP/1.1\r\n\r\n"]


async def test_it_uses_the_proxy_of_the_user(tmp_path: Path) -> None:
    async with served(b"HTTP/1.1 200 fine\r\n\r\nthrough") as (port, got):
        told = {
            "services": {ANTHROPIC: ["api.example.org", 443, True]},
            "environment": {"HTTPS_PROXY": f"http://me:pass%20word@127.0.0.1:{port}"},
        }
        async with running(tmp_path, told):
            assert await asked(tmp_path / ANTHROPIC) == b"through"
    [request] = got
    assert request.startswith(b"CONNECT api.example.org:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r\n" in request


async def test_a_service_that_breaks_off_ends_the_connection(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        connection = writer.get_extra_info("socket")
        connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))  # by a reset
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        told = {"services": {ANTHROPIC: ["127.0.0.1", port, False]}, "environment": {}}
        async with running(tmp_path, told):
            assert await asyncio.wait_for(asked(tmp_path / ANTHROPIC), 60) == b""


async def test_a_service_that_does_not_answer_ends_the_connection(tmp_path: Path) -> None:
    told = {"services": {ANTHROPIC: ["127.0.0.1", 9, False]}, "environment": {}}
    async with running(tmp_path, told):
        assert await asked(tmp_path / ANTHROPIC) == b""


def test_the_program_is_what_the_container_runs(tmp_path: Path) -> None:
    assert relay_arguments("e", image="i", folder=tmp_path)["entrypoint"][-1] == PROGRAM
