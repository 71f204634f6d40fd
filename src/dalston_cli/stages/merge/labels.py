"""Speakers' labels, and their names.

``SPEAKER_00`` is the first speaker, whatever an engine called them; where each channel is one
speaker, it is the speaker of channel 0.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from dalston_cli.stages.origin import USER, with_origin
from dalston_sdk.wire import Notice, Origin, Segment, SpeakerTurn, Transcript

_SAME_TURN_S = 0.5
"""Shorter pauses do not end a speaker's turn."""

Key = tuple[int | None, str | None]
"""A speaker as the engines told them apart: the channel, and the engine's own label."""


class KeyedTurn(Struct, frozen=True, kw_only=True):
    """A turn, and which channel it was found in."""

    channel: int | None
    turn: SpeakerTurn


def relabel(
    segments: Sequence[Segment], turns: Sequence[KeyedTurn], *, by_channel: bool
) -> tuple[tuple[Segment, ...], tuple[SpeakerTurn, ...]]:
    """Give the speakers their labels, in the order in which they appear or by their channels.

    Segments are in time order. Without turns from diarization, the segments give them. With
    ``by_channel``, a segment without a speaker is spoken by its channel's one speaker.
    """
    keys = [_key(segment, by_channel=by_channel) for segment in segments]
    ordered = sorted(turns, key=lambda keyed: keyed.turn.start)
    turn_keys = [(keyed.channel, keyed.turn.speaker) for keyed in ordered]
    labels = _labels([key for key in [*keys, *turn_keys] if key is not None])
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


def name_speakers(
    transcript: Transcript, names: Mapping[str, str], *, by: Origin = USER
) -> Transcript:
    """Put names in place of labels; ``speaker_names`` keeps which is whose.

    Nothing else changes, so this comes last: no engine ever sees a name. Labels may share a name,
    and a transcript with names can be given others.

    Args:
        transcript: With labels, or with names from before.
        names: By label. An unknown label becomes a warning that says which labels there are.
        by: Where the names come from.
    """
    speakers = {segment.speaker for segment in transcript.segments if segment.speaker}
    speakers |= {turn.speaker for turn in transcript.turns}
    before = transcript.speaker_names
    there = {*before, *(speakers - set(before.values()))}
    known = {label: name for label, name in names.items() if label in there}
    renamed = {before.get(label, label): name for label, name in known.items()}
    unknown = [label for label in names if label not in there]
    notices = (_unknown_labels(unknown, sorted(there)),) if unknown else ()
    return msgspec.structs.replace(
        with_origin(transcript, "speaker", by) if known else transcript,
        segments=tuple(_renamed(segment, renamed) for segment in transcript.segments),
        key=None,  # what it is of the transcript without these names
        turns=tuple(
            msgspec.structs.replace(turn, speaker=renamed.get(turn.speaker, turn.speaker))
            for turn in transcript.turns
        ),
        action_items=tuple(
            msgspec.structs.replace(item, owner=renamed.get(item.owner, item.owner))
            if item.owner
            else item
            for item in transcript.action_items
        ),
        speaker_names={**before, **known},
        warnings=(*transcript.warnings, *notices),
    )


def _unknown_labels(unknown: Sequence[str], there: Sequence[str]) -> Notice:
    labels = f"there are {', '.join(there)}" if there else "no speakers were told apart"
    return Notice(
        code="unknown_speaker",
        message=f"no speaker has the label {', '.join(unknown)}: {labels}",
        stage="merge",
    )


def _renamed(segment: Segment, names: Mapping[str, str]) -> Segment:
    def of(speaker: str | None) -> str | None:
        return None if speaker is None else names.get(speaker, speaker)

    words = tuple(msgspec.structs.replace(word, speaker=of(word.speaker)) for word in segment.words)
    return msgspec.structs.replace(segment, speaker=of(segment.speaker), words=words)


def _labels(keys: Sequence[Key]) -> dict[Key, str]:
    if all(channel is not None and speaker is None for channel, speaker in keys):
        return {key: f"SPEAKER_{key[0]:02d}" for key in keys}
    return {key: f"SPEAKER_{index:02d}" for index, key in enumerate(dict.fromkeys(keys))}


def turns_of(segments: Sequence[Segment]) -> Iterator[SpeakerTurn]:
    """Yield the turns that segments with speakers amount to."""
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
