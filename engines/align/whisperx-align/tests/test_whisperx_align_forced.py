"""Forced alignment: the paths of whisperX, in less memory."""

import json

from tests.support.engine_under_test import EngineUnderTest

from dalston_sdk.wire import ModelRef

AS_WHISPERX = """
import json
import loading, numpy as np, torch
from forced_alignment import align_tokens
from whisperx.alignment import backtrack, get_trellis

rng, same = np.random.default_rng(0), []
for frames, num_tokens in [(40, 5), (300, 60), (700, 200), (1100, 30), (50, 50), (30, 31)]:
    scores = rng.normal(size=(frames, 12)).astype(np.float32) * 3
    log_probs = torch.log_softmax(torch.from_numpy(scores), -1)
    tokens = rng.integers(1, 12, num_tokens).tolist()
    path = backtrack(get_trellis(log_probs, tokens), log_probs, tokens)
    ours = align_tokens(log_probs.numpy(), tokens, blank=0)
    if path is None or ours is None:
        same.append(ours is None and num_tokens > frames)
        continue
    theirs = {}
    for point in path:
        theirs.setdefault(point.token_index, point.time_index)
    same.append([token.frame for token in ours] == [theirs[k] for k in range(num_tokens)])
print(json.dumps(same))
"""

TEN_MINUTES = """
import json, resource
import numpy as np
from forced_alignment import align_tokens

rng = np.random.default_rng(0)
letters = rng.integers(1, 30, 9_000).tolist()
places = np.sort(rng.choice(30_000, 9_000, replace=False))
log_probs = np.full((30_000, 30), -9.0, np.float32)
log_probs[:, 0] = -0.1
log_probs[places, 0] = -5.0
log_probs[places, letters] = -0.1
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = align_tokens(log_probs, letters, blank=0)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([[token.frame for token in found] == places.tolist(), (after - before) / 1024]))
"""

TEN_MINUTES_ALIGNED = """
import json, resource, sys
import loading, numpy as np
from dalston_sdk.batch_fitting import BatchFitter, Place
from dalston_sdk.batch_sizes import BatchSizes
from dalston_sdk.wire import ModelRef, Segment
from emissions import compute_emissions
from segments import SegmentEmissions, plan_task

model = loading.load_model(ModelRef(runtime_id="tiny", path=sys.argv[1]), "cpu")
place = Place(device="cpu", model="tiny", stage="align")
fitter = BatchFitter(asked=1, sizes=BatchSizes(), place=place)
audio = np.random.default_rng(0).normal(0, 0.1, 600 * 16_000).astype(np.float32)

def align(seconds):
    text = " ".join(["please send the letter"] * (seconds // 2))
    whole = Segment(id=0, start=0.0, end=float(seconds), text=text)
    task = plan_task([whole], 0, language="en", vocabulary=model.vocabulary,
                     num_samples=len(audio), stride=model.stride)
    emissions = SegmentEmissions(task, model.vocabulary)
    for part in compute_emissions(model, audio, task.chunks, fitter):
        emissions.add(part)
    words = emissions.align("linear", model.stride / 16_000, lambda: None)
    return len(words), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

print(json.dumps([align(20), align(600)]))
"""

NUMBER_IN_THE_MIDDLE = """
import json
import numpy as np
from forced_alignment import align_tokens

log_probs = np.full((100, 5), -9.0, np.float32)
log_probs[:, 0] = -0.1
spoken = {10: 1, 20: 2, 30: 3, 40: 1, 50: 3, 60: 1, 90: 2}
for frame, letter in spoken.items():
    log_probs[frame, 0], log_probs[frame, letter] = -6.0, -0.1
log_probs[:, 4] = log_probs[:, 1:4].max(axis=1)
strict = align_tokens(log_probs, [1, 2, 4, 2], blank=0)
free = align_tokens(log_probs, [1, 2, 4, 2], blank=0, sustained={4})
print(json.dumps([[one.frame for one in found] for found in (strict, free)]))
"""


def test_it_finds_what_whisperx_finds(under_test: EngineUnderTest) -> None:
    assert json.loads(under_test.run(AS_WHISPERX)) == [True] * 6


def test_memory_does_not_grow_with_tokens_times_frames(under_test: EngineUnderTest) -> None:
    """Ten minutes: whisperX's trellis would take a gigabyte."""
    found, grown_mb = json.loads(under_test.run(TEN_MINUTES))
    assert found
    assert grown_mb < 60


def test_ten_minutes_in_one_segment_take_little_more_memory(
    under_test: EngineUnderTest, model: ModelRef
) -> None:
    short, long = json.loads(under_test.run(TEN_MINUTES_ALIGNED, model.path or ""))
    assert (short[0], long[0]) == (40, 1200)
    assert long[1] < short[1] + 100


def test_a_wildcard_may_last(under_test: EngineUnderTest) -> None:
    """One wildcard stands for the four letters between the second and the last."""
    strict, free = json.loads(under_test.run(NUMBER_IN_THE_MIDDLE))
    assert free == [10, 20, 30, 90]
    assert len(strict) == 4
