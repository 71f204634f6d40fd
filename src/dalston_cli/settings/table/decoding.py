"""How speech becomes text; names and meanings follow whisper's where it has them.

None leaves a choice to the model and the engine. An engine refuses an option that it does not
support: ``dalston engines list`` says which do.
"""

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


class Model:
    """Which model writes the text, and in which language."""

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
        Setting(
            "Language that is spoken, such as en or pt-br; auto detects it.",
            metavar="LANG",
            short="-l",
            example="en",
            sets="transcribe",
        ),
    ] = None
    languages: Annotated[
        Texts | None,
        Setting(
            "Languages to choose from when the language is detected.",
            example="en,de",
            sets="transcribe",
        ),
    ] = None
    task: Annotated[
        Task | None,
        Setting(
            "transcribe keeps the language that is spoken, translate means into English.",
            example="translate",
            sets="transcribe",
        ),
    ] = None


class Decoding:
    """How the model is prompted, and how it searches for the text."""

    initial_prompt: Annotated[
        Annotated[str, Accepts("TEXT")] | None,
        Setting(
            "Text that could have come before.", example="A talk on trains.", sets="transcribe"
        ),
    ] = None
    prefix: Annotated[
        Annotated[str, Accepts("TEXT")] | None,
        Setting("Text that the first words must be.", example="Good evening", sets="transcribe"),
    ] = None
    hotwords: Annotated[
        Texts | None,
        Setting("Words and names to expect.", example="Dalston,Hackney", sets="transcribe"),
    ] = None
    hotwords_file: Annotated[
        File | None,
        Setting("A file of words and names to expect, one per line.", example="names.txt"),
    ] = None
    condition_on_previous_text: Annotated[
        bool | None, Setting("Show the model what it wrote before.", sets="transcribe")
    ] = None
    prompt_reset_on_temperature: Annotated[
        Probability | None,
        Setting(
            "Forget what it wrote before above this temperature.", example="0.5", sets="transcribe"
        ),
    ] = None
    batch_size: Annotated[
        Count | None,
        Setting("Chunks of speech decoded together.", example="8", sets="transcribe"),
    ] = None
    beam_size: Annotated[
        Count | None,
        Setting("Hypotheses to keep; 1 is greedy.", example="5", sets="transcribe"),
    ] = None
    best_of: Annotated[
        Count | None,
        Setting("Samples to choose from above temperature 0.", example="5", sets="transcribe"),
    ] = None
    patience: Annotated[
        Positive | None, Setting("Patience of the beam search.", example="1", sets="transcribe")
    ] = None
    length_penalty: Annotated[
        Annotated[float, Accepts("X")] | None,
        Setting("Above 1 favours long text.", example="1", sets="transcribe"),
    ] = None
    repetition_penalty: Annotated[
        Positive | None, Setting("Above 1 disfavours repeats.", example="1", sets="transcribe")
    ] = None
    no_repeat_ngram_size: Annotated[
        Number | None,
        Setting("Never repeat so many tokens; 0 allows it.", example="3", sets="transcribe"),
    ] = None
    temperature: Annotated[
        Annotated[tuple[Probability, ...], Accepts("LIST", split=True)] | None,
        Setting(
            "Temperatures to fall back through, such as 0,0.2,0.4.",
            repeatable=True,
            example="0,0.2,0.4",
            sets="transcribe",
        ),
    ] = None
    suppress_blank: Annotated[
        bool | None,
        Setting("Never begin with a space or the end of text.", sets="transcribe"),
    ] = None
    suppress_tokens: Annotated[
        Annotated[tuple[int, ...], Accepts("LIST", split=True)] | None,
        Setting("Token ids never to write.", example="-1", sets="transcribe"),
    ] = None
    word_timestamps: Annotated[bool | None, Setting("Times for every word.", sets="transcribe")] = (
        None
    )
    multilingual: Annotated[
        bool | None,
        Setting("Detect the language anew for every segment.", sets="transcribe"),
    ] = None
    chunk_length: Annotated[
        Seconds | None,
        Setting(
            "Longest chunk decoded at once, in seconds.",
            example="30",
            sets="transcribe.chunk_length_s",
        ),
    ] = None
    compression_ratio_threshold: Annotated[
        Positive | None,
        Setting("Above it, text repeats itself too much.", example="2.4", sets="transcribe"),
    ] = None
    log_prob_threshold: Annotated[
        Annotated[float, Accepts("X", le=0)] | None,
        Setting("Below it, text is too unsure.", example="-1", sets="transcribe"),
    ] = None
    no_speech_threshold: Annotated[
        Probability | None,
        Setting("Above it, unsure text is silence.", example="0.6", sets="transcribe"),
    ] = None
    hallucination_silence_threshold: Annotated[
        Seconds | None,
        Setting(
            "Skip longer silence around doubtful text, in seconds.",
            example="2",
            sets="transcribe.hallucination_silence_threshold_s",
        ),
    ] = None


class VoiceActivity:
    """How speech is told from silence before it is decoded."""

    vad: Annotated[bool | None, Setting("Cut silence away before decoding.", sets="transcribe")] = (
        None
    )
    vad_threshold: Annotated[
        Probability | None, Setting("Above it, it is speech.", example="0.5", sets="transcribe")
    ] = None
    min_speech_ms: Annotated[
        Milliseconds | None,
        Setting("Shorter speech is noise.", example="250", sets="transcribe"),
    ] = None
    min_silence_ms: Annotated[
        Milliseconds | None,
        Setting("Shorter silence is kept.", example="2000", sets="transcribe"),
    ] = None
    speech_pad_ms: Annotated[
        Milliseconds | None,
        Setting("Silence kept around speech.", example="400", sets="transcribe"),
    ] = None
    max_speech: Annotated[
        Seconds | None,
        Setting("Longer speech is cut, in seconds.", example="30", sets="transcribe.max_speech_s"),
    ] = None
