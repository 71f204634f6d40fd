"""How speech becomes text; names and meanings follow whisper's where it has them."""

from dataclasses import dataclass
from typing import Annotated

import typer

_PROMPT = "Prompts and words"
_DECODING = "Decoding"
_QUALITY = "Doubtful text"
_VAD = "Voice activity detection"


@dataclass(frozen=True, kw_only=True)
class DecodingOptions:
    """Each field is the setting of the same name; None leaves it to the model and the engine.

    An engine refuses an option that it does not support: ``dalston engines list`` says which do.
    """

    initial_prompt: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="Text that could have come before.", rich_help_panel=_PROMPT
        ),
    ] = None
    prefix: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="Text that the first words must be.", rich_help_panel=_PROMPT
        ),
    ] = None
    hotwords: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="Words and names to expect.", rich_help_panel=_PROMPT),
    ] = None
    hotwords_file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The same, one per line.", rich_help_panel=_PROMPT),
    ] = None
    condition_on_previous_text: Annotated[
        bool | None,
        typer.Option(
            "--condition-on-previous-text/--no-condition-on-previous-text",
            help="Show the model what it wrote before.",
            rich_help_panel=_PROMPT,
        ),
    ] = None
    prompt_reset_on_temperature: Annotated[
        float | None,
        typer.Option(
            metavar="T",
            help="Forget what it wrote before above this temperature.",
            rich_help_panel=_PROMPT,
        ),
    ] = None
    beam_size: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Hypotheses to keep; 1 is greedy.", rich_help_panel=_DECODING
        ),
    ] = None
    best_of: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Samples to choose from above temperature 0.",
            rich_help_panel=_DECODING,
        ),
    ] = None
    patience: Annotated[
        float | None, typer.Option(metavar="X", help="Of the beam.", rich_help_panel=_DECODING)
    ] = None
    length_penalty: Annotated[
        float | None,
        typer.Option(metavar="X", help="Above 1 favours long text.", rich_help_panel=_DECODING),
    ] = None
    repetition_penalty: Annotated[
        float | None,
        typer.Option(metavar="X", help="Above 1 disfavours repeats.", rich_help_panel=_DECODING),
    ] = None
    no_repeat_ngram_size: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Never repeat so many tokens; 0 allows.", rich_help_panel=_DECODING
        ),
    ] = None
    temperature: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIST",
            help="Temperatures to fall back through, such as 0,0.2,0.4.",
            rich_help_panel=_DECODING,
        ),
    ] = None
    suppress_blank: Annotated[
        bool | None,
        typer.Option(
            "--suppress-blank/--no-suppress-blank",
            help="Never begin with a space or the end of text.",
            rich_help_panel=_DECODING,
        ),
    ] = None
    suppress_tokens: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="Token ids never to write.", rich_help_panel=_DECODING),
    ] = None
    word_timestamps: Annotated[
        bool | None,
        typer.Option(
            "--word-timestamps/--no-word-timestamps",
            help="Times for every word.",
            rich_help_panel=_DECODING,
        ),
    ] = None
    multilingual: Annotated[
        bool | None,
        typer.Option(
            "--multilingual/--no-multilingual",
            help="Detect the language anew for every segment.",
            rich_help_panel=_DECODING,
        ),
    ] = None
    chunk_length: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Longest piece decoded at once.", rich_help_panel=_DECODING
        ),
    ] = None
    compression_ratio_threshold: Annotated[
        float | None,
        typer.Option(
            metavar="X", help="Above it, text repeats itself too much.", rich_help_panel=_QUALITY
        ),
    ] = None
    log_prob_threshold: Annotated[
        float | None,
        typer.Option(metavar="X", help="Below it, text is too unsure.", rich_help_panel=_QUALITY),
    ] = None
    no_speech_threshold: Annotated[
        float | None,
        typer.Option(
            metavar="0-1", help="Above it, unsure text is silence.", rich_help_panel=_QUALITY
        ),
    ] = None
    hallucination_silence_threshold: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Skip silence longer than this around doubtful text.",
            rich_help_panel=_QUALITY,
        ),
    ] = None
    vad: Annotated[
        bool | None,
        typer.Option(
            "--vad/--no-vad", help="Cut silence away before decoding.", rich_help_panel=_VAD
        ),
    ] = None
    vad_threshold: Annotated[
        float | None,
        typer.Option(metavar="0-1", help="Above it, it is speech.", rich_help_panel=_VAD),
    ] = None
    min_speech_ms: Annotated[
        int | None,
        typer.Option(metavar="MS", help="Shorter speech is noise.", rich_help_panel=_VAD),
    ] = None
    min_silence_ms: Annotated[
        int | None,
        typer.Option(metavar="MS", help="Shorter silence is kept.", rich_help_panel=_VAD),
    ] = None
    speech_pad_ms: Annotated[
        int | None,
        typer.Option(metavar="MS", help="Silence kept around speech.", rich_help_panel=_VAD),
    ] = None
    max_speech: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Longer speech is cut.", rich_help_panel=_VAD),
    ] = None
