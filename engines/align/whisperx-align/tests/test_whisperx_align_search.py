"""The search for the likeliest path: whisperX's own, in less memory."""

import json
from pathlib import Path

from tests.support.asked_engine import EngineUnderTest

AS_WHISPERX = """
import json
import loading, numpy as np, torch
from path_search import find_path
from whisperx.alignment import backtrack, get_trellis

rng, same = np.random.default_rng(0), []
for frames, letters in [(40, 5), (300, 60), (700, 200), (1100, 30), (50, 50), (30, 31)]:
    scores = rng.normal(size=(frames, 12)).astype(np.float32) * 3
    log_probs = torch.log_softmax(torch.from_numpy(scores), -1)
    tokens = rng.integers(1, 12, letters).tolist()
    path = backtrack(get_trellis(log_probs, tokens), log_probs, tokens)
    ours = find_path(log_probs.numpy(), tokens, blank=0)
    if path is None or ours is None:
        same.append(ours is None and letters > frames)
        continue
    theirs = {}
    for point in path:
        theirs.setdefault(point.token_index, point.time_index)
    same.append([said.frame for said in ours] == [theirs[k] for k in range(letters)])
print(json.dumps(same))
"""

TEN_MINUTES = """
import json, resource
import numpy as np
from path_search import find_path

rng = np.random.default_rng(0)
letters = rng.integers(1, 30, 9_000).tolist()
places = np.sort(rng.choice(30_000, 9_000, replace=False))
log_probs = np.full((30_000, 30), -9.0, np.float32)
log_probs[:, 0] = -0.1
log_probs[places, 0] = -5.0
log_probs[places, letters] = -0.1
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
said = find_path(log_probs, letters, blank=0)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([[one.frame for one in said] == places.tolist(), (after - before) / 1024]))
"""

TEN_MINUTES_HEARD = """
import json, resource, sys
import loading, numpy as np
from dalston_sdk.wire import ModelRef, Segment
from hearing import hear
from segments import Letters, plan_task

model = loading.load_model(ModelRef(runtime_id="tiny", path=sys.argv[1]), "cpu")
audio = np.random.default_rng(0).normal(0, 0.1, 600 * 16_000).astype(np.float32)

def align(seconds):
    text = " ".join(["please send the letter"] * (seconds // 2))
    whole = Segment(id=0, start=0.0, end=float(seconds), text=text)
    task = plan_task([whole], 0, language="en", alphabet=model.alphabet,
                     num_samples=len(audio), stride=model.stride)
    letters = Letters(task, model.alphabet)
    for heard in hear(model, audio, task.windows, 1):
        letters.add(heard)
    words = letters.align("linear", model.stride / 16_000, lambda: None)
    return len(words), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

print(json.dumps([align(20), align(600)]))
"""

NUMBER_IN_THE_MIDDLE = """
import json
import numpy as np
from path_search import find_path

log_probs = np.full((100, 5), -9.0, np.float32)
log_probs[:, 0] = -0.1
said = {10: 1, 20: 2, 30: 3, 40: 1, 50: 3, 60: 1, 90: 2}
for frame, letter in said.items():
    log_probs[frame, 0], log_probs[frame, letter] = -6.0, -0.1
log_probs[:, 4] = log_probs[:, 1:4].max(axis=1)
strict = find_path(log_probs, [1, 2, 4, 2], blank=0)
free = find_path(log_probs, [1, 2, 4, 2], blank=0, open_ended={4})
print(json.dumps([[one.frame for one in found] for found in (strict, free)]))
"""


def test_it_finds_what_whisperx_finds(under_test: EngineUnderTest) -> None:
    assert json.loads(under_test.run(AS_WHISPERX)) == [True] * 6


def test_memory_does_not_grow_with_letters_times_frames(under_test: EngineUnderTest) -> None:
    """Ten minutes: whisperX's table would take a gigabyte."""
    found, grown_mb = json.loads(under_test.run(TEN_MINUTES))
    assert found
    assert grown_mb < 60


def test_ten_minutes_in_one_segment_take_little_more_than_a_moment(
    under_test: EngineUnderTest, trained: Path
) -> None:
    short, long = json.loads(under_test.run(TEN_MINUTES_HEARD, trained))
    assert (short[0], long[0]) == (40, 1200)
    assert long[1] < short[1] + 100


def test_what_cannot_be_spelled_may_last(under_test: EngineUnderTest) -> None:
    """Four letters are said between the second and the last; one open end covers them all."""
    strict, free = json.loads(under_test.run(NUMBER_IN_THE_MIDDLE))
    assert free == [10, 20, 30, 90]
    assert len(strict) == 4
