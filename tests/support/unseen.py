"""Sentences that the tiny models of the repository know the words of, and were not trained on."""

import hashlib
import random
from functools import cache
from types import ModuleType

from tests.support.engine_under_test import ROOT
from tests.support.modules import load_module

WHISPER = ROOT / "engines/transcribe/faster-whisper/tests/data/tiny-whisper-flite"
WAV2VEC2 = ROOT / "engines/align/whisperx-align/tests/data/tiny-wav2vec2-flite"
CTC = ROOT / "engines/transcribe/onnx-asr/tests/data/tiny-ctc-flite"
"""Weights of the model for onnx-asr; the one for whisperx-align has the same lexicon."""


@cache
def ctc_lexicon() -> ModuleType:
    """The words and sentences of the tiny CTC models."""
    return load_module(CTC / "training" / "lexicon.py")


def ctc_sentences(count: int) -> list[str]:
    """Return sentences for the tiny CTC models, none of random words."""
    lexicon, seed = ctc_lexicon(), 10_000
    found: list[str] = []
    while len(found) < count:
        seed += 1
        words = lexicon.sentence(random.Random(seed))
        made_of_random_words = random.Random(seed).random() < 0.2
        if not made_of_random_words and lexicon.held_out(words):
            found.append(" ".join(words))
    return found


def whisper_sentences(count: int) -> list[str]:
    """Return sentences for the tiny Whisper, none of random words."""
    lexicon, seed = load_module(WHISPER / "training" / "lexicon.py"), 0
    found: list[str] = []
    while len(found) < count:
        seed += 1
        words, end = lexicon.gen(random.Random(seed))
        made_of_random_words = random.Random(seed).random() < 0.18
        if not made_of_random_words and _was_held_out(words):
            found.append(" ".join(words) + end)
    return found


def _was_held_out(words: list[str]) -> bool:
    """Return True if training kept the sentence for its evaluation."""
    digest = hashlib.md5(" ".join(words).lower().encode()).hexdigest()
    return int(digest, 16) % 20 == 0
