"""Loaded by each worker that a command starts on its own machine.

Ctrl-C goes to all processes of a terminal; such a worker ends with its command, and not before.
"""

import signal


def dask_setup(worker: object) -> None:
    """Leave Ctrl-C to the command."""
    del worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
