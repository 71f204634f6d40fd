"""Scores a transcript's words against a reference; fails above a limit or on impossible times."""

import argparse
import json
import re
import sys
from itertools import pairwise
from pathlib import Path

import jiwer


def normalise(text: str) -> str:
    """Lower case, no punctuation, single spaces: what the references are written in."""
    return " ".join(re.sub(r"[^\w' ]", " ", text.lower()).split())


def main() -> int:
    """Print the word error rate; return 1 where it is above the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transcript", type=Path)
    parser.add_argument("reference", type=Path)
    parser.add_argument("--limit", type=float, required=True)
    arguments = parser.parse_args()

    transcript = json.loads(arguments.transcript.read_text(encoding="utf-8"))
    reference = arguments.reference.read_text(encoding="utf-8")
    wer = jiwer.wer(normalise(reference), normalise(transcript["text"]))
    words = [word for segment in transcript["segments"] for word in segment.get("words", ())]
    ordered = all(a["start"] <= b["start"] for a, b in pairwise(words))
    positive = all(word["start"] < word["end"] for word in words)
    print(f"WER {wer:.3f} (limit {arguments.limit}), {len(words)} words, ordered: {ordered}")
    return 0 if wer <= arguments.limit and ordered and positive and words else 1


if __name__ == "__main__":
    sys.exit(main())
