"""What an EPUB's media overlay and its text have in common: sentences and words with ids.

Reference:
    W3C, EPUB 3.3, section 9, Media overlays.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from msgspec import Struct

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.paragraphs import grouped
from dalston_cli.formats.script import clean, may_join_without_space
from dalston_cli.formats.subtitles.atoms import timed_words
from dalston_sdk.wire import Segment, Transcript

TEXT_EXTENSION = ".xhtml"
_BREATH_S = 3.0
"""A player goes from clip to clip; a pause that is no longer than this is played, too."""


class Span(Struct, frozen=True):
    """Text with an id and its time in the recording, in seconds.

    Attributes:
        lead: The white space before it.
        parts: Its words, where each is shown as it is read.
    """

    id: str
    text: str
    start: float
    end: float
    lead: str = ""
    parts: tuple["Span", ...] = ()


def paragraphs_of(transcript: Transcript, options: RenderOptions) -> Iterator[Sequence[Span]]:
    """Yield the sentences of each paragraph; a sentence is a segment of the transcript."""
    number = 0
    for segments in grouped(transcript.segments):
        spans: list[Span] = []
        for segment in segments:
            number += 1
            spans.append(_sentence(segment, f"s{number}", spans, options))
        yield spans


def _sentence(segment: Segment, name: str, before: Sequence[Span], options: RenderOptions) -> Span:
    text = clean(segment.text)
    lead = " " if before and not may_join_without_space(before[-1].text, text) else ""
    parts = tuple(_words(segment, name)) if options.overlay == "word" else ()
    return Span(name, text, segment.start, segment.end, lead, parts)


def _words(segment: Segment, name: str) -> Iterator[Span]:
    for number, word in enumerate(timed_words(segment), start=1):
        lead = " " if number > 1 and word.text[:1].isspace() else ""
        yield Span(f"{name}w{number}", clean(word.text), word.start, word.end, lead)


def clips_of(transcript: Transcript, options: RenderOptions) -> list[Span]:
    """Return what is read in one go, in order, pauses of a breath included."""
    clips = [
        part
        for sentences in paragraphs_of(transcript, options)
        for sentence in sentences
        for part in sentence.parts or (sentence,)
    ]
    return [
        Span(clip.id, clip.text, clip.start, _end(clip, following))
        for clip, following in zip_longest(clips, clips[1:])
    ]


def _end(clip: Span, following: Span | None) -> float:
    if following is not None and clip.end < following.start <= clip.end + _BREATH_S:
        return following.start
    return clip.end


def text_file(transcript: Transcript, options: RenderOptions) -> str:
    """Return the name of the text's file, which lies beside the overlay."""
    stem = options.stem or Path(transcript.recording.name).stem
    return f"{stem}{TEXT_EXTENSION}"
