"""Whisper tiny.en with its real weights in the hub's format, through the engine transformers."""

from itertools import pairwise
from pathlib import Path

import jiwer
import pytest
from tests.acceptance.home import Home
from tests.support.engine_under_test import EngineUnderTest
from tests.support.real_speech import SPEECH, needs_real_speech, transcribe, words_of
from tests.support.tiny_whisper import transcribing
from whisper_normalizer.english import EnglishTextNormalizer

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,  # real weights, and an environment with PyTorch
    needs_real_speech,
]

JFK = SPEECH / "jfk.wav"
CONVERT = """
import sys
from pathlib import Path
from dalston_sdk.torch_device import import_torchaudio
import_torchaudio()
from tests.tiny_whisper import convert_whisper
convert_whisper(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_a_folder_of_the_hub_s_format_is_transcribed_as_faster_whisper_does_it(
    real_user: Home, tiny: str, tmp_path: Path, out: Path
) -> None:
    """The weights are those of the package, in the other layout."""
    folder = tmp_path / "whisper-own.en"
    stored = real_user.models / "faster-whisper" / tiny
    EngineUnderTest("transcribe/transformers").run(CONVERT, stored, folder)

    found = transcribe(real_user, JFK, out, "--model", str(folder), "--align", "never")

    assert transcribing(found)["engine"] == "transformers"
    reference = JFK.with_suffix(".txt").read_text(encoding="utf-8")
    normalise = EnglishTextNormalizer()
    assert jiwer.wer(normalise(reference), normalise(found["text"])) == 0
    theirs = transcribe(real_user, JFK, out / "theirs", "--model", tiny, "--align", "never")
    words, others = words_of(found), words_of(theirs)
    assert [normalise(each["word"]) for each in words] == [
        normalise(each["word"]) for each in others
    ]
    assert all(before["end"] <= after["start"] for before, after in pairwise(words))
    off_s = sorted(
        abs(one["start"] - other["start"]) for one, other in zip(words, others, strict=True)
    )
    assert off_s[len(off_s) // 2] < 0.3
