"""Prints diarization error rates by pyannote.metrics: of cases as JSON on standard input.

Each case has ``reference`` and ``hypothesis``, lists of start, end and speaker. No collar is
granted, and overlapping speech counts.
"""

import json
import sys

from pyannote.core import Annotation, Segment
from pyannote.metrics.diarization import DiarizationErrorRate


def annotation(turns: list[tuple[float, float, str]]) -> Annotation:
    """Turns as the library has them."""
    made = Annotation()
    for number, (start, end, speaker) in enumerate(turns):
        made[Segment(start, end), number] = speaker
    return made


rates = {
    name: DiarizationErrorRate()(annotation(case["reference"]), annotation(case["hypothesis"]))
    for name, case in json.load(sys.stdin).items()
}
json.dump(rates, sys.stdout)
