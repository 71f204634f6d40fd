"""Speakers' labels: ``SPEAKER_00`` is whoever speaks first, whatever an engine called them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from dalston_sdk.wire import Segment, SpeakerTurn

_SAME_TURN_S = 0.5
"""A speaker who goes on within this time has not ended the turn."""

Key = tuple[int | None, str | None]
"""A speaker as the engines told them apart: the channel, and the engine's own label."""


@dataclass(frozen=True, kw_only=True)
class KeyedTurn:
    """A turn, and which channel it was found in."""

    channel: int | None
    turn: SpeakerTurn


def relabel(
    segments: Sequence[Segment], turns: Sequence[KeyedTurn], *, by_channel: bool
) -> tuple[tuple[Segment, ...], tuple[SpeakerTurn, ...]]:
    """Name the speakers in the order in which they appear.

    Args:
        segments: In time order.
        turns: What diarization found; empty takes the turns from the segments.
        by_channel: Whether a segment without a speaker is spoken by its channel's one speaker.
    """
    keys = [_key(segment, by_channel=by_channel) for segment in segments]
    ordered = sorted(turns, key=lambda keyed: keyed.turn.start)
    heard = [(keyed.channel, keyed.turn.speaker) for keyed in ordered]
    labels: dict[Key, str] = {}
    for key in [*keys, *heard]:
        if key is not None and key not in labels:
            labels[key] = f"SPEAKER_{len(labels):02d}"
    named = tuple(
        _named(segment, labels[key]) if key is not None else segment
        for segment, key in zip(segments, keys, strict=True)
    )
    found = [
        msgspec.structs.replace(keyed.turn, speaker=labels[keyed.channel, keyed.turn.speaker])
        for keyed in ordered
    ]
    diarized = {keyed.channel for keyed in turns}
    rest = [segment for segment in named if segment.channel not in diarized]
    return named, tuple(sorted([*found, *turns_of(rest)], key=lambda turn: turn.start))


def turns_of(segments: Sequence[Segment]) -> Iterator[SpeakerTurn]:
    """The turns that segments with speakers amount to."""
    by_speaker: dict[str, list[Segment]] = {}
    for segment in segments:
        if segment.speaker is not None:
            by_speaker.setdefault(segment.speaker, []).append(segment)
    for speaker, spoken in by_speaker.items():
        start, end = spoken[0].start, spoken[0].end
        for segment in spoken[1:]:
            if segment.start - end > _SAME_TURN_S:
                yield SpeakerTurn(start=start, end=end, speaker=speaker)
                start, end = segment.start, segment.end
            end = max(end, segment.end)
        yield SpeakerTurn(start=start, end=end, speaker=speaker)


def _key(segment: Segment, *, by_channel: bool) -> Key | None:
    if segment.speaker is None and not by_channel:
        return None
    return segment.channel, segment.speaker


def _named(segment: Segment, label: str) -> Segment:
    words = tuple(
        msgspec.structs.replace(word, speaker=label if word.speaker is not None else None)
        for word in segment.words
    )
    return msgspec.structs.replace(segment, speaker=label, words=words)
