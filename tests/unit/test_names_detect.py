"""Which engine reads a set of files, and why none does."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
from tests.support.engine_under_test import ROOT
from tests.support.modules import load_module
from tests.support.onnx_models.families import make_canary, make_ctc, make_transducer, make_vosk
from tests.support.onnx_models.whisper import make_whisper
from tests.support.tiny_whisper import WEIGHTS

from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.names.adopt import read_folder
from dalston_cli.catalog.names.detect import Detected, WeightFiles, detect
from dalston_cli.catalog.names.hub_format import ARCHITECTURES
from dalston_cli.catalog.names.refusals import UnreadableWeightsError
from dalston_cli.catalog.names.spelling import FolderName
from dalston_cli.catalog.sources import FileSource
from dalston_cli.catalog.weights.inventory import weights_elsewhere
from dalston_sdk.wire import Stage

CT2 = ("config.json", "model.bin", "tokenizer.json", "vocabulary.json", "README.md")
WHISPER = {"alignment_heads": [[1, 0]], "suppress_ids": []}
TRANSDUCER = ("encoder-model", "decoder_joint-model")


def files(
    *names: str,
    name: str = "some-model",
    config: Mapping[str, object] | None = None,
    words: int = 0,
    lines: int = 0,
) -> WeightFiles:
    texts = {} if config is None else {"config.json": json.dumps(config).encode()}
    if words:
        texts["vocabulary.json"] = json.dumps([""] * words).encode()
    if lines:
        texts["vocabulary.txt"] = b"word\n" * lines
    return WeightFiles(name=name, sizes=dict.fromkeys(names, 1000), read=texts.get)


def found(*names: str, **details: object) -> Detected:
    return detect(files(*names, **details), called="org/some-model")  # type: ignore[arg-type]  # as given


def test_a_whisper_of_ctranslate2_is_for_faster_whisper() -> None:
    detected = found(*CT2, config=WHISPER, words=51865)
    assert (detected.engine, detected.stages) == ("faster-whisper", (Stage.TRANSCRIBE,))
    assert set(detected.files) == set(CT2) - {"README.md"}
    assert detected.languages == ()
    assert detected.capabilities.translation
    assert detected.capabilities.word_timestamps


@pytest.mark.parametrize(
    ("name", "words", "english", "translates"),
    [
        pytest.param("faster-whisper-tiny", 51864, True, False, id="small-vocabulary"),
        pytest.param("faster-whisper-tiny.en", 0, True, False, id="name-alone"),
        pytest.param("faster-whisper-tiny.en", 51865, False, True, id="vocabulary-wins"),
        pytest.param("whisper-large-v3-turbo-ct2", 51866, False, False, id="turbo"),
        pytest.param("distil-whisper-ct2", 51866, False, False, id="distilled"),
    ],
)
def test_what_a_whisper_can_do_is_read_off_its_files(
    name: str, words: int, english: bool, translates: bool
) -> None:
    detected = found(*CT2, name=name, config=WHISPER, words=words)
    assert detected.languages == (("en",) if english else ())
    assert detected.capabilities.translation == translates
    assert detected.capabilities.language_detection != english
    assert detected.runtime_model_id == name.removeprefix("faster-whisper-")


@pytest.mark.parametrize("pieces", ["sentencepiece.bpe.model", "spiece.model"])
def test_a_translation_model_of_ctranslate2(pieces: str) -> None:
    names = ("config.json", "model.bin", "shared_vocabulary.json", pieces)
    detected = found(*names, "tokenizer.json", config={"add_source_eos": False})
    assert (detected.engine, detected.stages) == ("ctranslate2", (Stage.TRANSLATE,))
    assert set(detected.files) == set(names)
    with pytest.raises(UnreadableWeightsError, match="without a SentencePiece model"):
        found(*names[:3], config={})


def test_a_vocabulary_of_lines_is_counted_too() -> None:
    names = ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt")
    assert found(*names, config=WHISPER, lines=51864).languages == ("en",)
    assert found(*names, config=WHISPER, lines=51865).languages == ()


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("Some-Q4_K_M.gguf",), id="one"),
        pytest.param(("Some-Q4_K_M.gguf", "Some-Q8_0.gguf", "config.json"), id="of-several-sizes"),
        pytest.param(("Some-Q4_K_M.gguf", "mmproj-Some-f16.gguf"), id="with-eyes"),
    ],
)
def test_a_language_model_in_gguf(names: tuple[str, ...]) -> None:
    detected = found(*names)
    assert (detected.engine, detected.files) == ("llama-cpp", ("Some-Q4_K_M.gguf",))
    assert detected.runtime_model_id == "Some-Q4_K_M"
    assert detected.stages == (Stage.REFINE, Stage.TRANSLATE)


@pytest.mark.parametrize(
    ("archive", "stage", "times", "translates"),
    [
        ("parakeet-tdt-0.6b-v3.nemo", Stage.TRANSCRIBE, True, False),
        ("canary-1b-v2.nemo", Stage.TRANSCRIBE, False, True),
        ("diar_streaming_sortformer_4spk-v2.nemo", Stage.DIARIZE, False, False),
    ],
)
def test_an_archive_of_nemo(archive: str, stage: Stage, times: bool, translates: bool) -> None:
    detected = found(archive, "model.safetensors", "config.json")
    assert (detected.engine, detected.files, detected.stages) == ("nemo", (archive,), (stage,))
    assert detected.runtime_model_id == archive.removesuffix(".nemo")
    assert detected.capabilities.word_timestamps == times
    assert detected.capabilities.translation == translates


@pytest.mark.parametrize(
    ("model_type", "names", "taken"),
    [
        pytest.param(
            "nemo-conformer-tdt",
            [f"{graph}{ending}" for graph in TRANSDUCER for ending in (".onnx", ".int8.onnx")]
            + ["encoder-model.onnx.data", "vocab.txt", "config.json", "nemo128.onnx"],
            {"config.json", "vocab.txt", *(f"{graph}.int8.onnx" for graph in TRANSDUCER)},
            id="int8-before-float32",
        ),
        pytest.param(
            "nemo-conformer-ctc",
            ["model.onnx", "model.onnx.data", "vocab.txt", "config.json"],
            {"model.onnx", "model.onnx.data", "vocab.txt", "config.json"},
            id="float32-with-its-data",
        ),
        pytest.param(
            "whisper",
            [
                f"onnx/{graph}{ending}.onnx"
                for graph in ("encoder_model", "decoder_model", "decoder_model_merged")
                for ending in ("", "_int8", "_fp16", "_q4", "_quantized")
            ]
            + ["config.json", "vocab.json", "added_tokens.json", "tokenizer.json"],
            {
                "onnx/encoder_model_int8.onnx",
                "onnx/decoder_model_merged_int8.onnx",
                *("config.json", "vocab.json", "added_tokens.json"),
            },
            id="whisper-in-a-folder",
        ),
    ],
)
def test_onnx_graphs_are_taken_in_one_number_format(
    model_type: str, names: list[str], taken: set[str]
) -> None:
    detected = found(*names, config={"model_type": model_type})
    assert (detected.engine, detected.runtime_model_id) == ("onnx-asr", model_type)
    assert set(detected.files) == taken


@pytest.mark.parametrize(
    ("names", "config", "problem", "hint"),
    [
        pytest.param(
            ("model.safetensors", "config.json", "tokenizer.json"),
            {"model_type": "whisper"},
            "it is a Whisper for transformers, but its files are not complete",
            "ct2-transformers-converter --model org/some-model --output_dir some-model-ct2",
            id="transformers-whisper",
        ),
        pytest.param(
            ("pytorch_model.bin", "config.json"),
            {"model_type": "whisper", "architectures": ["WhisperForConditionalGeneration"]},
            "in a format that can run code when it is loaded; only safetensors are read",
            "ct2-transformers-converter",
            id="transformers-pickle",
        ),
        pytest.param(
            ("model-00001-of-00002.safetensors", "config.json"),
            {"architectures": ["WhisperForConditionalGeneration"]},
            "weights for transformers",
            "dalston models list",
            id="transformers-half",
        ),
        pytest.param(
            ("model.safetensors", "config.json"),
            {"architectures": ["BertForMaskedLM"]},
            "weights for transformers, and of no recogniser that is known here",
            "dalston models list",
            id="transformers-other",
        ),
        pytest.param(("weights.npz", "config.json"), {}, "weights for MLX", "list", id="mlx"),
        pytest.param(
            ("weights.safetensors", "config.json"), {"n_mels": 80}, "for MLX", "list", id="mlx-new"
        ),
        pytest.param(("ggml-large-v3.bin",), None, "for whisper.cpp", "list", id="ggml"),
        pytest.param(("large-v3.pt",), None, "openai-whisper keeps them", "list", id="openai"),
        pytest.param(
            ("a-Q4_0.gguf", "a-Q8_0.gguf"),
            None,
            "holds 2 files named *.gguf",
            "a-Q4_0.gguf, a-Q8_0.gguf",
            id="two-gguf",
        ),
        pytest.param(
            ("a-q4_k_m-00001-of-00002.gguf", "a-q4_k_m-00002-of-00002.gguf"),
            None,
            "one whole file is a model",
            "into a folder",
            id="gguf-in-parts",
        ),
        pytest.param(
            ("a.nemo", "b.nemo"), None, "holds 2 files named *.nemo", "a.nemo, b.nemo", id="two"
        ),
        pytest.param(
            ("model.bin", "config.json", "vocabulary.json"),
            WHISPER,
            "without tokenizer.json",
            "--copy_files tokenizer.json",
            id="no-tokenizer",
        ),
        pytest.param(CT2, {"bos_token": "<s>"}, "but no Whisper", "list", id="other-ctranslate2"),
        pytest.param(("model.bin", "config.json"), {}, "some are missing", "list", id="half"),
        pytest.param(
            ("model.onnx", "config.json"),
            {"model_type": "bert"},
            "names the type `bert`; onnx-asr reads nemo-conformer-ctc",
            "list",
            id="onnx-other",
        ),
        pytest.param(("model.onnx",), None, "its config.json is missing", "list", id="onnx-bare"),
        pytest.param(
            ("encoder-model.onnx", "vocab.txt", "config.json"),
            {"model_type": "nemo-conformer-tdt"},
            "lacks graphs: encoder-model.onnx, decoder_joint-model.onnx",
            "list",
            id="onnx-half",
        ),
        pytest.param(
            ("README.md", "a.txt"),
            None,
            "no weights that an engine reads, but README.md, a.txt",
            "a .nemo file",
            id="nothing",
        ),
        pytest.param((), None, "but nothing", "a .nemo file", id="empty"),
    ],
)
def test_what_no_engine_reads_is_refused_with_the_reason(
    names: tuple[str, ...], config: Mapping[str, object] | None, problem: str, hint: str
) -> None:
    with pytest.raises(UnreadableWeightsError) as raised:
        found(*names, config=config)
    assert raised.value.message.startswith("the model `org/some-model` cannot be used: ")
    assert problem in raised.value.message
    assert hint in (raised.value.hint or "")


def test_a_namesake_in_the_catalog_is_offered_first() -> None:
    names = files("model.safetensors", "config.json", config={"model_type": "whisper"})
    with pytest.raises(UnreadableWeightsError) as raised:
        detect(names, called="a/whisper-large-v3@main", instead="large-v3")
    hint = raised.value.hint or ""
    assert hint.startswith("use --model large-v3, the catalog's model of that name, or convert")
    assert "--model a/whisper-large-v3 --revision main --output_dir whisper-large-v3-ct2" in hint


HUB = ("model.safetensors", "config.json", "generation_config.json", "tokenizer.json", "a.txt")


def hub_files(name: str = "some-model", *, heads: bool = True, **config: object) -> WeightFiles:
    texts = {
        "config.json": json.dumps(config).encode(),
        "generation_config.json": json.dumps(
            {"alignment_heads": [[1, 0]]} if heads else {}
        ).encode(),
    }
    return WeightFiles(name=name, sizes=dict.fromkeys(HUB, 1000), read=texts.get)


@pytest.mark.parametrize(
    ("name", "words", "heads", "expected"),
    [
        pytest.param("whisper-small-yoruba", 51865, True, (True, True, ()), id="fine-tuned"),
        pytest.param("whisper-small-yoruba", 51865, False, (False, True, ()), id="without-heads"),
        pytest.param("whisper-medical.en", 51864, True, (True, False, ("en",)), id="english"),
        pytest.param("whisper-turbo-german", 51866, True, (True, False, ()), id="turbo"),
    ],
)
def test_a_whisper_of_the_hub_is_for_transformers(
    name: str, words: int, heads: bool, expected: tuple[bool, bool, tuple[str, ...]]
) -> None:
    whisper = hub_files(
        name, heads=heads, architectures=["WhisperForConditionalGeneration"], vocab_size=words
    )
    detected = detect(whisper, called="org/some-model")
    able = detected.capabilities
    assert (detected.engine, detected.runtime_model_id) == ("transformers", name)
    assert set(detected.files) == set(HUB) - {"a.txt"}
    assert (able.word_timestamps, able.translation, detected.languages) == expected
    assert able.prompts


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_class_that_the_engine_loads_is_recognised(architecture: str) -> None:
    detected = detect(hub_files(architectures=[architecture]), called="org/some-model")
    assert detected.engine == "transformers"
    assert detected.kind == f"safetensors of the class {architecture}"


def test_the_engine_loads_the_classes_that_are_recognised() -> None:
    families = load_module(ROOT / "engines/transcribe/transformers/families.py")
    assert list(families.ARCHITECTURES) == list(ARCHITECTURES)


def test_weights_in_several_files_need_their_index() -> None:
    parts = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    config = {"architectures": ["CohereAsrForConditionalGeneration"]}
    detected = found(*parts, "model.safetensors.index.json", "config.json", config=config)
    assert set(detected.files) == {*parts, "model.safetensors.index.json", "config.json"}


@pytest.mark.parametrize("content", [b"{", b"[1]", b"[" * 100_000])
def test_a_config_that_is_no_json_is_as_good_as_none(content: bytes) -> None:
    sizes = {"model.onnx": 1, "config.json": 1}
    broken = WeightFiles(name="x", sizes=sizes, read=lambda _: content)
    with pytest.raises(UnreadableWeightsError, match="names no type of model"):
        detect(broken, called="x")


@pytest.mark.parametrize(
    ("make", "type_"),
    [
        pytest.param(make_ctc, "nemo-conformer-ctc", id="ctc"),
        pytest.param(partial(make_ctc, int8=True), "nemo-conformer-ctc", id="int8"),
        pytest.param(partial(make_transducer, kind="tdt"), "nemo-conformer-tdt", id="tdt"),
        pytest.param(partial(make_transducer, kind="rnnt"), "nemo-conformer-rnnt", id="rnnt"),
        pytest.param(make_canary, "nemo-conformer-aed", id="aed"),
        pytest.param(make_vosk, "kaldi-rnnt", id="kaldi"),
        pytest.param(make_whisper, "whisper", id="whisper"),
    ],
)
def test_folders_that_onnx_asr_loads_are_recognised(
    make: Callable[[Path], Path], type_: str, tmp_path: Path
) -> None:
    folder = make(tmp_path / "weights")
    entry = read_folder(FolderName(path=folder), called="./weights")
    assert (entry.engine, entry.runtime_model_id) == ("onnx-asr", type_)
    assert entry.source == FileSource(path=folder)


def test_the_tiny_whisper_of_the_tests_is_recognised() -> None:
    entry = read_folder(FolderName(path=WEIGHTS), called="it")
    assert entry.engine == "faster-whisper"
    assert entry.capabilities.word_timestamps
    assert entry.size_mb == 3
    catalog = load_catalog().with_model("it", entry)
    assert weights_elsewhere(catalog, "faster-whisper") == (WEIGHTS,)
    assert catalog.model("it") is catalog.model(entry.id)
