"""A transcript in another language: what a writer gets for a file such as ``film.de.srt``."""

import msgspec

from dalston_cli.formats.script import joined
from dalston_sdk.wire import Segment, Transcript


def has_translation(transcript: Transcript, language: str) -> bool:
    """Return True if any segment was translated, or if there is nothing to translate."""
    spoken = [each for each in transcript.segments if each.text.strip()]
    return not spoken or any(language in each.translations for each in spoken)


def translated(transcript: Transcript, language: str) -> Transcript:
    """Return a transcript with its translation as its text.

    Times and speakers stay. A segment that could not be translated keeps its text; a notice in the
    JSON says why. What was written about the text, such as a summary, is in its own language and
    left out, and so are words: those of another language have no times.
    """
    segments = tuple(_translated(each, language) for each in transcript.segments)
    return msgspec.structs.replace(
        transcript,
        language=language,
        segments=segments,
        text=joined(each.text for each in segments),
        title=None,
        summary=None,
        chapters=(),
        action_items=(),
    )


def _translated(segment: Segment, language: str) -> Segment:
    return msgspec.structs.replace(
        segment,
        text=segment.translations.get(language, segment.text),
        language=language if language in segment.translations else segment.language,
        words=(),
        raw_text=None,
        translations={},
    )
