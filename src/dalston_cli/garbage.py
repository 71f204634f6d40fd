"""When Python looks for garbage in the process ``dalston``.

Imports make some hundred thousand objects that stay; to look through them again and again, and once
more at the end, took a fifth of a short command.
"""

import gc

_WHILE_STARTING = 200_000
_AT_WORK = 20_000
"""New objects between two searches."""


def begin() -> None:
    """Put searches off while the command starts."""
    gc.set_threshold(_WHILE_STARTING)


def started() -> None:
    """Search again, but only what is made from now on; nothing in a process of another program."""
    if gc.get_threshold()[0] == _WHILE_STARTING:
        gc.freeze()
        gc.set_threshold(_AT_WORK)


def end() -> None:
    """Leave everything to the system, which takes the memory back."""
    gc.freeze()
