"""Weights: what is installed, and how it gets there, is verified and goes away again."""

from dalston_cli.catalog.weights.inventory import InstalledModel, installed, installed_ids
from dalston_cli.catalog.weights.layout import ModelFolder

__all__ = ["InstalledModel", "ModelFolder", "installed", "installed_ids"]
