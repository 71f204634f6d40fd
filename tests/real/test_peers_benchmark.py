"""Dalston, the bare library and whisper-ctranslate2 are timed at the same work: the texts agree."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from benchmarks.peers.benchmark import Setting, Sizes
from benchmarks.peers.contenders import MODELS
from benchmarks.peers.speech import default_speech
from benchmarks.peers.texts import words_that_differ
from benchmarks.peers.timing import take_turns
from benchmarks.peers.transcribing import long_in_order
from benchmarks.workshop import workshop


@pytest.mark.network
def test_contenders_write_the_same_words(tiny: str) -> None:
    assert tiny in MODELS.values()
    with workshop() as folder, ExitStack() as closing:
        setting = Setting(
            folder=folder,
            cache=Path(os.environ["DALSTON_CACHE_DIR"]),
            speech=default_speech(),
            threads=1,
            sizes=Sizes(minutes=1),
            closing=closing,
        )
        contenders = long_in_order(setting, "tiny.en")

        timings = take_turns(contenders, 1)

        differing = words_that_differ(contenders)
    assert list(timings) == ["dalston", "faster-whisper", "whisper-ctranslate2"]
    assert differing["whisper-ctranslate2"] == differing["faster-whisper"] == 0
    assert differing["dalston"] < 0.15
