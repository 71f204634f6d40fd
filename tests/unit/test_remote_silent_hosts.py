"""Hosts that do not answer: when they are asked again, and what is told meanwhile."""

from collections.abc import Callable

import pytest

from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import RemoteMissingError, RemoteUnreachableError
from dalston_cli.pipeline.remote.explaining import explained
from dalston_cli.pipeline.remote.silent_hosts import FAILURES, REST_S, SilentHosts

ONE, OTHER = Address("s3://dead/a.srt"), Address("s3://dead/b.srt")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Asking:
    """Asks hosts, and counts how often one is really asked."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.hosts = SilentHosts(self.clock)
        self.asked = 0

    def fails(self, address: Address, error: Exception | None = None) -> RemoteUnreachableError:
        """Ask in vain; return the error."""
        error = error or ConnectionRefusedError(111, "Connection refused")
        with pytest.raises(RemoteUnreachableError) as caught:
            self.ask(address, error)
        return caught.value

    def ask(
        self, address: Address, error: Exception, meanwhile: Callable[[], object] = bool
    ) -> None:
        """Ask, do something meanwhile, and fail."""
        with self.hosts.asked(address):
            self.asked += 1
            meanwhile()
            with explained(address):
                raise error

    def answers(self, address: Address) -> None:
        with self.hosts.asked(address):
            self.asked += 1


@pytest.fixture
def asking() -> Asking:
    return Asking()


def test_after_some_failures_the_same_is_told_at_once(asking: Asking) -> None:
    first = [asking.fails(ONE) for _ in range(FAILURES)]
    later = asking.fails(OTHER)
    assert asking.asked == FAILURES
    assert first[0].message == "s3://dead/a.srt cannot be reached: Connection refused"
    assert later.message == "s3://dead/b.srt cannot be reached: Connection refused"
    assert (later.hint, later.code) == (first[0].hint, first[0].code)


def test_one_asks_again_after_a_while_and_the_others_do_not_wait_for_it(asking: Asking) -> None:
    for _ in range(FAILURES):
        asking.fails(ONE)
    asking.clock.now += REST_S
    with pytest.raises(RemoteUnreachableError):
        asking.ask(ONE, TimeoutError(), lambda: asking.fails(OTHER))
    assert "TimeoutError" in asking.fails(OTHER).message
    assert asking.asked == FAILURES + 1


def test_a_host_that_answers_is_asked_as_ever(asking: Asking) -> None:
    for _ in range(FAILURES):
        asking.fails(ONE)
    asking.clock.now += REST_S
    asking.answers(ONE)
    asking.fails(OTHER)
    asking.answers(ONE)
    assert asking.asked == FAILURES + 3


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(OSError(16, "Please reduce your request rate"), id="busy"),
        pytest.param(type("Status", (Exception,), {})("500"), id="other"),
    ],
)
def test_an_answer_of_any_kind_is_no_silence(asking: Asking, error: Exception) -> None:
    for _ in range(FAILURES + 2):
        asking.fails(ONE, error)
    assert asking.asked == FAILURES + 2


def test_what_is_missing_says_that_the_host_answers(asking: Asking) -> None:
    asking.fails(ONE)
    with pytest.raises(RemoteMissingError):
        asking.ask(OTHER, FileNotFoundError())
    asking.fails(ONE)
    asking.fails(ONE)
    assert asking.asked == 4


@pytest.mark.parametrize(
    ("silent", "other"),
    [
        ("s3://dead/a", "s3://living/a"),
        ("https://host:1/a", "https://host:2/a"),
        ("sftp://host/a", "https://host/a"),
    ],
)
def test_other_hosts_are_asked(asking: Asking, silent: str, other: str) -> None:
    for _ in range(FAILURES + 2):
        asking.fails(Address(silent))
    assert asking.asked == FAILURES
    asking.fails(Address(other))
    assert asking.asked == FAILURES + 1


def test_all_are_asked_once_everything_is_forgotten(asking: Asking) -> None:
    for _ in range(FAILURES):
        asking.fails(ONE)
    asking.hosts.forget()
    asking.fails(ONE)
    assert asking.asked == FAILURES + 1
