"""Recognises that memory ran out, in the exceptions and messages of all model libraries.

Most of them raise a plain RuntimeError, so that only its message tells. No library is imported.
"""

import re

_CLASSES = frozenset({"OutOfMemoryError", "CudaOutOfMemoryError"})
"""Names of the classes of PyTorch, which no other library uses for anything else."""

_MESSAGES = re.compile(
    r"""
    out\ of\ memory                   # CUDA, in every library
    | _ALLOC_FAILED                   # cuBLAS and cuDNN
    | bad_alloc                       # C++
    | can(no|')t\ allocate            # the C library; PyTorch's allocator on a CPU
    | (failed|unable)\ to\ allocate   # ONNX Runtime, CTranslate2, oneDNN and NumPy
    | could\ not\ create\ a\ (memory|primitive)   # oneDNN, by PyTorch
    | not\ enough\ memory:\ you       # PyTorch's on Windows
    | BFCArena.*smaller\ than         # ONNX Runtime, where its arena has a limit
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_out_of_memory(error: BaseException) -> bool:
    """Return True if an exception means that memory ran out, on the GPU or in the machine."""
    if isinstance(error, MemoryError) or type(error).__name__ in _CLASSES:
        return True
    return _MESSAGES.search(str(error)) is not None
