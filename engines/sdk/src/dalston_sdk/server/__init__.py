"""The server around an engine: HTTP over a Unix socket or TCP, threads, model swap, keep-alive.

The event loop alone decides which requests run and which model is loaded; only the engine's own
methods run in threads. Nothing here depends on a model library.

``serve`` puts the parts together. ``app`` holds the endpoints; ``admission`` and ``model`` decide
which request runs and with which weights; ``job`` runs one request; ``lifetime`` decides when to
stop.
"""
