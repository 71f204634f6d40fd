"""One rule for all settings without effect: refused as options, warned of from elsewhere."""

import json
from pathlib import Path
from typing import Any

import pytest

from dalston_cli.errors import UsageError
from dalston_cli.options.build import resolve
from dalston_cli.options.without_effect import check_effects, manifest_notes
from dalston_cli.pipeline.intake.manifest import read_manifest
from dalston_cli.settings.table import TABLE

SUBTITLES = "without -f srt, -f vtt, -f ass, -f ttml, -f stl or -f lrc"
STL = "without -f stl, -f edl, -f fcpxml or -f premiere"
SPEAKERS = "without --diarize, --channels split or --audio-track all"
WORK = "without --refine, --title, --summary, --chapters or --action-items"
PAID = "without --refine, --title, --summary, --chapters, --action-items or --translate-to"

IDLE: dict[str, tuple[str, dict[str, str], str]] = {
    "languages": ("en,de", {"language": "en"}, "with --language"),
    "prompt_reset_on_temperature": (
        "0.5",
        {"condition_on_previous_text": "no"},
        "with --no-condition-on-previous-text",
    ),
    "best_of": ("3", {"temperature": "0"}, "with --temperature 0"),
    "patience": ("1.5", {"beam_size": "1"}, "with --beam-size 1"),
    "length_penalty": ("1.5", {"beam_size": "1"}, "with --beam-size 1"),
    "hallucination_silence_threshold": (
        "2",
        {"word_timestamps": "no"},
        "with --no-word-timestamps",
    ),
    "vad_threshold": ("0.4", {"vad": "no"}, "with --no-vad"),
    "min_speech_ms": ("100", {"vad": "no"}, "with --no-vad"),
    "min_silence_ms": ("100", {"vad": "no"}, "with --no-vad"),
    "speech_pad_ms": ("100", {"vad": "no"}, "with --no-vad"),
    "max_speech": ("20", {"vad": "no"}, "with --no-vad"),
    "diarize_model": ("x", {}, "without --diarize"),
    "num_speakers": ("3", {}, "without --diarize"),
    "min_speakers": ("3", {}, "without --diarize"),
    "max_speakers": ("3", {"channels": "split"}, "without --diarize"),
    "speaker_names": ("Ada,Grace", {}, SPEAKERS),
    "speakers_from": ("default", {}, "without --diarize"),
    "speakers": ("yes", {"channels": "1"}, SPEAKERS),
    "align_model": ("x", {"align": "never"}, "with --align never"),
    "emotion_model": ("x", {}, "without --emotion"),
    "emotion_threshold": ("0.4", {}, "without --emotion"),
    "events_model": ("x", {}, "without --events"),
    "events_threshold": ("0.4", {}, "without --events"),
    "event_labels": ("Music", {}, "without --events"),
    "min_event_ms": ("20", {}, "without --events"),
    "refine_model": ("x", {}, PAID),
    "refine_level": ("light", {"summary": "yes"}, "without --refine"),
    "glossary": ("Dalston", {}, PAID),
    "refine_batch": ("yes", {}, WORK),
    "max_cost": ("1", {}, PAID),
    "translate_model": ("x", {}, "without --translate-to"),
    "bilingual": ("yes", {}, "without --translate-to"),
    "max_line_width": ("30", {"output_format": "txt,json"}, SUBTITLES),
    "max_line_count": ("1", {"output_format": "txt"}, SUBTITLES),
    "max_cue_duration": ("5", {"output_format": "md"}, SUBTITLES),
    "min_cue_duration": ("0.5", {"output_format": "csv"}, SUBTITLES),
    "max_cps": ("15", {"output_format": "tsv"}, SUBTITLES),
    "min_gap": ("0.1", {"output_format": "ctm"}, SUBTITLES),
    "max_words_per_line": ("5", {"output_format": "json"}, SUBTITLES),
    "highlight_words": ("yes", {"output_format": "textgrid"}, SUBTITLES),
    "frame_rate": ("29.97", {"output_format": "srt"}, STL),
    "start_timecode": ("10:00:00:00", {"output_format": "ttml"}, STL),
    "language_suffix": ("yes", {"output_dir": "-"}, "with --output-dir -"),
    "mux": ("yes", {"output_format": "txt,json"}, "without -f srt or -f vtt"),
    "layout": ("f4", {"output_format": "md"}, "without -f txt or -f docx"),
    "verbatim": (
        "gat2",
        {"output_format": "srt"},
        "without -f txt, -f md, -f docx, -f odt or -f eaf",
    ),
    "pauses": ("0.5", {}, "without --verbatim gat2 or --verbatim jefferson"),
    "timestamps": (
        "yes",
        {"output_format": "srt"},
        "without -f txt, -f md, -f docx, -f odt or -f html",
    ),
    "docx_template": ("house.docx", {"output_format": "odt"}, "without -f docx"),
    "embed_audio": ("yes", {"output_format": "md"}, "without -f html"),
    "waveform": ("yes", {"output_format": "md"}, "without -f html"),
    "overlay": ("word", {"output_format": "html"}, "without -f xhtml or -f smil"),
    "html_fragment": ("yes", {"output_format": "txt"}, "without -f html"),
    "output_format": ("rttm", {}, SPEAKERS),
    "gpus": ("0", {"device": "cpu"}, "with --device cpu"),
    "scheduler": ("tcp://10.0.0.5:8786", {}, "without --runner dask"),
    "replicas": (
        "3",
        {"runner": "dask", "scheduler": "tcp://10.0.0.5:8786"},
        "with --scheduler",
    ),
    "threads": ("2", {"launcher": "remote"}, "with --launcher remote"),
    "schedule": ("staged", {"runner": "dask"}, "with --runner dask"),
    "keep_alive": ("9", {"launcher": "remote"}, "with --launcher remote"),
    "pull": ("always", {"offline": "yes"}, "with --offline"),
    "spool_limit": ("5", {"offline": "yes"}, "with --offline"),
    "weights_from": ("index", {"offline": "yes"}, "with --offline"),
    "pull_image": ("always", {"launcher": "local"}, "with --launcher local"),
    "image_registry": ("r.example.org", {"launcher": "local"}, "with --launcher local"),
    "base_image": ("python:3.12", {"launcher": "remote"}, "with --launcher remote"),
    "engine_memory_mb": ("4000", {"launcher": "local"}, "with --launcher local"),
    "engine_cpus": ("2", {"launcher": "local"}, "with --launcher local"),
}
"""A value of each setting, what is beside it, and why it has no effect then."""

ALWAYS = {
    *("channels", "clip", "pipeline", "model", "compute_type", "language", "task", "output_dir"),
    *("output_beside", "overwrite", "fail_fast", "strict", "on_finish", "initial_prompt", "prefix"),
    *("hotwords", "hotwords_file", "condition_on_previous_text", "batch_size", "beam_size"),
    *("repetition_penalty", "no_repeat_ngram_size", "temperature", "suppress_blank", "vad"),
    *("suppress_tokens", "word_timestamps", "multilingual", "chunk_length", "diarize", "align"),
    *("compression_ratio_threshold", "log_prob_threshold", "no_speech_threshold", "emotion"),
    *("events", "refine", "title", "summary", "chapters", "action_items", "device", "launcher"),
    "translate_to",
    *("runner", "order", "jobs", "offline", "store", "weights_mirror", "starter"),
    *("accept_known_bad", "keep_doubtful", "audio_track"),
}
"""Settings that count whatever is beside them."""

idle = pytest.mark.parametrize(
    ("name", "value", "beside", "why"), [pytest.param(n, *row, id=n) for n, row in IDLE.items()]
)


@pytest.fixture(autouse=True)
def _config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALSTON_CONFIG_DIR", str(tmp_path))


def notes(flags: dict[str, Any]) -> tuple[str, ...]:
    resolved = resolve(flags, profile=None)
    formats = resolved.settings.output_format or ("txt", "srt", "json")
    return check_effects(resolved, formats=formats)


def test_it_is_settled_for_every_setting() -> None:
    told = "say of a new setting when it has no effect (IDLE), or that it always has one (ALWAYS)"
    assert IDLE.keys() | ALWAYS == TABLE.keys(), told
    assert IDLE.keys() & ALWAYS == set()
    conditional = {one.name for one in TABLE.values() if one.needs or one.idle_with}
    assert conditional | {"output_format"} == IDLE.keys()


@pytest.mark.parametrize(
    ("name", "value", "beside", "why"),
    [pytest.param(name, *row, id=name) for name, row in IDLE.items() if TABLE[name].option],
)
def test_an_option_is_refused(name: str, value: str, beside: dict[str, str], why: str) -> None:
    with pytest.raises(UsageError) as caught:
        notes({name: value, **beside})
    option = "-f rttm" if name == "output_format" else TABLE[name].flag
    expected = f"{option} does nothing {why}"
    if name == "gpus":
        expected = "--gpus does nothing where the device is cpu"
    assert caught.value.message.startswith(expected)
    assert caught.value.hint


@idle
def test_a_variable_is_warned_of(
    name: str, value: str, beside: dict[str, str], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TABLE[name].variable, value)
    [note] = notes(beside)
    assert note.endswith(f"({TABLE[name].variable}) has no effect {why}")


@idle
def test_a_settings_file_is_warned_of(
    name: str, value: str, beside: dict[str, str], why: str, tmp_path: Path
) -> None:
    one = TABLE[name]
    text = value if one.type in {int, float} else {"yes": "true"}.get(value, f'"{value}"')
    if "tuple" in str(one.type):
        text = str([int(value)] if name == "gpus" else value.split(","))
    file = tmp_path / "config.toml"
    file.write_text(f"{name} = {text}\n", encoding="utf-8")
    assert [note for note in notes(beside) if f"({file}) has no effect {why}" in note] != []


@idle
def test_alone_it_counts_or_its_default_is_no_news(
    name: str, value: str, beside: dict[str, str], why: str, tmp_path: Path
) -> None:
    """What is not stated, or stated as it is anyway, is no reason for a warning."""
    del value, why
    assert notes(beside) == ()
    default = TABLE[name].default
    if isinstance(default, str | bool | float):
        text = str(default).lower() if isinstance(default, bool) else repr(default)
        (tmp_path / "config.toml").write_text(f"{name} = {text}\n", encoding="utf-8")
        assert notes(beside) == ()


@pytest.mark.parametrize(
    "flags",
    [
        {"num_speakers": 2, "diarize": True},
        {"speaker_names": "Ada", "channels": "split"},
        {"output_format": "rttm", "channels": "split"},
        {"output_format": "all"},
        {"output_format": "rttm", "audio_track": "all"},
        {"languages": "en,de", "language": "auto"},
        {"best_of": 5, "temperature": "0,0.2"},
        {"gpus": "0", "device": "cuda"},
        {"offline": True, "pull": "never"},
        {"max_line_width": 30, "output_format": "txt,ass"},
        {"pull_image": "always", "launcher": "auto"},
        {"pipeline": "call-center", "diarize": False},
    ],
    ids=str,
)
def test_what_counts_is_not_refused(flags: dict[str, Any]) -> None:
    assert notes(flags) == ()


def test_settings_of_one_place_share_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("num_speakers = 2\ndiarize_model = 'x'\n[profiles.p]\nmax_cps = 9\n", "utf-8")
    resolved = resolve({}, profile="p")
    assert check_effects(resolved, formats=("txt",)) == (
        f"max_cps ({file} [profiles.p]) has no effect {SUBTITLES}",
        f"diarize_model, num_speakers ({file}) have no effect without --diarize",
    )


def test_columns_that_look_like_settings_of_the_run_are_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "m.jsonl"
    rows = [
        {"path": "a", "task": "translate", "temperature": 0.2, "vad_onset": 0.4, "diarize": True},
        {"path": "b", "task": "buy milk", "title": "A talk", "device": "Zoom H4n", "queue": 7},
        {"path": "c", "diarize": "yes", "beam-size": "5", "summary": "they agree", "events": "3"},
    ]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    recordings = list(read_manifest(file))
    notes = list(manifest_notes(recordings, resolve({}, profile=None), ("txt",), str(file)))
    run = "for one recording: give the option for the whole run"
    assert notes == [
        f"task ({file}, 1 row) has no effect {run}",
        f"temperature ({file}, 1 row) has no effect {run}",
        f"vad_onset ({file}, 1 row) has no effect {run}",
        f"diarize ({file}, 2 rows) has no effect {run}",
        f"beam-size ({file}, 1 row) has no effect {run}",
    ]


def test_columns_of_a_manifest_are_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    rows = "path,num_speakers,speaker_names,channels\na,3,Ada,\nb,2,,\nc,,Ada,split\n"
    file.write_text(rows, encoding="utf-8")
    recordings = list(read_manifest(file))
    resolved = resolve({}, profile=None)
    assert list(manifest_notes(recordings, resolved, ("txt",), str(file))) == [
        f"num_speakers ({file}, 2 rows) has no effect without --diarize",
        f"speaker_names ({file}, 1 row) has no effect {SPEAKERS}",
    ]
    diarizing = resolve({"diarize": True}, profile=None)
    assert list(manifest_notes(recordings, diarizing, ("txt",), str(file))) == []
