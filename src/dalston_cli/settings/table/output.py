"""Settings of recordings and their transcripts."""

from dalston_cli.settings.choices import FrameRate, LayoutName, OverlayName, VerbatimName
from dalston_cli.settings.declare import Kind, group
from dalston_cli.settings.table.kinds import choice, count, file, probability, seconds, switch, text
from dalston_cli.settings.values import command_words, text_like, track_name

_channels = Kind(
    "mix|split|N", check=text_like(r"mix|split|\d{1,3}", "mix, split or a number from 0")
)
_timecode = text_like(r"([01]?\d|2[0-3]):[0-5]\d:[0-5]\d[:;.][0-2]\d", "HH:MM:SS:FF")
_track = Kind("N|all|LANG", check=track_name)
_command = Kind("CMD", min_length=1, check=command_words)
_formats = Kind("FORMAT", completion="formats", split=True, min_length=1)


@group("Input")
class Input:
    """The part of a recording that is transcribed."""

    channels: str = _channels(
        "Mix all channels, take each as one speaker, or take one, from 0.", "mix"
    )
    audio_track: str | None = _track(
        "Of several audio tracks one, from 0, that of a language, or all, each as a channel; by"
        " default the one that is tagged with --language, or else the main one.",
        example="1",
    )
    clip: tuple[str, ...] | None = Kind("START-END", split=True, min_length=1)(
        "Only this part, in seconds or h:mm:ss, such as 90-2:30 or 1:00:00-; repeated or as a"
        " comma list for several.",
        example="90-2:30",
        everyday=True,
    )


@group("Output")
class Output:
    """Folder and formats of transcripts, and the treatment of finished and failed recordings."""

    output_dir: str | None = text(
        "Folder for the transcripts, or an address such as s3://bucket/out; - prints one"
        " transcript. The folder you are in by default.",
        example="out",
        metavar="DIR",
        short="-o",
        everyday=True,
    )
    output_beside: bool = switch(
        "Write each transcript beside its recording, instead of into one folder.", default=False
    )
    output_format: tuple[str, ...] = _formats(
        "Formats of the transcripts, repeated or as a comma list; all for every format. txt, srt"
        " and json by default, txt on standard output.",
        (),
        example="txt,srt,json",
        short="-f",
        everyday=True,
    )
    language_suffix: bool = switch(
        "Put the language of the text into the names of all files but JSON: film.en.srt.",
        default=False,
        idle_with=("output_dir=-",),
    )
    mux: bool = switch(
        "Put the subtitles into a copy of each video, beside them: film.subtitled.mp4. See dalston"
        " mux.",
        default=False,
        needs=("output_format=srt", "output_format=vtt"),
        idle_with=("output_dir=-",),
    )
    overwrite: bool = switch(
        "Do everything again, and replace files that Dalston did not write; finished recordings"
        " are skipped by default.",
        default=False,
        negative="--skip-existing",
        everyday=True,
    )
    fail_fast: bool = switch(
        "Begin no other recording after one failed; keeps going by default.",
        default=False,
        negative="--keep-going",
    )
    accept_known_bad: bool = switch(
        "A recording that cannot be used is named once: it is no alarm to later runs until it"
        " changes.",
        default=False,
    )
    strict: bool = switch("A failed optional stage fails its recording.", default=False)


@group("Output")
class AfterRun:
    """What follows a run: it belongs to a user, so a pipeline cannot set it."""

    on_finish: str | None = _command(
        "Command to run once at the end, with the summary as JSON on its standard input; no shell"
        " reads it.",
        example="notify-send Dalston finished",
    )


@group("Documents")
class Documents:
    """The look of text for reading."""

    timestamps: bool | None = switch(
        "Put the time before each paragraph; by default in md, docx, odt and html, not in txt.",
        needs=tuple(f"output_format={name}" for name in ("txt", "md", "docx", "odt", "html")),
    )
    layout: LayoutName = choice(
        "Times and speakers as a program for research imports them, with pauses and events in the"
        " text, in txt and docx; f4 in docx only.",
        "plain",
        needs=("output_format=txt", "output_format=docx"),
    )
    verbatim: VerbatimName = choice(
        "Write pauses, sounds and words by a convention for talk: gat2 (GAT 2, minimal transcript)"
        " or jefferson, in txt, md, docx, odt and eaf.",
        "off",
        needs=tuple(f"output_format={name}" for name in ("txt", "md", "docx", "odt", "eaf")),
    )
    pauses: float = Kind("SECONDS", gt=0)(
        "Shortest pause that --verbatim writes, in seconds.",
        0.2,
        needs=("verbatim=gat2", "verbatim=jefferson"),
    )
    docx_template: str | None = file(
        "Word document, or template, whose styles -f docx takes.",
        example="house-style.docx",
        needs=("output_format=docx",),
    )
    overlay: OverlayName = choice(
        "What is marked in an EPUB while it is read out, by -f xhtml and smil.",
        "sentence",
        needs=("output_format=xhtml", "output_format=smil"),
    )
    embed_audio: bool = switch(
        "Put the recording into the page of -f html; by default the page plays the file where it"
        " lies.",
        default=False,
        needs=("output_format=html",),
        idle_with=("html_fragment",),
    )
    waveform: bool = switch(
        "Draw the waveform in the page of -f html; the recording is decoded once more for it.",
        default=False,
        needs=("output_format=html",),
        idle_with=("html_fragment",),
    )
    html_fragment: bool = switch(
        "Write only the article of -f html, without page and script, for a page of one's own.",
        default=False,
        needs=("output_format=html",),
    )


_WITH_FRAMES = tuple(f"output_format={name}" for name in ("stl", "edl", "fcpxml", "premiere"))
_WITH_CUES = ("srt", "vtt", "ass", "ttml", "stl", "lrc")


@group("Subtitles", needs=tuple(f"output_format={name}" for name in _WITH_CUES))
class Subtitles:
    """Length and duration of lines."""

    max_line_width: int = Kind("COLUMNS", ge=8)("Columns of a subtitle's line.", 42)
    max_line_count: int | None = count(
        "Lines of a subtitle; 2 by default, 1 with --max-words-per-line.",
        example="2",
        metavar="LINES",
    )
    max_cue_duration: float = seconds("Longest subtitle, in seconds.", 7.0)
    min_cue_duration: float = Kind("SECONDS", ge=0)(
        "Shortest subtitle where silence follows, in seconds.", 0.833
    )
    max_cps: float = Kind("COLUMNS", ge=1)("Reading speed, in columns per second.", 20.0)
    min_gap: float = probability(
        "Time between two subtitles, in seconds.", 0.083, metavar="SECONDS"
    )
    max_words_per_line: int | None = count(
        "Most words in a line, and so in a subtitle; as many as fit by default.",
        example="8",
        metavar="WORDS",
    )
    frame_rate: FrameRate | None = choice(
        "Frames per second of the video, for formats that count them: 25 by default, in edl 24; stl"
        " knows 25 and 29.97.",
        example="29.97",
        needs=_WITH_FRAMES,
    )
    start_timecode: str | None = Kind("HH:MM:SS:FF", check=_timecode)(
        "Timecode of the video's first frame, for formats that have timecodes: 00:00:00:00 by"
        " default, in edl 01:00:00:00.",
        example="10:00:00:00",
        needs=_WITH_FRAMES,
    )
    highlight_words: bool = switch("Underline each word while it is spoken.", default=False)
