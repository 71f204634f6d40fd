"""Options of Whisper's tools become settings of ours, or a note that they change nothing."""

from typing import Any

import pytest
from tests.support.command_lines import set_by, translated

from dalston_cli.options.dialects import translation
from dalston_cli.options.dialects.table import (
    OPTIONS,
    REMARKS,
    SWITCHES,
    TRANSLATED,
    WITHOUT_EFFECT,
    key_of,
)
from dalston_cli.options.dialects.translation import DialectValueError
from dalston_cli.options.spelling import normal_name
from dalston_cli.settings.table import TABLE

NAMES = sorted({key_of(option) for options in OPTIONS.values() for option in options})


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        pytest.param(line, settings, id=line)
        for line, settings in {
            "--threads 2": {"threads": 2},
            "--threads 0": {"threads": 0},
            "--fp16 False": {"compute_type": "float32"},
            "--compute_type default": {},
            "--compute_type int8": {"compute_type": "int8"},
            "--no_align": {"align": "never"},
            "--batched True": {"batch_size": 8},
            "--batched True --batch_size 16": {"batch_size": 16},
            "--batched False": {"batch_size": 1},
            "--local_files_only True": {"offline": True},
            "--local_files_only False": {},
            "--model_cache_only true": {"offline": True},
            "--model_directory weights": {"model": "weights"},
            "--device cuda --device_index 1": {"device": "cuda:1"},
            "--device_index 1": {"gpus": (1,)},
            "--device auto --device_index 1": {"device": "auto", "gpus": (1,)},
            "--clip_timestamps 0": {},
            "--clip_timestamps 0,30": {"clip": ("0-30",)},
            "--clip_timestamps 90": {"clip": ("90-",)},
            "--clip_timestamps 0,30.5,60,90": {"clip": ("0-30.5", "60-90")},
            "--clip_timestamps 5,10,60": {"clip": ("5-10", "60-")},
            "--temperature_increment_on_fallback 0.2": {"temperature": (0, 0.2, 0.4, 0.6, 0.8, 1)},
            "--temperature_increment_on_fallback 0.3": {"temperature": (0, 0.3, 0.6, 0.9)},
            "--temperature 0.5 --temperature_increment_on_fallback 0.25": {
                "temperature": (0.5, 0.75, 1)
            },
            "--temperature 0.4 --temperature_increment_on_fallback None": {"temperature": (0.4,)},
            "--temperature_increment_on_fallback None": {"temperature": (0,)},
            "--temperature 1 --temperature_increment_on_fallback 0.2": {"temperature": (1,)},
            "--vad_filter True --vad_onset 0.4": {"vad": True, "vad_threshold": 0.4},
            "--vad_min_silence_duration_ms 500 --vad_min_speech_duration_ms 1": {
                "min_silence_ms": 500,
                "min_speech_ms": 1,
            },
            "--vad_max_speech_duration_s 20 --chunk_size 15": {
                "max_speech": 20,
                "chunk_length": 15,
            },
            "--diarize --speaker_num 3 --min_speakers 2": {
                "diarize": True,
                "num_speakers": 3,
                "min_speakers": 2,
            },
            "--suppress_tokens -1 --suppress_blank False": {
                "suppress_tokens": (-1,),
                "suppress_blank": False,
            },
            "--task transcribe --word_timestamps=true": {
                "task": "transcribe",
                "word_timestamps": True,
            },
            "--language German --highlight_words True": {"language": "de", "highlight_words": True},
            "--output_format all -o out": {"output_format": ("all",), "output_dir": "out"},
            "--initial_prompt None": {"initial_prompt": "None"},
        }.items()
    ],
)
def test_what_an_option_means(line: str, settings: dict[str, Any]) -> None:
    found = translated(line)
    assert found.notes == []
    assert set_by(found) == settings
    assert set_by(translated(line.replace("_", "-"))) == settings


@pytest.mark.parametrize(
    ("line", "settings", "note"),
    [
        ("--fp16 True", {}, "--fp16 True has no effect: engines take 16 bits"),
        (
            "--fp16 False --compute_type int8",
            {"compute_type": "int8"},
            "--fp16 has no effect: --compute-type is given",
        ),
        (
            "--batch_size 4 --batched False",
            {"batch_size": 1},
            "--batch_size has no effect: --batched False is",
        ),
        ("--device_index 0", {}, "--device cuda:0 takes this one"),
        ("--device cpu --device_index 1", {"device": "cpu"}, "the device is cpu"),
        (
            "--temperature 0,0.4 --temperature_increment_on_fallback 0.2",
            {"temperature": (0, 0.4)},
            "--temperature has the whole list",
        ),
        (
            "--model base --model_directory w",
            {"model": "w"},
            "--model has no effect: --model_directory",
        ),
        (
            "--clip 0-5 --clip_timestamps 0,30",
            {"clip": ("0-5",)},
            "--clip_timestamps has no effect: --clip",
        ),
        (
            "--align always --no_align",
            {"align": "always"},
            "--no_align has no effect: --align is given",
        ),
        ("--beam_size None", {}, "--beam_size None has no effect"),
        ("--max-line-width=None", {}, "--max-line-width None has no effect"),
        ("--hf_token hf_x", {}, "export HF_TOKEN instead"),
    ],
    ids=str,
)
def test_what_counts_where_two_say_something(
    line: str, settings: dict[str, Any], note: str
) -> None:
    found = translated(line)
    assert set_by(found) == settings
    assert [note in each for each in found.notes] == [True], found.notes


@pytest.mark.parametrize("name", sorted(WITHOUT_EFFECT))
def test_without_effect(name: str) -> None:
    found = translated(f"--{name}" if name in SWITCHES else f"--{name} x")
    assert found.notes == [f"--{name} has no effect: {WITHOUT_EFFECT[name]}"]
    assert set_by(found) == {}


@pytest.mark.parametrize(
    "line",
    [
        "--fp16 maybe",
        "--batched 1",
        "--device_index x",
        "--device_index -1",
        "--clip_timestamps a,b",
        "--clip_timestamps -5",
        "--clip_timestamps inf",
        "--temperature_increment_on_fallback 0",
        "--temperature_increment_on_fallback nan",
        "--temperature x --temperature_increment_on_fallback 0.1",
        "--local_files_only x",
    ],
)
def test_an_impossible_value_is_refused(line: str) -> None:
    with pytest.raises(DialectValueError, match="should be") as found:
        translated(line)
    assert found.value.hint


def test_the_folder_of_models_and_the_token() -> None:
    found = translated("--model_dir weights --hf_token hf_x")
    assert found.models_dir is not None
    assert found.models_dir.is_absolute()
    assert found.models_dir.name == "weights"
    assert found.hub_token == "hf_x"
    assert translated("--model_dir None").models_dir is None


@pytest.mark.parametrize("name", NAMES)
def test_every_option_of_a_tool_is_one_of_ours_or_in_one_table(name: str) -> None:
    ours = normal_name(name).replace("-", "_")
    kinds = [
        name in TRANSLATED,
        name in WITHOUT_EFFECT,
        name not in TRANSLATED and (ours in TABLE or ours == "verbose"),
    ]
    assert kinds.count(True) == 1


def test_the_tables_name_nothing_else() -> None:
    for table in (TRANSLATED, WITHOUT_EFFECT, SWITCHES, REMARKS):
        assert set(table) <= set(NAMES)
    assert TRANSLATED.keys() == translation._TRANSLATORS.keys()
