"""The real scheduler, on engines that only wait and by a clock that jumps over the waiting.

Real are ``Run`` with its order, its spool and its journal on disk, and the pool's replica sets.
"""
