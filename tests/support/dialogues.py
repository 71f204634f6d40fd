"""Dialogues of the voices that pyannote's tiny models know, in sentences new to them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
from tests.support.engine_under_test import ROOT
from tests.support.flite import write_pcm
from tests.support.modules import load_module
from tests.support.speech import SENTENCES


@dataclass(frozen=True)
class Dialogue:
    """A recording and its reference turns: start and end in seconds, and the voice."""

    wav: Path
    turns: tuple[tuple[float, float, str], ...]
    duration_s: float


MakeDialogue = Callable[..., Dialogue]


def dialogue_maker(folder: Path) -> MakeDialogue:
    """Return a function that records one sentence per voice into a new file of a folder."""

    def make(*voices: str, pause_s: float = 0.4) -> Dialogue:
        parts = [
            (voice, _voices().say(SENTENCES[index % len(SENTENCES)], voice), pause_s)
            for index, voice in enumerate(voices)
        ]
        samples, turns = _voices().dialogue(parts)
        pcm = (np.asarray(samples) * 32_767).astype(np.int16)
        wav = write_pcm(folder / f"{len(list(folder.iterdir()))}.wav", pcm)
        reference = tuple((turn.start, turn.end, turn.voice) for turn in turns)
        return Dialogue(wav, reference, len(samples) / _voices().RATE)

    return make


@cache
def _voices() -> ModuleType:
    """The module that made the training data, from other sentences."""
    return load_module(ROOT / "engines/diarize/pyannote/tests/data/training/voices.py")
