"""A group of real models: Whisper base decodes in batches, PocketSphinx finds the words."""

from itertools import pairwise
from pathlib import Path

import jiwer
import pytest
import yaml
from tests.acceptance.home import Home
from tests.support.real_speech import needs_real_speech, spoken_clips, transcribe, words_of
from whisper_normalizer.english import EnglishTextNormalizer

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,  # real weights
    needs_real_speech,
]


def test_words_of_real_people_are_right_and_in_order(real_user: Home, base: str, out: Path) -> None:
    groups = real_user.folder / "catalog" / "groups"
    groups.mkdir(parents=True)
    group = {"id": "pair", "name": "Two models", "options": {"batch_size": 4}}
    group |= {"models": {"transcribe": base, "align": "pocketsphinx-en-us"}}
    (groups / "pair.yaml").write_text(yaml.safe_dump(group), encoding="utf-8")
    real_user.environ["DALSTON_CATALOG_PATH"] = str(groups.parent)
    normalise = EnglishTextNormalizer()
    references, texts = [], []
    for clip in spoken_clips():
        transcript = transcribe(real_user, clip, out, "--model", "pair", "--language", "en")
        references.append(normalise(clip.with_suffix(".txt").read_text(encoding="utf-8")))
        texts.append(normalise(transcript["text"]))
        made = {each["stage"]: (each["engine"], each["model"]) for each in transcript["stages"]}
        assert made["transcribe"] == ("faster-whisper", base)
        assert made["align"] == ("pocketsphinx", "pocketsphinx-en-us")
        words = words_of(transcript)
        assert all(before["start"] <= after["start"] for before, after in pairwise(words))
    assert jiwer.wer(references, texts) <= 0.03, texts
