"""The base class of engines, the server around them, and the client that the CLI uses.

An engine subclasses ``dalston_sdk.engine.Engine``; ``python -m dalston_sdk FOLDER`` serves it.
"""

__version__ = "0.1.0"
