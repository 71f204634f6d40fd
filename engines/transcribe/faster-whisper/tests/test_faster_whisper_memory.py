"""faster-whisper where memory is short, and with long recordings."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import Speech
from tests.support.memory_limits import memory_limited, reason_of_smaller_batches
from tests.support.recordings import read_wav, write_wav
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine

FEATURES = """
import json, resource, sys
import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from features import BlockwiseFeatures

def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000

noise = np.random.default_rng(0).normal(0, 0.1, int(1234.567 * 16_000)).astype(np.float32)
loudness = np.linspace(0.01, 1.0, len(noise), dtype=np.float32)
noise *= loudness
own = BlockwiseFeatures.like(FeatureExtractor())
before = peak_mb()
found = own(noise, chunk_length=20)
ours_mb, before = peak_mb() - before, peak_mb()
library = FeatureExtractor()
wanted = library(noise, chunk_length=20)
print(json.dumps({
    "shapes": [found.shape, wanted.shape],
    "differ": float(np.abs(found - wanted).max()),
    "short": bool((own(noise[:160_000]) == library(noise[:160_000])).all()),
    "lengths": [own.nb_max_frames, own.n_samples, library.nb_max_frames, library.n_samples],
    "mb": [ours_mb, peak_mb() - before],
}))
"""


@needs_flite
def test_a_batch_that_does_not_fit_into_memory_is_halved(
    engine: RunningEngine, speech: Speech, tmp_path: Path
) -> None:
    """The process may take so little more that the library cannot have its large arrays.

    It ends with a fault where a small one inside MKL fails: there is room for those.
    """
    once = read_wav(speech.wav)
    long = write_wav(tmp_path / "long.wav", np.tile(once, int(240 * 16_000 / len(once)) + 1))
    engine.transcribe(long, language="en", batch_size=8)

    with memory_limited(engine.process.process.pid, more_mb=300):
        halved = engine.transcribe(long, language="en", batch_size=32)

    size = halved.effective["batch_size"]
    whole = engine.transcribe(long, language="en", batch_size=size)
    assert 1 <= size < 8
    assert "allocate" in reason_of_smaller_batches(halved)
    assert [each.text for each in halved.segments] == [each.text for each in whole.segments]
    for ours, theirs in zip(halved.segments, whole.segments, strict=True):
        assert (ours.start, ours.end) == pytest.approx((theirs.start, theirs.end), abs=0.02)
    assert engine.transcribe(speech.wav, language="en").segments  # the engine goes on


def test_features_of_a_long_recording_are_the_library_s_in_little_memory(
    under_test: EngineUnderTest,
) -> None:
    found = json.loads(under_test.run(FEATURES))
    assert found["shapes"] == [[80, 123_457], [80, 123_457]]
    assert found["differ"] < 1e-6
    assert found["short"]
    assert found["lengths"] == [2000, 320_000, 2000, 320_000]
    ours_mb, theirs_mb = found["mb"]
    assert ours_mb < 150
    assert theirs_mb > 3 * ours_mb
