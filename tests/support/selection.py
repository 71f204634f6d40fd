"""The tests that belong to ``make test``, and those that share a worker.

``--part newcomer`` runs the tests for a fresh clone: it takes minutes, needs no Docker and no
PyTorch, and leaves out the engines' own suites and tests that are marked as slow. ``--part rest``
runs all others. With workers (``-n 3``), the tests of one file stay together and so share its
fixtures; so do those of one engine, and all of Docker's, which look at one daemon.
"""

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

NEWCOMER = (
    "tests/unit",
    "tests/cli",
    "tests/contract",
    "tests/golden",
    "tests/integration",
    "tests/acceptance/test_bare_machine.py",
    "tests/acceptance/test_examples.py",
)
LONGEST_FIRST = (
    "tests/docker",
    "engines",
    "tests/acceptance",
    "tests/cli/test_screens.py",
    "tests/integration",
)
"""What is given to the workers before all else, so that none has to do it alone at the end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", choices=("newcomer", "rest"), help="what make test runs, or all but")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Let no worker of ``make test`` import tests that it leaves out anyway: that takes seconds."""
    if config.getoption("--part") != "newcomer":
        return None
    return is_left_out(collection_path.relative_to(config.rootpath).as_posix()) or None


def is_left_out(place: str) -> bool:
    """Return True for a folder or a file without any test that ``make test`` runs."""
    return not any(
        f"{one}/".startswith(f"{place}/") or _is_below(f"{place}/", (one,)) for one in NEWCOMER
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _turn(item.nodeid))  # stable, so files stay together
    if part := config.getoption("--part"):
        is_wanted = {item: is_for_newcomers(item) == (part == "newcomer") for item in items}
        config.hook.pytest_deselected(items=[item for item in items if not is_wanted[item]])
        items[:] = [item for item in items if is_wanted[item]]


def is_for_newcomers(item: pytest.Item) -> bool:
    """Return True for a test that ``make test`` runs."""
    return _is_below(item.nodeid, NEWCOMER) and item.get_closest_marker("slow") is None


def group_of(node: str) -> str:
    """The name of the group that is run by one worker, in order."""
    file = PurePosixPath(node.partition("::")[0])
    if file.parts[0] == "engines":
        return "/".join(file.parts[:3])
    return "tests/docker" if _is_below(node, ("tests/docker",)) else file.as_posix()


def _is_below(node: str, places: tuple[str, ...]) -> bool:
    return any(node.startswith((f"{place}/", f"{place}::")) for place in places)


def _turn(node: str) -> int:
    return next(
        (turn for turn, place in enumerate(LONGEST_FIRST) if _is_below(node, (place,))),
        len(LONGEST_FIRST),
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give whole groups to xdist's workers, in the order in which they were collected."""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped] # noqa: PLC0415 - only with workers

    class ByGroup(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    config.option.loadscopereorder = False
    return ByGroup(config, log)
