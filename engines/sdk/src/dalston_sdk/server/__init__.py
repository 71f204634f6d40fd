"""The server around an engine: HTTP over a Unix socket or TCP, threads, model swap, keep-alive.

The event loop alone decides who may run and which model is loaded; only the engine's own methods
run in threads. Nothing here knows a model library.

``serve`` puts the parts together; ``app`` holds the endpoints, ``turns`` and ``model`` decide who
works with which weights, ``job`` is one request at work, ``lifetime`` says when to stop.
"""
