"""Where uv lies, the program that builds engines' environments."""

import threading

_ALONE = threading.Lock()


def find_uv() -> str:
    """Return the path of uv's program.

    Environments are prepared in threads, and Python's ``sysconfig``, which uv asks, hands a second
    thread values that the first has not read yet (python/cpython#92452): one at a time.

    Raises:
        FileNotFoundError: uv is not installed whole.
    """
    import uv  # noqa: PLC0415 - only a plan and a build need it

    with _ALONE:
        return uv.find_uv_bin()
