"""Layouts of transcripts that programs for research import, with pauses and events in the text.

Only what is said is in them: a title or a table of facts would become text to code.

Reference:
    NVivo Help, "Import transcripts": rows of timespan, speaker and content, as tab-delimited text
    or as a table. MAXQDA and ATLAS.ti take a time in brackets before each paragraph: aTrain wiki,
    "Tutorials", and T. Galle, "Convert transcripts exported by Otter.ai to a format importable by
    Atlas TI v8"; MAXQDA wants an empty line between paragraphs. F4 (audiotranskription.de, "f4
    Online-Handbuch", 3.2) takes documents without tables, and has ``#hh:mm:ss-x#`` at the end of
    each paragraph, the time of that end.
    Pauses as in G. Jefferson, "Glossary of transcript symbols": ``(.)`` for a short one, else its
    seconds.
"""

from collections.abc import Sequence

from dalston_cli.formats.conventions import LAYOUTS, convention_of
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.script import clean
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.utterances import Utterance, utterances_of
from dalston_sdk.wire import Transcript

_COLUMNS = ("Timespan", "Speaker", "Content")


def laid_out(transcript: Transcript, options: RenderOptions) -> tuple[Utterance, ...]:
    """Return what is said, with speakers by their names; without one where none is shown."""
    names = SpeakerNames.of(transcript, options)
    convention = convention_of(options) or LAYOUTS
    return tuple(
        each._replace(speaker=clean(names.get(each.speaker) or ""))
        for each in utterances_of(transcript.segments, transcript.events, convention)
    )


def layout_text(transcript: Transcript, options: RenderOptions) -> str:
    """Return the transcript as text in the layout that is asked for."""
    utterances = laid_out(transcript, options)
    if options.layout == "nvivo":
        return "".join("\t".join(row) + "\n" for row in table_rows(utterances, options))
    blocks = ("".join(paragraph_parts(each, options)) for each in utterances)
    text = "\n\n".join(blocks)
    return f"{text}\n" if text else ""


def table_rows(
    utterances: Sequence[Utterance], options: RenderOptions
) -> tuple[tuple[str, ...], ...]:
    """Return NVivo's rows, the first with the names of the columns."""
    rows = [_COLUMNS]
    for each in utterances:
        span = f"{_time(each.start, '.')}-{_time(each.end, '.')}"
        rows.append((span, each.speaker or "", each.text))
    return tuple(row[options.timestamps is False :] for row in rows)


def paragraph_parts(utterance: Utterance, options: RenderOptions) -> tuple[str, str, str]:
    """Return what stands before a paragraph's speaker, the speaker, and what comes after."""
    name = f"{utterance.speaker}:" if utterance.speaker else ""
    space = " " if name else ""
    if options.timestamps is False:
        return "", name, f"{space}{utterance.text}"
    if options.layout == "f4":
        return "", name, f"{space}{utterance.text} #{_time(utterance.end, '-')}#"
    apart = "" if options.layout == "atlas" else " "
    return f"[{_time(utterance.start, '')}]{apart}", name, f"{space}{utterance.text}"


def _time(seconds: float, mark: str) -> str:
    """Return ``hh:mm:ss`` with a tenth of a second after ``mark``, or without one."""
    tenths = max(0, round(seconds * 10) if mark else int(seconds) * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    fraction = f"{mark}{tenths % 10}" if mark else ""
    return f"{hours:02d}:{minutes:02d}:{tenths // 10:02d}{fraction}"
