"""Weights: pulling, linking, verifying and removing them."""

from dalston_cli.catalog.weights.acquire import ensure_installed, pull
from dalston_cli.catalog.weights.audit import (
    DamagedModelError,
    Usage,
    Verified,
    disk_usage,
    remove,
    verify,
)
from dalston_cli.catalog.weights.exchange import PullProgress
from dalston_cli.catalog.weights.inventory import (
    InstalledModel,
    installed,
    installed_ids,
    weights_elsewhere,
)
from dalston_cli.catalog.weights.layout import ModelFolder
from dalston_cli.catalog.weights.options import PullOptions

__all__ = [
    "DamagedModelError",
    "InstalledModel",
    "ModelFolder",
    "PullOptions",
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
    "weights_elsewhere",
]
