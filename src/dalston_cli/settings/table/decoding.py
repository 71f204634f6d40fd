"""Settings of transcribing; names and meanings follow whisper's where it has them.

None leaves a choice to the model and the engine. An engine refuses an option that it does not
support: ``dalston engines list`` says which do.
"""

from dalston_cli.settings.choices import Task
from dalston_cli.settings.declare import Kind, group
from dalston_cli.settings.table import kinds

_temperatures = Kind("LIST", split=True, ge=0, le=1)
_tokens = Kind("LIST", split=True)


@group("Model")
class Model:
    """The transcribing model, and the language."""

    model: str = kinds.model_id(
        "Model, such as turbo (see dalston models list), a folder of weights, or org/name of the"
        " hub; auto takes the best installed one.",
        "auto",
        short="-m",
        everyday=True,
    )
    compute_type: str | None = kinds.text(
        "Number format such as int8 or float16; the engine chooses by default.",
        example="int8",
        metavar="TYPE",
    )
    language: str | None = kinds.language(
        "Language that is spoken, by its code or name, such as en, pt-br or German; auto detects"
        " it.",
        example="en",
        short="-l",
        everyday=True,
        sets="transcribe",
    )
    languages: tuple[str, ...] | None = kinds.languages(
        "Languages to choose from when the language is detected.",
        example="en,de",
        sets="transcribe",
        idle_with=("language",),
    )
    task: Task | None = kinds.choice(
        "transcribe keeps the language that is spoken, translate means into English.",
        example="transcribe",
        everyday=True,
        sets="transcribe",
    )


@group("Decoding", sets="transcribe")
class Decoding:
    """Prompts, the search for the best text, and checks of it."""

    initial_prompt: str | None = kinds.any_text(
        "Text that could have come before.", example="A talk on trains."
    )
    prefix: str | None = kinds.any_text(
        "Text that the first words must be.", example="Good evening"
    )
    hotwords: tuple[str, ...] | None = kinds.texts(
        "Words and names to expect; Dalston=2 has Dalston count twice.",
        example="Dalston,Hackney",
        everyday=True,
    )
    hotwords_file: str | None = kinds.file(
        "A file of words and names to expect, one per line, as for --hotwords.",
        example="names.txt",
        sets="",
    )
    condition_on_previous_text: bool | None = kinds.switch("Show the model what it wrote before.")
    prompt_reset_on_temperature: float | None = kinds.probability(
        "Forget what it wrote before above this temperature.",
        example="0.5",
        idle_with=("condition_on_previous_text=no",),
    )
    batch_size: int | None = kinds.count("Chunks of speech decoded together.", example="8")
    beam_size: int | None = kinds.count("Hypotheses to keep; 1 is greedy.", example="5")
    best_of: int | None = kinds.count(
        "Samples to choose from above temperature 0.", example="5", idle_with=("temperature=0",)
    )
    patience: float | None = kinds.factor(
        "Patience of the beam search.", example="1", idle_with=("beam_size=1",)
    )
    length_penalty: float | None = Kind("X")(
        "Above 1 favours long text.", example="1", idle_with=("beam_size=1",)
    )
    repetition_penalty: float | None = kinds.factor("Above 1 disfavours repeats.", example="1")
    no_repeat_ngram_size: int | None = kinds.number(
        "Never repeat so many tokens; 0 allows it.", example="3"
    )
    temperature: tuple[float, ...] | None = _temperatures(
        "Temperatures to fall back through, such as 0,0.2,0.4.",
        example="0,0.2,0.4",
    )
    suppress_blank: bool | None = kinds.switch("Never begin with a space or the end of text.")
    suppress_tokens: tuple[int, ...] | None = _tokens("Token ids never to write.", example="-1")
    word_timestamps: bool | None = kinds.switch("Times for every word.")
    multilingual: bool | None = kinds.switch("Detect the language anew for every segment.")
    chunk_length: float | None = kinds.seconds(
        "Longest chunk decoded at once, in seconds.", example="30", sets="transcribe.chunk_length_s"
    )
    compression_ratio_threshold: float | None = kinds.factor(
        "Above it, text repeats itself too much.", example="2.4"
    )
    log_prob_threshold: float | None = Kind("X", le=0)(
        "Below it, text is too unsure.", example="-1"
    )
    no_speech_threshold: float | None = kinds.probability(
        "Above it, unsure text is silence.", example="0.6"
    )
    hallucination_silence_threshold: float | None = kinds.seconds(
        "Skip longer silence around doubtful text, in seconds.",
        example="2",
        sets="transcribe.hallucination_silence_threshold_s",
        idle_with=("word_timestamps=no",),
    )
    keep_doubtful: bool = kinds.switch(
        "Keep text that cannot have been said: faster than a person can speak, or in silence.",
        default=False,
        sets="",
    )


@group("Voice activity", sets="transcribe", idle_with=("vad=no",))
class VoiceActivity:
    """Detection of speech before it is decoded."""

    vad: bool | None = kinds.switch("Cut silence away before decoding.")
    vad_threshold: float | None = kinds.probability("Above it, it is speech.", example="0.5")
    min_speech_ms: int | None = kinds.milliseconds("Shorter speech is noise.", example="250")
    min_silence_ms: int | None = kinds.milliseconds("Shorter silence is kept.", example="2000")
    speech_pad_ms: int | None = kinds.milliseconds("Silence kept around speech.", example="400")
    max_speech: float | None = kinds.seconds(
        "Longer speech is cut, in seconds.", example="30", sets="transcribe.max_speech_s"
    )
