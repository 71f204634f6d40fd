"""However a run goes, real weights come to the same transcripts, batches included."""

import shutil

import pytest
from tests.acceptance.home import Home
from tests.support.real_speech import SPEECH, needs_real_speech
from tests.support.switches import BATCHES, SWITCHES, Combination, Trial, tried

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,  # real weights
    needs_real_speech,
]


@pytest.fixture(scope="module")
def spoken(real_user: Home, tiny: str, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Return what people said, 3 to 11 s each."""
    folder = tmp_path_factory.mktemp("spoken")
    for name in ("austen-0870", "austen-0880", "austen-0890", "jfk"):
        shutil.copy(SPEECH / f"{name}.wav", folder)
    # What is drawn at random where decoding fails differs from run to run.
    words = ("--model", tiny, "-l", "en", "--temperature", "0", "-f", "txt,json,srt")
    return Trial(user=real_user, recordings=folder, words=words)


@tried(2, {**SWITCHES, **BATCHES})
def test_whisper_hears_the_same(spoken: Trial, combination: Combination) -> None:
    spoken.check(combination)
