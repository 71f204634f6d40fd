"""Turns the transcription of a chunk into segments, one per sentence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dalston_sdk.wire import Segment, SpeechRegion, Word

_ENDS = (".", "?", "!", "…", "。", "？", "！")  # noqa: RUF001 - Chinese and Japanese ones
_MAY_FOLLOW = "\"'”’»)]"  # noqa: RUF001 - closing quotes


@dataclass(frozen=True, kw_only=True)
class Transcription:
    """The text of one chunk.

    Attributes:
        words: With times in the recording, if the model gives any.
        language: BCP-47 code of the text, where the model says which it is.
    """

    text: str
    words: tuple[Word, ...] = ()
    language: str | None = None


def segments_of(
    transcription: Transcription,
    region: SpeechRegion,
    *,
    first_id: int,
    language: str | None,
    with_words: bool,
) -> list[Segment]:
    """Return one segment per sentence; one for the whole chunk if its words have no times."""
    language = transcription.language or language
    if not transcription.text:
        return []
    if not transcription.words:
        whole = Segment(
            id=first_id,
            start=region.start,
            end=region.end,
            text=transcription.text,
            language=language,
        )
        return [whole]
    return [
        Segment(
            id=first_id + index,
            start=words[0].start,
            end=words[-1].end,
            text="".join(word.text for word in words).strip(),
            words=tuple(words) if with_words else (),
            language=language,
            confidence=_confidence(words),
        )
        for index, words in enumerate(sentences(transcription.words))
    ]


def sentences(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Yield the words up to each full stop, question mark or exclamation mark."""
    sentence: list[Word] = []
    for word in words:
        sentence.append(word)
        if word.text.rstrip(_MAY_FOLLOW).endswith(_ENDS):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _confidence(words: Sequence[Word]) -> float | None:
    """Return the mean of the words' confidences; None if one has none."""
    known = [word.confidence for word in words if word.confidence is not None]
    return round(sum(known) / len(known), 4) if len(known) == len(words) else None
