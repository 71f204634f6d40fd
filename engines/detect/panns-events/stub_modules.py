"""Stubs for two libraries that PANNs' modules import without using them here.

librosa computes the bands of the spectrum with NumPy and SciPy alone. At import it has numba
compile a dozen functions for other purposes, which takes half a minute, and fails where the
compiler cannot write beside librosa, as in a container. PANNs' module of models imports matplotlib,
which looks for fonts and writes into the home folder, and draws nothing.
"""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def install_stubs() -> None:
    """Replace numba and matplotlib by stubs; call this before librosa is imported."""
    numba = ModuleType("numba", "A stub: nothing is compiled in this process.")
    for decorator in ("jit", "vectorize", "guvectorize", "stencil"):
        setattr(numba, decorator, _unchanged)
    matplotlib = ModuleType("matplotlib", "A stub: nothing is drawn in this process.")
    matplotlib.pyplot = ModuleType("matplotlib.pyplot")  # type: ignore[attr-defined] # set here
    sys.modules["numba"] = numba
    sys.modules["matplotlib"] = matplotlib
    sys.modules["matplotlib.pyplot"] = matplotlib.pyplot


def _unchanged(*arguments: Any, **_: object) -> Any:  # noqa: ANN401 - as numba's decorators
    """Decorate a function, with arguments or without, and leave it as it is."""
    if len(arguments) == 1 and callable(arguments[0]):
        return arguments[0]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        return function

    return decorate
