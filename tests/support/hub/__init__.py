"""A small hub for tests: a real HTTP server that can fail in every way a real one does.

It speaks what huggingface_hub 2.4 asks of it. ``python -m tests.support.hub FOLDER…`` runs it.
"""

from tests.support.hub.content import HubFile, HubRepo
from tests.support.hub.faults import Fault
from tests.support.hub.server import HubServer, running_hub

__all__ = ["Fault", "HubFile", "HubRepo", "HubServer", "running_hub"]
