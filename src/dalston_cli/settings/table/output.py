"""Settings of recordings and their transcripts."""

from typing import Annotated

from dalston_cli.settings.declare import Accepts, Setting
from dalston_cli.settings.table.types import Count, Probability, Seconds, Text
from dalston_cli.settings.values import text_like


class Input:
    """The part of a recording that is transcribed."""

    channels: Annotated[
        str,
        Accepts(
            "mix|split|N", check=text_like(r"mix|split|\d{1,3}", "mix, split or a number from 0")
        ),
        Setting("Mix all channels, take each as one speaker, or take one, from 0."),
    ] = "mix"
    clip: Annotated[
        Text | None,
        Setting(
            "Only this part, in seconds or h:mm:ss, such as 90-2:30 or 1:00:00-.",
            metavar="START-END",
            example="90-2:30",
        ),
    ] = None


class Output:
    """Folder and formats of transcripts, and the treatment of finished and failed recordings."""

    output_dir: Annotated[
        Text | None,
        Setting(
            "Folder for the transcripts; - prints one transcript. The folder you are in by"
            " default.",
            metavar="DIR",
            short="-o",
            example="out",
        ),
    ] = None
    output_format: Annotated[
        tuple[Text, ...],
        Accepts("FORMAT", completion="formats", split=True),
        Setting(
            "Formats of the transcripts, repeated or as a comma list; all for every format."
            " txt, srt and json by default, txt on standard output.",
            short="-f",
            repeatable=True,
            example="txt,srt,json",
        ),
    ] = ()
    overwrite: Annotated[
        bool,
        Setting(
            "Do everything again, and replace files that Dalston did not write; finished"
            " recordings are skipped by default.",
            negative="--skip-existing",
        ),
    ] = False
    fail_fast: Annotated[
        bool,
        Setting(
            "Begin no other recording after one failed; keeps going by default.",
            negative="--keep-going",
        ),
    ] = False
    strict: Annotated[bool, Setting("A failed optional stage fails its recording.")] = False


class Subtitles:
    """Length and duration of lines."""

    max_line_width: Annotated[
        int, Accepts("COLUMNS", ge=8), Setting("Columns of a subtitle's line.")
    ] = 42
    max_line_count: Annotated[Count, Setting("Lines of a subtitle.", metavar="LINES")] = 2
    max_cue_duration: Annotated[Seconds, Setting("Longest subtitle, in seconds.")] = 7.0
    min_cue_duration: Annotated[
        float,
        Accepts("SECONDS", ge=0),
        Setting("Shortest subtitle where silence follows, in seconds."),
    ] = 0.833
    max_cps: Annotated[
        float, Accepts("COLUMNS", ge=1), Setting("Reading speed, in columns per second.")
    ] = 20.0
    min_gap: Annotated[
        Probability, Setting("Time between two subtitles, in seconds.", metavar="SECONDS")
    ] = 0.083
    max_words_per_line: Annotated[
        Count | None,
        Setting("Most words in a line; as many as fit by default.", metavar="WORDS", example="8"),
    ] = None
    highlight_words: Annotated[bool, Setting("Underline each word while it is spoken.")] = False
