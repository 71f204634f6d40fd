"""Modules that lie outside every package: those of engines' folders, and scripts."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def load_module(file: Path) -> ModuleType:
    """Load a module from its file, under a name of its own."""
    name = "_".join((*file.parent.parts[-2:], file.stem)).replace("-", "_")
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look up their annotations there
    spec.loader.exec_module(module)
    return module
