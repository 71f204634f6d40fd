"""A small hub for tests: a real HTTP server that can fail in every way a real one does.

It speaks what huggingface_hub 2.4 asks of it. ``python -m tests.hub FOLDER…`` runs it by itself.
"""

from tests.hub.content import HubFile, HubRepo
from tests.hub.faults import Fault
from tests.hub.server import HubServer, running_hub

__all__ = ["Fault", "HubFile", "HubRepo", "HubServer", "running_hub"]
