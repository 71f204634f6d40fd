"""Weights: whole or refused, from this machine only, and gone when they are swapped."""

import pickle
import shutil
from pathlib import Path

import pytest
from tests.support.asked_engine import EngineUnderTest
from tests.support.speech import needs_flite
from tests.support.word_times import Aligner, Recording

from dalston_sdk.testing import check_engine
from dalston_sdk.testing.rules import check_result
from dalston_sdk.wire import ErrorCode, ModelRef

BUNDLE = "WAV2VEC2_ASR_BASE_960H"
BUNDLE_FILE = "wav2vec2_fairseq_base_ls960_asr_ls960.pth"

MAKE_BUNDLE = """
import sys
import loading, torch, torchaudio
bundle = torchaudio.pipelines.WAV2VEC2_ASR_BASE_960H
torch.manual_seed(0)
model = torchaudio.models.wav2vec2_model(**bundle._params)
# Its own first outputs belong to what torchaudio takes away.
model.aux = torch.nn.Linear(768, 32)
torch.save(model.state_dict(), sys.argv[1])
"""

WITHOUT_LETTERS = """
import sys
from safetensors.torch import load_file, save_file
weights = load_file(sys.argv[1])
kept = {name: value for name, value in weights.items() if not name.startswith("lm_head")}
save_file(kept, sys.argv[1], {"format": "pt"})
"""

LISTEN_FOR_CALLS = """
import sys
calls, network = [], ("connect", "getaddrinfo", "gethostbyname", "sendto", "sendmsg", "Request")
def listen(event, arguments):
    if event.partition(".")[2] in network:
        calls.append((event, str(arguments)))
sys.addaudithook(listen)
import loading, numpy as np
from dalston_sdk.wire import ModelRef
model = loading.load_model(ModelRef(runtime_id="x", path=sys.argv[1]), "cpu")
model.log_probs(np.zeros((1, 16_000), np.float32))
print(calls)
"""


class _Runs:
    """A pickle that does something when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (open, (str(self.path), "w"))  # type: ignore[return-value] # what pickle calls


@pytest.fixture
def copy(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "tiny-copy"))


@needs_flite
def test_conformance(
    under_test: EngineUnderTest, model: ModelRef, recording: Recording, trained: Path
) -> None:
    other = ModelRef(runtime_id="tiny-other", path=str(trained))
    check_engine(
        under_test.subject(model, recording.wav, other_model=other, segments=recording.segments())
    )


@pytest.mark.parametrize(
    "name", ["config.json", "preprocessor_config.json", "vocab.json", "model.safetensors"]
)
def test_what_is_missing_is_named(aligner: Aligner, copy: Path, name: str) -> None:
    (copy / name).unlink()
    failure = aligner.asked.load_failure(ModelRef(runtime_id="tiny", path=str(copy)))

    assert failure.code is ErrorCode.MODEL_MISSING
    assert name in failure.message
    assert failure.hint == "dalston models pull tiny-copy"


@pytest.mark.parametrize("path", [None, "/nowhere/at/all"])
def test_no_folder(aligner: Aligner, path: str | None) -> None:
    """A name is no path: nothing looks on the hub for it."""
    failure = aligner.asked.load_failure(
        ModelRef(runtime_id="facebook/wav2vec2-base-960h", path=path)
    )
    assert failure.code is ErrorCode.MODEL_MISSING
    assert "the weights of facebook/wav2vec2-base-960h are not at" in failure.message


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "vocab.json"])
def test_broken_files_are_refused(aligner: Aligner, copy: Path, name: str) -> None:
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    failure = aligner.asked.load_failure(ModelRef(runtime_id="tiny", path=str(copy)))

    assert failure.code is ErrorCode.MODEL_LOAD_FAILED
    assert failure.hint == "dalston models verify tiny-copy"


def test_weights_without_letters_are_not_made_up(
    under_test: EngineUnderTest, aligner: Aligner, copy: Path
) -> None:
    """transformers would fill them in at random, and say so in its log only."""
    under_test.run(WITHOUT_LETTERS, copy / "model.safetensors")
    failure = aligner.asked.load_failure(ModelRef(runtime_id="tiny", path=str(copy)))

    assert failure.code is ErrorCode.MODEL_LOAD_FAILED
    assert "weights are missing in it" in failure.message


@pytest.mark.parametrize(
    ("runtime_id", "name"), [("tiny", "pytorch_model.bin"), (BUNDLE, BUNDLE_FILE)]
)
def test_weights_that_would_run_code_do_not(
    aligner: Aligner, copy: Path, tmp_path: Path, runtime_id: str, name: str
) -> None:
    trace = tmp_path / "trace"
    (copy / "model.safetensors").unlink()
    (copy / name).write_bytes(pickle.dumps(_Runs(trace)))
    failure = aligner.asked.load_failure(ModelRef(runtime_id=runtime_id, path=str(copy)))

    assert failure.code is ErrorCode.MODEL_LOAD_FAILED
    assert not trace.exists()


def test_a_number_format_is_refused(aligner: Aligner, model: ModelRef) -> None:
    wanted = ModelRef(runtime_id="tiny", path=model.path, compute_type="int8")
    failure = aligner.asked.load_failure(wanted)

    assert failure.code is ErrorCode.INVALID_REQUEST
    assert "int8" in failure.message


@needs_flite
def test_a_model_of_torchaudio_s_is_its_one_file(
    under_test: EngineUnderTest, recording: Recording, tmp_path: Path
) -> None:
    """Of its real size, with random weights: all that can be right is the form."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    model = ModelRef(runtime_id=BUNDLE, path=str(folder))
    segments = tuple(recording.segments()[:2])
    with under_test.asked() as asked:
        aligner = Aligner(asked, model)
        missing = asked.load_failure(model)
        assert missing.code is ErrorCode.MODEL_MISSING
        assert BUNDLE_FILE in missing.message

        under_test.run(MAKE_BUNDLE, folder / BUNDLE_FILE)
        request = aligner.request(segments)
        result = aligner.align(recording.wav, segments)
        check_result(request, result, recording.duration_s)
        assert [len(each.words) for each in result.segments] == [
            len(each.text.split()) for each in segments
        ]
        failure = asked.failure(aligner.request(segments, language="fr"), recording.wav)
        assert "is for en, and the text is fr" in failure.message


def test_loading_asks_nobody(under_test: EngineUnderTest, trained: Path) -> None:
    assert under_test.run(LISTEN_FOR_CALLS, trained) == "[]"


def test_a_gpu_that_is_not_there_is_said_and_the_cpu_not_taken(
    under_test: EngineUnderTest,
) -> None:
    with under_test.asked("cuda:63") as asked:
        while (health := asked.health()).status == "starting":
            continue
    assert health.status == "failed"
    assert "cuda:63" in (health.problem or "")


@needs_flite
def test_swapping_models_and_long_recordings_leave_memory_as_it_was(
    under_test: EngineUnderTest, model: ModelRef, trained: Path, monologue: Recording
) -> None:
    models = [model, ModelRef(runtime_id="tiny-other", path=str(trained))]
    segments = monologue.segments()
    with under_test.asked(MALLOC_ARENA_MAX="1") as asked:
        aligner = Aligner(asked, model)
        seen = []
        for turn in range(24):
            aligner.align(monologue.wav, segments[:1], model=models[turn % 2])
            seen.append(asked.health().rss_mb)
    assert max(seen[16:]) < max(seen[8:16]) + 10
