"""Loads the engine class from an engine's folder."""

import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

from dalston_sdk.engine import Engine

MODULE_NAME = "dalston_engine"


class EngineFolderError(Exception):
    """The folder has no engine that can be served; the message says why."""


def load_engine_class(folder: Path) -> type[Engine]:
    """Import ``engine.py`` and return the one engine class that it defines.

    Modules that lie beside ``engine.py`` can be imported by it.

    Raises:
        EngineFolderError: There is no such file, it cannot be imported, or it defines no engine
            or several.
    """
    file = folder / "engine.py"
    if not file.is_file():
        raise EngineFolderError(f"there is no {file}")
    sys.path.append(str(folder))
    module = _import(file)
    found = [value for value in vars(module).values() if _is_engine_of_this_module(value)]
    if len(found) != 1:
        names = ", ".join(value.__name__ for value in found) or "none"
        raise EngineFolderError(f"{file} has to define exactly one Engine, it defines {names}")
    return found[0]


def _is_engine_of_this_module(value: Any) -> TypeGuard[type[Engine]]:  # noqa: ANN401 - any name
    return (
        # Not isinstance: in Python 3.10 an alias such as list[int] passes for a class.
        issubclass(type(value), type)
        and issubclass(value, Engine)
        and value.__module__ == MODULE_NAME
        and not inspect.isabstract(value)
    )


def _import(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(MODULE_NAME, file)
    if spec is None or spec.loader is None:
        raise EngineFolderError(f"{file} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE_NAME] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        name = type(error).__name__
        raise EngineFolderError(f"{file} cannot be imported: {name}: {error}") from error
    return module
