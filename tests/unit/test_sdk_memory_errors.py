"""Messages of model libraries that mean that memory ran out, and those that do not."""

import numpy as np
import pytest

from dalston_sdk.memory_errors import is_out_of_memory

RAN_OUT = {
    "torch-cuda": "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of "
    "7.79 GiB of which 12.00 MiB is free.",
    "torch-cuda-late": "CUDA error: out of memory\nCUDA kernel errors might be asynchronously "
    "reported at some other API call",
    "torch-cublas": "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "torch-cudnn": "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "torch-cpu": "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate"
    " memory: you tried to allocate 8000000000000 bytes. Error code 12 (Cannot allocate memory)",
    "torch-cpu-windows": "DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes.",
    "ctranslate2-cuda": "CUDA failed with error out of memory",
    "ctranslate2-cublas": "cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED",
    "ctranslate2-cpu": "std::bad_alloc",
    "onnxruntime-arena": "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Non-zero status code "
    "returned while running MatMul node. Name:'MatMul_7' Status Message: "
    "bfc_arena.cc:376 Failed to allocate memory for requested buffer of size 4915200000",
    "onnxruntime-limit": "BFCArena::AllocateRawInternal Available memory of 1024 is smaller than "
    "requested bytes of 4096",
    "onnxruntime-cuda": "CUDA failure 2: out of memory ; GPU=0 ; hostname=host",
    "onednn": "could not create a primitive",
    "numpy": "Unable to allocate 74.5 GiB for an array with shape (100000, 100000)",
    "system": "[Errno 12] Cannot allocate memory",
}
OTHERS = {
    "shape": "mat1 and mat2 shapes cannot be multiplied (1x80 and 128x4)",
    "driver": "CUDA failed with error unknown error",
    "format": "Requested float16 compute type, but the target device does not support it",
    "assert": "CUDA error: device-side assert triggered",
    "node": "[ONNXRuntimeError] : 1 : FAIL : Load model from m.onnx failed: Protobuf parsing",
    "index": "index out of range in self",
}


@pytest.mark.parametrize("message", RAN_OUT.values(), ids=RAN_OUT)
def test_a_library_s_message_that_memory_ran_out_is_recognised(message: str) -> None:
    assert is_out_of_memory(RuntimeError(message))


@pytest.mark.parametrize("message", OTHERS.values(), ids=OTHERS)
def test_other_messages_are_something_else(message: str) -> None:
    assert not is_out_of_memory(RuntimeError(message))


def test_python_s_and_numpy_s_own_errors_are_recognised() -> None:
    with pytest.raises(MemoryError) as caught:
        np.empty(1 << 62, np.uint8)
    assert is_out_of_memory(caught.value)
    assert is_out_of_memory(MemoryError())


def test_pytorch_s_class_is_recognised_by_its_name_alone() -> None:
    error = type("OutOfMemoryError", (RuntimeError,), {})
    assert is_out_of_memory(error("HIP"))
