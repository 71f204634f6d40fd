"""The real scheduler, on engines that only wait and by a clock that jumps over the waiting.

Real are ``Run`` with its order, its room for audio and its journal on disk, and the replica sets of
the pool.
"""
