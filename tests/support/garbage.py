"""When Python looks for garbage in the process of the tests: not again and again in what stays.

Thousands of collected tests and imported modules are some million objects. Each ``gc.collect`` of
what is tested looked through all of them, too.
"""

import gc

import pytest

_WHILE_COLLECTING = 100_000
_WHILE_TESTING = 10_000
"""New objects between two searches."""


def pytest_configure(config: pytest.Config) -> None:
    del config
    gc.set_threshold(_WHILE_COLLECTING)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep what was made so far, and look only among what is made from now on."""
    del session
    gc.collect()
    gc.freeze()
    gc.set_threshold(_WHILE_TESTING)
