"""Imports a module of a library without running its package's ``__init__``.

Importing some packages does what an engine must not do: it downloads files into the home folder, or
imports hundreds of modules with requirements of their own. The one module that an engine needs
often does not.
"""

import importlib
import importlib.util
import sys
from types import ModuleType


def import_submodule_only(module: str) -> ModuleType:
    """Import a module without running the ``__init__`` of its top-level package.

    What that ``__init__`` defines is missing for the rest of the process. A package that was
    imported in the usual way before stays as it is. Packages below it run their ``__init__``.

    Args:
        module: Full name such as ``library.models.one``.

    Raises:
        ModuleNotFoundError: The package or the module is not installed.
    """
    name = module.partition(".")[0]
    if name not in sys.modules:
        found = importlib.util.find_spec(name)
        if found is None:
            raise ModuleNotFoundError(f"{name} is not installed", name=name)
        sys.modules[name] = importlib.util.module_from_spec(found)
    return importlib.import_module(module)
