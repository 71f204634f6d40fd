"""From settings to the options of a run, and that every one of them can be said."""

import re
from pathlib import Path

import pytest
from tests.support.run_options import asked
from tests.support.transcripts import segment, transcript

from dalston_cli.catalog.device import RepeatedGpuError
from dalston_cli.errors import UsageError
from dalston_cli.formats.registry import WRITERS
from dalston_cli.options.build import build_run_options, resolve
from dalston_cli.options.rendering import build_render_options
from dalston_cli.options.spelling import in_our_dialect, normal_name
from dalston_cli.options.without_effect import (
    GpusWithoutEffectError,
    WithoutEffectError,
    check_effects,
)
from dalston_cli.settings.checks import checked_value
from dalston_cli.settings.explain import WrongValueError
from dalston_cli.settings.load import read_settings
from dalston_cli.settings.schema import Settings
from dalston_sdk.wire import RefineOptions, TranscribeOptions


def settings_of(**values: object) -> Settings:
    return read_settings(values)


def test_defaults_leave_everything_to_the_engine() -> None:
    options = build_run_options(Settings())
    assert asked(options, "transcribe") == TranscribeOptions()
    assert options.formats == ("txt", "srt", "json")
    assert options.output.folder == Path()
    assert asked(options, "diarize") is None


def test_of_a_list_of_languages_the_wrong_one_is_shown() -> None:
    with pytest.raises(WrongValueError, match=r"^'xx': should be the name or the code"):
        checked_value("translate_to", "de,xx")


def test_an_empty_list_of_languages_is_no_translation() -> None:
    assert asked(build_run_options(settings_of(translate_to="")), "translate") is None
    assert asked(build_run_options(settings_of(translate_to="de")), "translate") is not None


def test_values_arrive() -> None:
    settings = read_settings(
        {
            "language": "PT_br",
            "temperature": "0,0.2",
            "hotwords": "Dalston,Kingsland",
            "suppress_tokens": "-1",
            "chunk_length": 20,
            "max_speech": 15,
            "channels": "split",
            "clip": "1:00-1:30",
            "diarize": True,
            "max_speakers": 3,
            "speaker_names": "SPEAKER_01=Grace  H,SPEAKER_00=Ada",
            "events": True,
            "event_labels": "Music",
            "refine": True,
            "refine_level": "light",
            "max_cost": "0.5",
            "keep_alive": -1,
        }
    )
    options = build_run_options(settings)
    transcribe = asked(options, "transcribe")
    assert transcribe.language == "pt-br"
    assert transcribe.temperature == (0.0, 0.2)
    assert transcribe.hotwords == ("Dalston", "Kingsland")
    assert transcribe.suppress_tokens == (-1,)
    assert (transcribe.chunk_length_s, transcribe.max_speech_s) == (20, 15)
    assert options.channels == "split"
    assert options.clip is not None
    assert (options.clip.start, options.clip.end) == (60, 90)
    assert asked(options, "diarize").max_speakers == 3
    assert options.speaker_names == (("SPEAKER_01", "Grace H"), ("SPEAKER_00", "Ada"))
    assert asked(options, "events").labels == ("Music",)
    refine = asked(options, "refine")
    assert (refine.level, refine.max_cost_usd) == ("light", 0.5)
    assert options.keep_alive_s == -1


@pytest.mark.parametrize(
    ("values", "refine", "overview"),
    [
        pytest.param({}, None, None, id="nothing"),
        pytest.param({"refine": True}, RefineOptions(), None, id="only-the-text"),
        pytest.param(
            {"summary": True, "max_cost": 1},
            None,
            RefineOptions(level="none", summary=True, max_cost_usd=1),
            id="a summary of the text as it is",
        ),
        pytest.param(
            {"refine": True, "refine_level": "light", "title": True, "action_items": True}
            | {"glossary": "Dalston", "refine_batch": True},
            RefineOptions(level="light", glossary=("Dalston",), batch=True),
            RefineOptions(
                level="none", title=True, action_items=True, glossary=("Dalston",), batch=True
            ),
            id="both",
        ),
    ],
)
def test_what_language_models_are_to_do(
    values: dict[str, object], refine: RefineOptions | None, overview: RefineOptions | None
) -> None:
    options = build_run_options(read_settings(values))
    assert (asked(options, "refine"), asked(options, "overview")) == (refine, overview)
    assert options.max_cost_usd == values.get("max_cost")


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"max_cost": 1.0}, "--max-cost does nothing without --refine"),
        ({"refine_level": "light", "summary": True}, "--refine-level does nothing without"),
        ({"max_cost": 1.0, "glossary": "Dalston", "summary": True}, None),
        ({"refine_batch": True, "refine_model": "x", "chapters": True}, None),
    ],
    ids=["no-work", "no-clean-up", "summary", "chapters"],
)
def test_options_of_language_models_count_with_any_work_for_these(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: dict[str, object], message: str | None
) -> None:
    monkeypatch.setenv("DALSTON_CONFIG_DIR", str(tmp_path))
    resolved = resolve(group, profile=None)
    if message is None:
        check_effects(resolved)
        return
    with pytest.raises(WithoutEffectError, match=message) as caught:
        check_effects(resolved)
    assert caught.value.hint == "add --refine"


@pytest.mark.parametrize(
    ("values", "device", "gpus", "replicas"),
    [
        pytest.param({}, "auto", (), 1, id="no list"),
        pytest.param({"gpus": "0,1"}, "cuda", (0, 1), 2, id="one on each"),
        pytest.param({"gpus": "1", "device": "cuda"}, "cuda", (1,), 1, id="only that one"),
        pytest.param({"gpus": "0,1", "replicas": 5}, "cuda", (0, 1), 5, id="more than GPUs"),
        pytest.param({"gpus": "0,1", "replicas": 1}, "cuda", (0, 1), 2, id="none is left out"),
        pytest.param({"gpus": "0,1", "device": "cpu"}, "cpu", (), 1, id="idle on the CPU"),
        pytest.param({"gpus": "0,1", "device": "cuda:3"}, "cuda:3", (), 1, id="idle on another"),
    ],
)
def test_a_list_of_gpus(
    values: dict[str, object], device: str, gpus: tuple[int, ...], replicas: int
) -> None:
    options = build_run_options(read_settings(values))
    assert (options.device, options.gpus, options.num_replicas) == (device, gpus, replicas)


@pytest.mark.parametrize(
    ("environ", "group", "message"),
    [
        pytest.param({}, {"gpus": "0", "device": "cpu"}, "cpu (--device)", id="cpu"),
        pytest.param({}, {"gpus": "0", "device": "cuda:1"}, "cuda:1 (--dev", id="one"),
        pytest.param({"DALSTON_DEVICE": "cpu"}, {"gpus": "0"}, "DALSTON_DEVICE", id="variable"),
        pytest.param({"DALSTON_GPUS": "0"}, {"device": "cpu"}, None, id="settings may"),
        pytest.param({}, {"gpus": "0,1"}, None, id="it counts"),
        pytest.param({}, {"gpus": "0", "device": "cuda"}, None, id="any GPU of these"),
    ],
)
def test_gpus_that_do_not_count(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    group: dict[str, object],
    message: str | None,
) -> None:
    monkeypatch.setenv("DALSTON_CONFIG_DIR", str(tmp_path))
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    resolved = resolve(group, profile=None)
    if message is None:
        check_effects(resolved)
        return
    with pytest.raises(GpusWithoutEffectError, match=re.escape(message)) as caught:
        check_effects(resolved)
    assert caught.value.hint == "add --device cuda, or leave --gpus out"


def test_a_gpu_is_listed_once() -> None:
    with pytest.raises(RepeatedGpuError, match="names GPU 1 twice") as caught:
        build_run_options(settings_of(gpus=(1, 0, 1)))
    assert "--replicas N" in str(caught.value.hint)


def test_language_auto_is_detected() -> None:
    assert build_run_options(settings_of(language="auto")).language is None


def test_hotwords_from_a_file_come_behind(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("\ufeffSmith, John\n\nDalston=2\n", encoding="utf-8")
    settings = settings_of(hotwords=("one",), hotwords_file=str(tmp_path / "words.txt"))
    wanted = asked(build_run_options(settings), "transcribe")
    assert wanted.hotwords == ("one", "Smith, John", "Dalston")
    assert wanted.hotword_weights == (1, 1, 2)


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf\r\n \n"])
def test_a_hotwords_file_without_words_is_a_usage_error(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_bytes(data)
    with pytest.raises(UsageError, match=r"words\.txt: it has no word"):
        build_run_options(settings_of(hotwords_file=str(tmp_path / "words.txt")))


def test_a_missing_hotwords_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read --hotwords-file"):
        build_run_options(settings_of(hotwords_file=str(tmp_path / "none.txt")))


@pytest.mark.parametrize(
    ("inputs", "output_dir", "folder", "formats"),
    [
        pytest.param(["-"], None, None, ("txt",), id="stdin-alone-goes-to-stdout"),
        pytest.param(["-"], "out", Path("out"), ("txt", "srt", "json"), id="stdin-into-folder"),
        pytest.param(["a.wav"], "-", None, ("txt",), id="file-to-stdout"),
        pytest.param(["a.wav"], None, Path(), ("txt", "srt", "json"), id="file"),
    ],
)
def test_where_transcripts_go(
    inputs: list[str], output_dir: str | None, folder: Path | None, formats: tuple[str, ...]
) -> None:
    options = build_run_options(settings_of(output_dir=output_dir), inputs=inputs)
    assert (options.output.folder, options.formats) == (folder, formats)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param(
            {"num_speakers": 2, "min_speakers": 1}, "--num-speakers and --min", id="num-min"
        ),
        pytest.param(
            {"min_speakers": 3, "max_speakers": 2}, "--min-speakers 3 is more than", id="range"
        ),
        pytest.param({"output_dir": "-", "output_format": "all"}, "one format", id="stdout"),
        pytest.param({"min_cue_duration": 8}, "--min-cue-duration", id="cues"),
        pytest.param({"clip": "x"}, "clip", id="clip"),
    ],
)
def test_contradictions(values: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build_run_options(settings_of(**values))


def test_flags_of_groups_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALSTON_CONFIG_DIR", str(tmp_path))
    resolved = resolve({"jobs": 3}, profile=None)
    assert resolved.settings.jobs == 3
    assert resolved.sources["jobs"].place == "--jobs"


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        (["--word_timestamps", "True", "a.wav"], ["--word-timestamps", "a.wav"]),
        (["--vad_filter", "False"], ["--no-vad"]),
        (["--vad_filter=False", "b"], ["--no-vad", "b"]),
        (["--verbose", "False"], ["--quiet"]),
        (["--diarize", "True.wav"], ["--diarize", "True.wav"]),
        (["--word_timestamps"], ["--word_timestamps"]),
        (["--initial_prompt", "True"], ["--initial_prompt", "True"]),
        (["--", "--vad_filter", "True"], ["--", "--vad_filter", "True"]),
        (["--overwrite", "False"], ["--skip-existing"]),
        (["--word_timestamps", "true"], ["--word-timestamps"]),
        (["transcribe", "--beam_size", "None", "a"], ["transcribe", "--as-none=beam_size", "a"]),
        (["plan", "--temperature=None"], ["plan", "--as-none=temperature"]),
        (["transcribe", "--prefix", "None"], ["transcribe", "--prefix", "None"]),
        (["transcribe", "--fp15", "None"], ["transcribe", "--fp15", "None"]),
        (["export", "--max_line_width", "None"], ["export", "--max_line_width", "None"]),
    ],
)
def test_truth_values_in_the_dialect_of_whisper(words: list[str], plain: list[str]) -> None:
    assert in_our_dialect(words) == plain


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("output_dir", "output-dir"),
        ("vad_filter", "vad"),
        ("logprob_threshold", "log-prob-threshold"),
        ("speaker_name", "speaker-names"),
    ],
)
def test_names_in_the_dialect_of_whisper(name: str, ours: str) -> None:
    assert normal_name(name) == ours


def most_words(rendered: str, output_format: str) -> int:
    if output_format == "ass":
        cues = [line.split(",", 9)[9] for line in rendered.splitlines() if "Dialogue:" in line]
        return max(len(cue.replace(r"\N", " ").split()) for cue in cues)
    cues = [block.split(" --> ")[1] for block in rendered.split("\n\n") if " --> " in block]
    return max(len(cue.split("\n", 1)[1].split()) for cue in cues)


@pytest.mark.parametrize("output_format", ["srt", "vtt", "ass"])
@pytest.mark.parametrize("words", [1, 2, 3])
def test_words_of_a_line_are_words_of_a_subtitle(output_format: str, words: int) -> None:
    """As in Whisper; two lines of so many words only where two lines are asked for."""
    text = "So my fellow Americans ask not what your country can do for you"
    found = transcript([segment(text, 0.0, 6.0)])
    writer = WRITERS[output_format]
    one_line = build_render_options(settings_of(max_words_per_line=words))
    rendered = writer.text(found, one_line)
    assert most_words(rendered, output_format) == words
    two_lines = build_render_options(settings_of(max_words_per_line=words, max_line_count=2))
    assert words < most_words(writer.text(found, two_lines), output_format) <= 2 * words


def test_a_speakers_name_is_no_word_of_a_subtitle() -> None:
    found = transcript([segment("one two", 0.0, 4.0, speaker="SPEAKER_00")])
    options = build_render_options(settings_of(max_words_per_line=1, speakers=True))
    rendered = WRITERS["srt"].text(found, options)
    assert [line for line in rendered.splitlines() if line[:1].isalpha()] == [
        "SPEAKER_00: one",
        "two",
    ]
