"""llama.cpp, whose threads sleep while they wait for each other.

By itself they look again and again. On a processor that other work shares, that took twenty times
as long: each thread waited for one that could not run meanwhile.

Reference: OpenMP 5.2, 21.1.4, ``OMP_WAIT_POLICY``, which is read when the library is loaded.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

try:
    import xllamacpp
except ImportError as error:
    if "libgomp" not in str(error):
        raise
    message = "libgomp, which llama.cpp needs, is not installed: apt-get install libgomp1"
    raise ImportError(message) from error

__all__ = ["xllamacpp"]
