"""faster-whisper's voice activity detection, with more threads than the library gives it."""

from tests.support.engine_under_test import EngineUnderTest

POSTERIORS = """
import json, os
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import numpy as np
from faster_whisper.vad import get_vad_model
from vad import load_network, score

random = np.random.default_rng(0)
samples = random.normal(0, 0.1, 40 * 16_000) * np.sin(np.arange(40 * 16_000) / 2_000)
samples = samples.astype(np.float32)
library = score(samples)
before = get_vad_model().session
load_network()
ours = score(samples)
print(json.dumps({
    "frames": len(ours),
    "spread": float(np.ptp(ours)),
    "same": bool((ours == library).all()),
    "new": get_vad_model().session is not before,
}))
"""


def test_posteriors_are_the_library_s_to_the_bit(under_test: EngineUnderTest) -> None:
    found = under_test.run(POSTERIORS)
    assert '"frames": 1250' in found
    assert '"same": true' in found
    assert '"new": true' in found
    assert '"spread": 0.0,' not in found
