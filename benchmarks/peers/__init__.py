"""Dalston beside its peers, with real models: ``python -m benchmarks peers``.

The peers, whisper-ctranslate2 and whisperx, get environments of their own, so this is not among the
benchmarks that run unasked. ``table.py`` lists what is measured, and against which goal.
"""

from benchmarks.peers.command import main

__all__ = ["main"]
