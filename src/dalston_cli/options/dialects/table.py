"""Every option of three other tools, and what becomes of it here.

An option that is neither translated nor without effect is one of ours, by its own name with
dashes or by one of ``spelling.ALIASES``. ``docs/whisper.md`` is written from this table, and
a test compares it with the parsers of the tools.

Reference: ``whisper/transcribe.py`` of openai-whisper, ``commandline.py`` of whisper-ctranslate2,
``__main__.py`` of whisperX.
"""

from collections.abc import Mapping
from typing import Literal

Tool = Literal["openai-whisper", "whisper-ctranslate2", "whisperx"]

_COMMON = (
    *("--model", "--model_dir", "--device", "--output_dir -o", "--output_format -f", "--verbose"),
    *("--task", "--language", "--temperature", "--best_of", "--beam_size", "--patience"),
    *("--length_penalty", "--suppress_tokens", "--initial_prompt", "--condition_on_previous_text"),
    *("--temperature_increment_on_fallback", "--compression_ratio_threshold"),
    *("--logprob_threshold", "--no_speech_threshold", "--highlight_words", "--max_line_width"),
    *("--max_line_count", "--threads"),
)

OPTIONS: Mapping[Tool, tuple[str, ...]] = {
    "openai-whisper": (
        *_COMMON,
        *("--carry_initial_prompt", "--fp16", "--word_timestamps", "--prepend_punctuations"),
        *("--append_punctuations", "--max_words_per_line", "--clip_timestamps"),
        "--hallucination_silence_threshold",
    ),
    "whisper-ctranslate2": (
        *_COMMON,
        *("--model_directory", "--local_files_only", "--pretty_json -p", "--print_colors"),
        *("--max_words_per_line", "--device_index", "--compute_type"),
        *("--prompt_reset_on_temperature", "--prefix", "--suppress_blank", "--word_timestamps"),
        *("--prepend_punctuations", "--append_punctuations", "--repetition_penalty"),
        *("--no_repeat_ngram_size", "--hallucination_silence_threshold", "--hotwords"),
        *("--batched", "--batch_size", "--multilingual", "--vad_filter", "--vad_threshold"),
        *("--vad_min_speech_duration_ms", "--vad_max_speech_duration_s"),
        *("--vad_min_silence_duration_ms", "--version", "--hf_token", "--speaker_name"),
        *("--speaker_num", "--live_transcribe", "--live_volume_threshold", "--live_input_device"),
        "--live_input_device_sample_rate",
    ),
    "whisperx": (
        *_COMMON,
        *("--model_cache_only", "--device_index", "--batch_size", "--compute_type", "--log-level"),
        *("--align_model", "--interpolate_method", "--no_align", "--return_char_alignments"),
        *("--vad_method", "--vad_onset", "--vad_offset", "--chunk_size", "--diarize"),
        *("--min_speakers", "--max_speakers", "--diarize_model", "--speaker_embeddings"),
        *("--suppress_numerals", "--hotwords", "--fp16", "--segment_resolution", "--hf_token"),
        *("--print_progress", "--version -V", "--python-version -P"),
    ),
}
"""The options of each tool, with their short forms."""

TRANSLATED: Mapping[str, str] = {
    "batched": "`--batch-size 8` for True where no other is given, `--batch-size 1` for False",
    "clip_timestamps": "`--clip`: `0,30,60,90` is `--clip 0-30,60-90`",
    "device_index": "`--device cuda:N` beside `--device cuda`; `--gpus N` without `--device`",
    "fp16": "`--compute-type float32` for False; True changes nothing, as engines take 16 bits or"
    " less by themselves",
    "hf_token": "the token for models of the hub, as `HF_TOKEN` is: better there, where other"
    " users cannot read it",
    "local_files_only": "`--offline` for True",
    "model_cache_only": "`--offline` for True",
    "model_dir": "the folder of pulled models in this run, as `DALSTON_MODELS_DIR` is",
    "model_directory": "`--model FOLDER`",
    "no_align": "`--align never`",
    "print_colors": "while one recording is transcribed at a terminal: words in green, yellow and"
    " red by their confidence",
    "temperature_increment_on_fallback": "`--temperature` with the whole list: from the one given,"
    " or 0, to 1",
}
"""Options that become others, and which."""

WITHOUT_EFFECT: Mapping[str, str] = {
    "append_punctuations": "punctuation always stays with its word",
    "carry_initial_prompt": "only the first chunk is shown the prompt; every one is shown"
    " --hotwords",
    "interpolate_method": "words that no model can align get times between their neighbours', and"
    " are marked as interpolated",
    "live_input_device": "Dalston transcribes recordings, not microphones",
    "live_input_device_sample_rate": "Dalston transcribes recordings, not microphones",
    "live_transcribe": "Dalston transcribes recordings, not microphones",
    "live_volume_threshold": "Dalston transcribes recordings, not microphones",
    "log_level": "-v prints more and -q less",
    "prepend_punctuations": "punctuation always stays with its word",
    "pretty_json": "JSON is always written for people to read",
    "print_progress": "progress is shown at every terminal; -q turns it off",
    "python_version": "`dalston doctor` shows it",
    "return_char_alignments": "words have times, single characters have none",
    "segment_resolution": "subtitles are cut by --max-line-width, --max-line-count and"
    " --max-cue-duration",
    "speaker_embeddings": "they are kept with the stage's result, and written into no transcript",
    "suppress_numerals": "numbers are written as the model writes them; --suppress-tokens takes"
    " tokens out",
    "vad_method": "each engine brings a voice activity detection of its own",
    "vad_offset": "there is one threshold, --vad-threshold",
    "version": "`dalston --version` shows it",
}
"""Options that are accepted and change nothing, and why."""

SWITCHES = frozenset(
    {"no_align", "python_version", "return_char_alignments", "speaker_embeddings"}
    | {"suppress_numerals", "version"}
)
"""Those of both that take no value."""

REMARKS: Mapping[str, str] = {
    "compute_type": "`auto` and `default` leave it to the engine",
    "condition_on_previous_text": "off by default",
    "diarize_model": "a model of `dalston models list --stage diarize`",
    "align_model": "a model of `dalston models list --stage align`",
    "language": "names and codes of all kinds",
    "output_format": "whisperX's `aud` does not exist; `-f all` is every format",
    "pretty_json": "`-p` is `--pipeline` here",
    "speaker_name": "the name of each speaker here, and not one word for all",
    "speaker_num": "needs `--diarize`",
    "temperature": "one value, or the list to fall back through",
    "verbose": "False is `--quiet`",
    "version": "`-V` before the command",
    "word_timestamps": "on unless it is turned off, where an engine has the choice",
}
"""What else to know about an option."""


def key_of(option: str) -> str:
    """Return the name of a tool's option: ``output_dir`` for ``--output_dir -o``."""
    return option.split(maxsplit=1)[0].removeprefix("--").replace("-", "_")
