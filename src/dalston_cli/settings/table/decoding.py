"""Settings of transcribing; names and meanings follow whisper's where it has them.

None leaves a choice to the model and the engine. An engine refuses an option that it does not
support: ``dalston engines list`` says which do.
"""

from functools import partial
from typing import Annotated

from dalston_cli.settings.choices import Task
from dalston_cli.settings.declare import Accepts, Setting
from dalston_cli.settings.table.types import (
    Count,
    File,
    Milliseconds,
    ModelName,
    Number,
    Positive,
    Probability,
    Seconds,
    Text,
    Texts,
)

_transcribe = partial(Setting, sets="transcribe")
"""Declares a setting that the stage gets under the same name."""


class Model:
    """The transcribing model, and the language."""

    model: Annotated[
        ModelName,
        Setting(
            "Model id, see dalston models list; auto takes the best installed one.", short="-m"
        ),
    ] = "auto"
    compute_type: Annotated[
        Text | None,
        Setting(
            "Number format such as int8 or float16; the engine chooses by default.",
            metavar="TYPE",
            example="int8",
        ),
    ] = None
    language: Annotated[
        Text | None,
        _transcribe(
            "Language that is spoken, such as en or pt-br; auto detects it.",
            metavar="LANG",
            short="-l",
            example="en",
        ),
    ] = None
    languages: Annotated[
        Texts | None,
        _transcribe("Languages to choose from when the language is detected.", example="en,de"),
    ] = None
    task: Annotated[
        Task | None,
        _transcribe(
            "transcribe keeps the language that is spoken, translate means into English.",
            example="translate",
        ),
    ] = None


class Decoding:
    """Prompts, the search for the best text, and checks of it."""

    initial_prompt: Annotated[
        Annotated[str, Accepts("TEXT")] | None,
        _transcribe("Text that could have come before.", example="A talk on trains."),
    ] = None
    prefix: Annotated[
        Annotated[str, Accepts("TEXT")] | None,
        _transcribe("Text that the first words must be.", example="Good evening"),
    ] = None
    hotwords: Annotated[
        Texts | None, _transcribe("Words and names to expect.", example="Dalston,Hackney")
    ] = None
    hotwords_file: Annotated[
        File | None,
        Setting("A file of words and names to expect, one per line.", example="names.txt"),
    ] = None
    condition_on_previous_text: Annotated[
        bool | None, _transcribe("Show the model what it wrote before.")
    ] = None
    prompt_reset_on_temperature: Annotated[
        Probability | None,
        _transcribe("Forget what it wrote before above this temperature.", example="0.5"),
    ] = None
    batch_size: Annotated[
        Count | None, _transcribe("Chunks of speech decoded together.", example="8")
    ] = None
    beam_size: Annotated[
        Count | None, _transcribe("Hypotheses to keep; 1 is greedy.", example="5")
    ] = None
    best_of: Annotated[
        Count | None, _transcribe("Samples to choose from above temperature 0.", example="5")
    ] = None
    patience: Annotated[
        Positive | None, _transcribe("Patience of the beam search.", example="1")
    ] = None
    length_penalty: Annotated[
        Annotated[float, Accepts("X")] | None,
        _transcribe("Above 1 favours long text.", example="1"),
    ] = None
    repetition_penalty: Annotated[
        Positive | None, _transcribe("Above 1 disfavours repeats.", example="1")
    ] = None
    no_repeat_ngram_size: Annotated[
        Number | None, _transcribe("Never repeat so many tokens; 0 allows it.", example="3")
    ] = None
    temperature: Annotated[
        Annotated[tuple[Probability, ...], Accepts("LIST", split=True)] | None,
        _transcribe(
            "Temperatures to fall back through, such as 0,0.2,0.4.",
            repeatable=True,
            example="0,0.2,0.4",
        ),
    ] = None
    suppress_blank: Annotated[
        bool | None, _transcribe("Never begin with a space or the end of text.")
    ] = None
    suppress_tokens: Annotated[
        Annotated[tuple[int, ...], Accepts("LIST", split=True)] | None,
        _transcribe("Token ids never to write.", example="-1"),
    ] = None
    word_timestamps: Annotated[bool | None, _transcribe("Times for every word.")] = None
    multilingual: Annotated[
        bool | None, _transcribe("Detect the language anew for every segment.")
    ] = None
    chunk_length: Annotated[
        Seconds | None,
        _transcribe(
            "Longest chunk decoded at once, in seconds.",
            example="30",
            sets="transcribe.chunk_length_s",
        ),
    ] = None
    compression_ratio_threshold: Annotated[
        Positive | None, _transcribe("Above it, text repeats itself too much.", example="2.4")
    ] = None
    log_prob_threshold: Annotated[
        Annotated[float, Accepts("X", le=0)] | None,
        _transcribe("Below it, text is too unsure.", example="-1"),
    ] = None
    no_speech_threshold: Annotated[
        Probability | None, _transcribe("Above it, unsure text is silence.", example="0.6")
    ] = None
    hallucination_silence_threshold: Annotated[
        Seconds | None,
        _transcribe(
            "Skip longer silence around doubtful text, in seconds.",
            example="2",
            sets="transcribe.hallucination_silence_threshold_s",
        ),
    ] = None


class VoiceActivity:
    """Detection of speech before it is decoded."""

    vad: Annotated[bool | None, _transcribe("Cut silence away before decoding.")] = None
    vad_threshold: Annotated[
        Probability | None, _transcribe("Above it, it is speech.", example="0.5")
    ] = None
    min_speech_ms: Annotated[
        Milliseconds | None, _transcribe("Shorter speech is noise.", example="250")
    ] = None
    min_silence_ms: Annotated[
        Milliseconds | None, _transcribe("Shorter silence is kept.", example="2000")
    ] = None
    speech_pad_ms: Annotated[
        Milliseconds | None, _transcribe("Silence kept around speech.", example="400")
    ] = None
    max_speech: Annotated[
        Seconds | None,
        _transcribe(
            "Longer speech is cut, in seconds.", example="30", sets="transcribe.max_speech_s"
        ),
    ] = None
