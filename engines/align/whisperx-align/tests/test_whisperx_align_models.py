"""Weights: complete or refused, local only, and gone from memory after a swap."""

import pickle
from pathlib import Path

import pytest
from tests.support.engine_fixtures import own_model
from tests.support.engine_under_test import EngineUnderTest
from tests.support.speech import needs_flite
from tests.support.word_times import TimedSpeech

from dalston_sdk.testing import (
    RunningEngine,
    check_engine,
    check_memory_settles,
    check_missing_gpu,
    check_result,
)
from dalston_sdk.wire import ErrorCode, ModelRef, Stage

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

WITHOUT_HEAD = """
import sys
from safetensors.torch import load_file, save_file
weights = load_file(sys.argv[1])
kept = {name: value for name, value in weights.items() if not name.startswith("lm_head")}
save_file(kept, sys.argv[1], {"format": "pt"})
"""

IN_PROCESS = """
import gc, sys, weakref
calls, network = [], ("connect", "getaddrinfo", "gethostbyname", "sendto", "sendmsg", "Request")
def watch(event, arguments):
    if event.partition(".")[2] in network:
        calls.append((event, str(arguments)))
sys.addaudithook(watch)
import loading, numpy as np
from dalston_sdk.wire import ModelRef
model = loading.load_model(ModelRef(runtime_id="x", path=sys.argv[1]), "cpu")
model.emissions(np.zeros((1, 16_000), np.float32))
network = weakref.ref(model._network)
del model
gc.collect()
print(calls, network())
"""


class _Runs:
    """A pickle that does something when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (open, (str(self.path), "w"))  # type: ignore[return-value] # what pickle calls


@needs_flite
@pytest.mark.slow  # a process of its own
def test_conformance(
    under_test: EngineUnderTest, model: ModelRef, recording: TimedSpeech, copy: Path
) -> None:
    segments = recording.segments()[:3]
    check_engine(
        under_test.subject(model, recording.wav, other_model=own_model(copy), segments=segments)
    )


@pytest.mark.parametrize(
    "name", ["config.json", "preprocessor_config.json", "vocab.json", "model.safetensors"]
)
def test_a_missing_file_is_named(engine: RunningEngine, copy: Path, name: str) -> None:
    (copy / name).unlink()
    failure = engine.load_failure(own_model(copy))

    assert failure.code is ErrorCode.MODEL_MISSING
    assert name in failure.message
    assert "the folder is your own" in (failure.hint or "")


@pytest.mark.parametrize("path", [None, "/nowhere/at/all"])
def test_no_folder(engine: RunningEngine, path: str | None) -> None:
    """A name is not a path, and is not looked up on the hub."""
    failure = engine.load_failure(ModelRef(runtime_id="facebook/wav2vec2-base-960h", path=path))
    assert failure.code is ErrorCode.MODEL_MISSING
    assert "the weights of facebook/wav2vec2-base-960h are not at" in failure.message


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "vocab.json"])
def test_broken_files_are_refused(engine: RunningEngine, copy: Path, name: str) -> None:
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    failure = engine.load_failure(own_model(copy))

    assert failure.code is ErrorCode.MODEL_LOAD_FAILED
    assert failure.hint == "dalston models verify"


def test_weights_without_a_head_are_refused(
    under_test: EngineUnderTest, engine: RunningEngine, copy: Path
) -> None:
    """transformers would add a random head, which it only logs."""
    under_test.run(WITHOUT_HEAD, copy / "model.safetensors")
    failure = engine.load_failure(own_model(copy))

    assert failure.code is ErrorCode.MODEL_LOAD_FAILED
    assert "weights are missing in it" in failure.message


@pytest.mark.parametrize(
    ("runtime_id", "name"), [("tiny", "pytorch_model.bin"), (BUNDLE, BUNDLE_FILE)]
)
def test_code_in_weights_does_not_run(
    engine: RunningEngine, copy: Path, tmp_path: Path, runtime_id: str, name: str
) -> None:
    trace = tmp_path / "trace"
    (copy / "model.safetensors").unlink()
    (copy / name).write_bytes(pickle.dumps(_Runs(trace)))
    failure = engine.load_failure(ModelRef(runtime_id=runtime_id, path=str(copy)))

    assert failure.code is ErrorCode.MODEL_LOAD_FAILED
    assert not trace.exists()


def test_a_number_format_is_refused(engine: RunningEngine, model: ModelRef) -> None:
    wanted = ModelRef(runtime_id="tiny", path=model.path, compute_type="int8")
    failure = engine.load_failure(wanted)

    assert failure.code is ErrorCode.INVALID_REQUEST
    assert "int8" in failure.message


@needs_flite
@pytest.mark.slow  # a network of the real size
def test_a_model_of_torchaudio_is_one_file(
    under_test: EngineUnderTest, recording: TimedSpeech, tmp_path: Path
) -> None:
    """Of its real size, with random weights: only the form of the result can be right."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    model = ModelRef(runtime_id=BUNDLE, path=str(folder))
    segments = recording.segments()[:2]
    with under_test.running(model) as engine:
        missing = engine.load_failure(model)
        assert missing.code is ErrorCode.MODEL_MISSING
        assert BUNDLE_FILE in missing.message

        under_test.run(MAKE_BUNDLE, folder / BUNDLE_FILE)
        request = engine.request(Stage.ALIGN, segments, language="en")
        result = engine.align(recording.wav, segments)
        check_result(request, result, recording.duration_s)
        assert [len(each.words) for each in result.segments] == [
            len(each.text.split()) for each in segments
        ]
        french = engine.request(Stage.ALIGN, segments, language="fr")
        failure = engine.failure(french, recording.wav)
        assert "is for en, and the text is fr" in failure.message


def test_in_one_process(under_test: EngineUnderTest, model: ModelRef) -> None:
    """Nothing uses the network, and dropped weights leave the memory."""
    assert under_test.run(IN_PROCESS, model.path or "") == "[] None"


def test_a_missing_gpu_is_an_error_and_the_cpu_is_not_taken(under_test: EngineUnderTest) -> None:
    check_missing_gpu(under_test.start_line())


@needs_flite
@pytest.mark.slow  # twelve swaps in a process of its own
def test_swaps_and_long_recordings_do_not_change_memory(
    under_test: EngineUnderTest, model: ModelRef, copy: Path, monologue: TimedSpeech
) -> None:
    models = [own_model(copy), model]
    segments = monologue.segments()[:1]
    sizes = []
    with under_test.running(model, MALLOC_ARENA_MAX="1") as engine:
        for turn in range(12):
            engine.align(monologue.wav, segments, model=models[turn % 2])
            sizes.append(engine.health().rss_mb)
    check_memory_settles(sizes, growth=1.02)
