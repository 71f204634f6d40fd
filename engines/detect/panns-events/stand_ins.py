"""Stands in for two libraries that PANNs' modules import, and of which they use nothing.

librosa computes the bands of the spectrum with NumPy and SciPy alone. At import it has numba
compile a dozen functions for other things, which takes half a minute, and fails where the compiler
cannot write beside librosa, as in a container. PANNs' module of models imports matplotlib, which
looks for fonts and writes into the home folder, and draws nothing.
"""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def put_stand_ins() -> None:
    """Put modules in the place of numba and matplotlib; call it before librosa is imported."""
    numba = ModuleType("numba", "Nothing is compiled in this process.")
    for decorator in ("jit", "vectorize", "guvectorize", "stencil"):
        setattr(numba, decorator, _as_written)
    drawing = ModuleType("matplotlib", "Nothing is drawn in this process.")
    drawing.pyplot = ModuleType("matplotlib.pyplot")  # type: ignore[attr-defined] # set here
    sys.modules["numba"] = numba
    sys.modules["matplotlib"] = drawing
    sys.modules["matplotlib.pyplot"] = drawing.pyplot


def _as_written(*arguments: Any, **_: object) -> Any:  # noqa: ANN401 - whatever numba takes
    """A decorator, with arguments or without, that leaves a function alone."""
    if len(arguments) == 1 and callable(arguments[0]):
        return arguments[0]

    def leave(function: Callable[..., Any]) -> Callable[..., Any]:
        return function

    return leave
