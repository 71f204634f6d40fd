"""The parts of a long recording that replicas of an engine transcribe side by side.

A part begins where a batch of the model's windows does, as the engine packed them for the whole
recording, so that what is decoded is the same with any number of parts.
"""

import wave
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct, structs

from dalston_sdk.wire import DecodePart, FoundSection, FoundSpeech, SpeechRegion

LONG_S = 240.0
"""A shorter recording is not split: what is done once for it would cost more than is won."""

_SHORTEST_S, _LONGEST_S = 60.0, 300.0
_PARTS_EACH = 3
"""Parts for each replica, where the recording is not longer: one that is slow then does fewer."""

_MARGIN_S = 2.0
_RATE = 16_000
_BLOCK = 1 << 20


class Part(Struct, frozen=True, kw_only=True):
    """A part of a section.

    Attributes:
        section: The section's number.
        decode: What an engine is asked for.
        first, last: Samples of the recording that it is sent: the first, and the one after them.
        start_s: Where the part begins in the section.
        duration_s: Its length, up to the next part or to the end of the section.
    """

    section: int
    decode: DecodePart
    first: int
    last: int
    start_s: float
    duration_s: float


def length_s(wav: Path) -> float:
    """Return the length of a WAV file; 0 for another file, which its engine refuses."""
    with suppress(OSError, EOFError, wave.Error), wave.open(str(wav), "rb") as reader:
        return reader.getnframes() / reader.getframerate()
    return 0.0


def plan_parts(sections: Sequence[FoundSection], num_replicas: int) -> list[Part]:
    """Split sections into parts of about the same length; each has at least one."""
    total_s = sum(section.last - section.first for section in sections) / _RATE
    least_s = min(_LONGEST_S, max(_SHORTEST_S, total_s / (_PARTS_EACH * num_replicas)))
    return [
        part
        for number, section in enumerate(sections)
        for part in _section_parts(number, section, least_s)
    ]


def write_part(wav: Path, part: Part, target: Path) -> None:
    """Write the samples of a part as a WAV file.

    Raises:
        OSError: A file cannot be read or written.
    """
    with wave.open(str(wav), "rb") as reader, wave.open(str(target), "wb") as writer:
        writer.setparams(reader.getparams())
        reader.setpos(part.first)
        left = part.last - part.first
        while left > 0 and (data := reader.readframes(min(left, _BLOCK))):
            writer.writeframes(data)
            left -= _BLOCK


def _section_parts(number: int, section: FoundSection, least_s: float) -> Iterator[Part]:
    speech = section.speech
    firsts = _first_regions(speech, least_s)
    lasts = [*firsts[1:], len(speech.regions)]
    begins = [0.0, *(speech.regions[each].start for each in firsts[1:])]
    ends = [*begins[1:], (section.last - section.first) / _RATE]
    for first, last, start_s, end_s in zip(firsts, lasts, begins, ends, strict=True):
        own = structs.replace(
            speech,
            regions=speech.regions[first:last],
            alone=tuple(each for each in speech.alone if start_s <= each.start < end_s),
            windows=(),
            language_scores={},
        )
        yield _part(number, section, own, start_s, end_s)


def _first_regions(speech: FoundSpeech, least_s: float) -> list[int]:
    """Return the regions that parts begin with: windows that are far enough from each other."""
    firsts = [0]
    for window in speech.windows:
        if speech.regions[window].start - speech.regions[firsts[-1]].start >= least_s:
            firsts.append(window)
    return firsts


def _part(
    number: int, section: FoundSection, speech: FoundSpeech, start_s: float, end_s: float
) -> Part:
    num_samples = section.last - section.first
    spoken: tuple[SpeechRegion, ...] = (*speech.regions, *speech.alone)
    low_s = min((each.start for each in spoken), default=0.0) - _MARGIN_S
    high_s = max((each.end for each in spoken), default=0.0) + _MARGIN_S
    first = max(0, int(low_s * _RATE))
    last = min(num_samples, int(high_s * _RATE))
    return Part(
        section=number,
        decode=DecodePart(speech=speech, first=first, num_samples=num_samples),
        first=section.first + first,
        last=section.first + last,
        start_s=start_s,
        duration_s=end_s - start_s,
    )
