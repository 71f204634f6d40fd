"""One recording's transcription by several engines: one finds the speech, others decode parts."""

from msgspec import Struct

from dalston_sdk.wire.transcript import SpeechRegion


class FoundSpeech(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where speech is in a section of a recording; times count from the section's start.

    Attributes:
        regions: What is decoded, in time order.
        alone: What may be speech, and is decoded by itself, in time order.
        windows: Numbers of the regions with which a part may begin, because a batch of the model's
            windows does; in order.
        language: BCP-47 code of what is spoken, which the decoding of all parts is told; None where
            it is not known.
        language_scores: Scores from 0 to 1 per language, where it was detected.
    """

    regions: tuple[SpeechRegion, ...] = ()
    alone: tuple[SpeechRegion, ...] = ()
    windows: tuple[int, ...] = ()
    language: str | None = None
    language_scores: dict[str, float] = {}


class FoundSection(Struct, frozen=True, kw_only=True):
    """A section of a recording: its first sample, the one after its last, and its speech."""

    first: int
    last: int
    speech: FoundSpeech


class FindSpeech(Struct, frozen=True, kw_only=True, tag_field="do", tag="find"):
    """Find the speech of the whole recording that is sent, and decode nothing."""


class DecodePart(Struct, frozen=True, kw_only=True, tag_field="do", tag="decode"):
    """Decode a part of a section.

    Attributes:
        speech: The part's.
        first: Place in the section of the first sample that is sent.
        num_samples: Length of the section.
    """

    speech: FoundSpeech
    first: int
    num_samples: int
