"""A conversation of two people, recorded with a microphone for each, made of real speech."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tests.support.real_speech import SPEECH
from tests.support.recordings import SAMPLE_RATE, read_wav, write_wav

ADA_FROM_S, GRACE_FROM_S, OVER_S = 1.0, 13.0, 7.0
"""Where Ada speaks, where Grace answers, and where Grace talks over Ada, in the conversation."""
GRACE_STARTS_S = 2.5
"""Where Grace's microphone is switched on."""
BLEED = 0.08
LENGTH_S, GRACE_LENGTH_S = 22.0, 18.7
_DELAY_S = 0.006


def make_session(
    folder: Path,
    names: tuple[str, str] = ("Ada.wav", "Grace.wav"),
    *,
    bleed: float = BLEED,
    same_length: bool = False,
) -> tuple[Path, Path]:
    """Write a track of Ada and one of Grace, who hear each other; return their paths."""
    ada = _placed((ADA_FROM_S, "jfk"))
    grace = _placed((OVER_S, "austen-0890"), (GRACE_FROM_S, "austen-0870"))
    numbers = np.random.default_rng(7)
    tracks = []
    for own, other in ((ada, grace), (grace, ada)):
        heard = np.roll(other, round(_DELAY_S * SAMPLE_RATE)) * bleed
        tracks.append(own + heard + numbers.normal(0, 8, len(own)))
    if not same_length:
        first = round(GRACE_STARTS_S * SAMPLE_RATE)
        tracks[1] = tracks[1][first : first + round(GRACE_LENGTH_S * SAMPLE_RATE)]
    folder.mkdir(parents=True, exist_ok=True)
    paths = (folder / names[0], folder / names[1])
    for path, samples in zip(paths, tracks, strict=True):
        write_wav(path, samples.clip(-32768, 32767).astype(np.int16))
    return paths


def _placed(*spoken: tuple[float, str]) -> NDArray[np.float64]:
    """The conversation as one person says it, with speech from these times on."""
    samples = np.zeros(round(LENGTH_S * SAMPLE_RATE))
    for start_s, name in spoken:
        speech = read_wav(SPEECH / f"{name}.wav")
        first = round(start_s * SAMPLE_RATE)
        samples[first : first + len(speech)] += speech
    return samples
