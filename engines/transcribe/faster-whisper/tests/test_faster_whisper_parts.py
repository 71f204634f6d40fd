"""Parts of a recording that are decoded by themselves, beside the rest of it."""

from tests.support.engine_under_test import EngineUnderTest

PARTS = """
import contextlib, threading, time
from parts import PartsDecoder
from dalston_sdk.errors import CancelledError
from dalston_sdk.gathering import Gatherer
from dalston_sdk.wire import SpeechRegion

windows = Gatherer(list, max_items=1, max_calls=1)
regions = [SpeechRegion(start=float(at), end=at + 1.0) for at in range(6)]
main, seen = threading.get_ident(), []

def decode(whisper, region):
    seen.append((region.start, threading.get_ident() == main))
    if region.start == 3 and threading.get_ident() != main:
        raise RuntimeError("too little memory for several")
    return [f"{whisper} {region.start:g}"]

def cancelled(whisper, region):
    raise CancelledError

def share():
    return contextlib.nullcontext("w")

def print_texts(decode, *, at_once):
    seen.clear()
    with windows.taking_part(), PartsDecoder(decode, share, windows, at_once=at_once) as parts:
        parts.begin(regions[:2])
        print([text for texts in parts.decode_all(regions) for text in texts])
        print(parts.decode_one(regions[5]))
    print(sorted(seen))

print_texts(decode, at_once=True)
print_texts(decode, at_once=False)
try:
    print_texts(cancelled, at_once=True)
except CancelledError:
    print("cancelled")
print(threading.active_count(), windows._num_taking_part)
"""


def test_parts_come_in_their_order_and_one_that_fails_beside_others_is_tried_alone(
    under_test: EngineUnderTest,
) -> None:
    at_once, one, seen, in_order, one_again, seen_in_order, cancelled, counts = under_test.run(
        PARTS
    ).splitlines()

    texts = str([f"w {number}" for number in range(6)])
    assert at_once == in_order == texts
    assert one == one_again == "['w 5']"
    others = [(float(number), False) for number in range(6)]
    assert seen == str(sorted([*others, (3.0, True), (5.0, True)]))
    assert seen_in_order == str(sorted([(at, True) for at, _ in others] + [(5.0, True)]))
    assert cancelled == "cancelled"
    assert counts == "1 0"
