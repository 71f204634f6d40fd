"""Memory that an engine keeps between two uses, and returns."""

import json
import subprocess
import sys

import pytest

_PROBE = """
import json, resource, threading
import numpy as np
from dalston_sdk.server import memory

def faults(mib):
    first = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = lambda: np.ones(mib * 2**20, np.uint8)
    thread = threading.Thread(target=block)
    thread.start()
    thread.join()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - first

memory.keep_freed_memory()
first, again, large = faults(96), faults(96), [faults(384), faults(384)][1]
held = memory.resident_mb()
memory.return_freed_memory()
print(json.dumps([first, again, large, held, memory.resident_mb()]))
"""


def _measured(**variables: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE], env=variables, capture_output=True, check=True, text=True
    )
    numbers: list[float] = json.loads(done.stdout)
    return numbers


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")


def test_a_block_of_an_encoder_is_fetched_from_the_kernel_once() -> None:
    first, again, _, _, _ = _measured()
    assert first > 0
    assert again <= first / 10


def test_larger_blocks_and_what_is_kept_go_back_to_the_kernel() -> None:
    first, _, large, held, returned = _measured()
    assert large >= first
    assert held - returned > 80


def test_the_user_s_own_setting_of_the_c_library_wins() -> None:
    first, again, _, _, _ = _measured(MALLOC_MMAP_THRESHOLD_="1000000")
    assert again >= first / 2
