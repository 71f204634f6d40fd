"""Whisper tiny.en with its real weights: a rare name is recognised if it is expected."""

from pathlib import Path

import jiwer
import pytest
from tests.acceptance.home import Home
from tests.support.flite import record
from tests.support.real_speech import needs_real_speech, spoken_clips, transcribe
from tests.support.speech import needs_flite
from whisper_normalizer.english import EnglishTextNormalizer

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,  # real weights
    needs_real_speech,
]

NAMES = "Trevanion,Quiberon,Oyelaran,Aylin Kaya"
LIKELIEST = ("--temperature", "0")
"""Text that is sampled, as Whisper does where it is in doubt, differs from run to run."""

normalise = EnglishTextNormalizer()


@needs_flite
def test_a_rare_name_is_recognised_if_it_is_expected(
    real_user: Home, tiny: str, out: Path, tmp_path: Path
) -> None:
    sentence = "please meet mister trevanion at the station"
    speech = record(tmp_path / "speech.wav", (sentence,))
    plain = transcribe(real_user, speech.wav, out, "--model", tiny)
    told = transcribe(real_user, speech.wav, out / "told", "--model", tiny, "--hotwords", NAMES)
    assert "Trevanion" not in plain["text"]
    assert "Trevanion" in told["text"]


def test_other_text_gets_no_worse(real_user: Home, tiny: str, out: Path) -> None:
    clips = spoken_clips()
    references = [normalise(clip.with_suffix(".txt").read_text(encoding="utf-8")) for clip in clips]

    def errors(name: str, *options: str) -> float:
        texts = [
            transcribe(real_user, clip, out / name, "--model", tiny, *LIKELIEST, *options)["text"]
            for clip in clips
        ]
        return jiwer.wer(references, [normalise(text) for text in texts])

    most = errors("plain") + 0.02
    assert errors("told", "--hotwords", NAMES) <= most
