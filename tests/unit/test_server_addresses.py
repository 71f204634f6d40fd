"""Where callers may send the server, and how webhooks are signed."""

import socket
import threading
import time
from collections.abc import Sequence

import pytest

from dalston_cli.commands.serving import OwnHostError, own_hosts
from dalston_cli.pipeline.remote.networks import is_public
from dalston_cli.server.addresses import destination
from dalston_cli.server.errors import RequestRefusedError
from dalston_cli.server.webhooks import post, secret_bytes, signed_headers


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1"),
        *("2002:7f00:1::", "64:ff9b::7f00:1", "2001:0:53aa:64c:0:0:80ff:fffe", "2001:db8::1"),
    ],
)
def test_addresses_of_own_networks_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


def test_a_name_goes_where_it_was_looked_at() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(f"{host}:{port}")
        return ("93.184.216.34", "2606:2800:220:1::1")

    where = destination("https://Example.org/hook?a=b#c", "url", resolve=resolve)
    assert (where.host, where.address, where.port) == ("example.org", "93.184.216.34", 443)
    assert (where.path, where.authority) == ("/hook?a=b", "example.org")
    assert asked == ["example.org:443"]
    other = destination("http://example.org:8080", "url", resolve=resolve)
    assert (other.authority, other.path) == ("example.org:8080", "/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "https://",
        "https://ada@example.org/",
        "https://ada:secret@example.org/",
        "https://example.org:99999/",
        "https://example.org:0/",
        "https://exa mple.org/",
        "https://example.org/\r\nx: y",
        "https://exämple.org/",
        "https://[::1/",
        f"https://example.org/{'a' * 2000}",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(RequestRefusedError):
        destination(url, "url", resolve=lambda *_: ("93.184.216.34",))


def test_one_private_address_of_a_name_is_enough_to_refuse_it() -> None:
    def resolve(_host: str, _port: int) -> Sequence[str]:
        return ("93.184.216.34", "10.0.0.5")

    with pytest.raises(RequestRefusedError, match="no machine of the internet"):
        destination("https://example.org/", "url", resolve=resolve)
    allowed = frozenset({"example.org:443"})
    assert destination("https://example.org/", "url", allowed=allowed, resolve=resolve).port == 443


def test_hosts_of_own_networks_are_named_as_they_are_compared() -> None:
    hosts = own_hosts("--url-host", ["NAS.lan:8080", "[::1]:443", "nas.lan.:80"])
    assert hosts == {"nas.lan:8080", "::1:443", "nas.lan:80"}
    for url in ("http://nas.lan:8080/a.wav", "https://[::1]/a.wav", "http://NAS.lan/a.wav"):
        where = destination(url, "url", allowed=hosts, resolve=lambda *_: ("10.0.0.1",))
        assert where.address == "10.0.0.1"
    assert own_hosts("--url-host", None) == frozenset()


@pytest.mark.parametrize(
    "text",
    ["nas.lan", "http://nas.lan:80", "nas.lan:80/x", ":80", "nas.lan:0", "a@b:80", "::1:80x"],
)
def test_a_host_that_would_never_be_met_is_refused(text: str) -> None:
    with pytest.raises(OwnHostError, match=r"--url-host .* is no HOST:PORT"):
        own_hosts("--url-host", [text])


def test_a_receiver_that_answers_byte_by_byte_holds_no_thread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    while True:
                        connection.sendall(b"x")
                        time.sleep(0.01)
                except OSError:
                    return  # it was given up

        dripping = threading.Thread(target=drip)
        dripping.start()
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        where = destination(f"http://{host}/", "url", allowed=frozenset({host}))
        assert not post(where, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a", b"{}", longest_s=0.1)
        dripping.join()


def test_a_signature_is_that_of_the_standards_example() -> None:
    """The example of the specification's own libraries."""
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        1614265330,
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["", "whsec_", "secret", "whsec_c2hvcnQ=", "whsec_%%%%"])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(RequestRefusedError):
        secret_bytes(secret)
