"""What every engine imports, and what the CLI speaks to engines with.

An engine subclasses ``dalston_sdk.engine.Engine``; ``python -m dalston_sdk FOLDER`` serves it.
"""

__version__ = "0.1.0"
