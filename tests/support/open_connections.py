"""Names the tests that leave a connection of asyncio open, in whatever thread its loop runs.

Python finds such a connection when it looks for garbage: by then another test runs, and fails.
"""

import time
import weakref
from asyncio import selector_events
from collections.abc import Generator
from typing import Any

import pytest

_PATIENCE_S = 60.0
"""A server in a thread hears a little later that its client has gone."""

_PATCH = pytest.MonkeyPatch()
_made: "weakref.WeakKeyDictionary[Any, str]" = weakref.WeakKeyDictionary()
"""Transports, and the test that ran when each was made."""
_now = [""]


def open_connections() -> list[str]:
    """Return those that are open and not about to be closed, with the tests that made them."""
    found = [one for reference in _made.keyrefs() if (one := reference()) is not None]
    return [f"{one!r}, made in {_made.get(one)}" for one in found if _is_left(one)]


def _is_left(transport: Any) -> bool:
    return transport._sock is not None and (
        transport._loop.is_closed() or not transport.is_closing()
    )


def pytest_configure(config: pytest.Config) -> None:
    del config
    kind: Any = selector_events._SelectorTransport  # type: ignore[attr-defined]
    begin = kind.__init__

    def begin_noted(self: Any, *args: Any, **options: Any) -> None:
        begin(self, *args, **options)
        _made[self] = _now[0]

    _PATCH.setattr(kind, "__init__", begin_noted)


def pytest_unconfigure(config: pytest.Config) -> None:
    del config
    _PATCH.undo()


def pytest_runtest_logstart(nodeid: str) -> None:
    _now[0] = nodeid


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Look when all fixtures of a file have ended."""
    result = yield
    if nextitem is None or nextitem.path != item.path:
        patient_until = time.monotonic() + _PATIENCE_S
        while (left := open_connections()) and time.monotonic() < patient_until:
            time.sleep(0.05)
        _made.clear()
        assert not left, "connections are left open:\n" + "\n".join(left)
    return result
