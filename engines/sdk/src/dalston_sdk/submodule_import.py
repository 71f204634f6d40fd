"""Imports a module of a library without running the code of the package around it.

Some packages do at import what an engine must not do: download files into the home folder, or
import hundreds of modules with requirements of their own. The one module that an engine needs is
often innocent of that.
"""

import importlib
import importlib.util
import sys
from types import ModuleType


def import_submodule_only(module: str) -> ModuleType:
    """The module, imported from a package whose own ``__init__`` does not run.

    The package stays bare for the rest of the process: what its ``__init__`` defines is not there.
    A package that was imported the usual way before stays as it is. Packages below it run their
    ``__init__`` as usual.

    Args:
        module: Full name such as ``library.models.one``.

    Raises:
        ModuleNotFoundError: The package, or the module in it, is not installed.
    """
    name = module.partition(".")[0]
    if name not in sys.modules:
        found = importlib.util.find_spec(name)
        if found is None:
            raise ModuleNotFoundError(f"{name} is not installed", name=name)
        sys.modules[name] = importlib.util.module_from_spec(found)
    return importlib.import_module(module)
