"""Weights: what is installed, and how it gets there, is verified and goes away again."""

from dalston_cli.catalog.weights.acquire import ensure_installed, pull
from dalston_cli.catalog.weights.audit import Usage, Verified, disk_usage, remove, verify
from dalston_cli.catalog.weights.inventory import InstalledModel, installed, installed_ids
from dalston_cli.catalog.weights.layout import ModelFolder
from dalston_cli.catalog.weights.options import PullOptions, PullPolicy, PullProgress

__all__ = [
    "InstalledModel",
    "ModelFolder",
    "PullOptions",
    "PullPolicy",
    "PullProgress",
    "Usage",
    "Verified",
    "disk_usage",
    "ensure_installed",
    "installed",
    "installed_ids",
    "pull",
    "remove",
    "verify",
]
