"""Which stage, and with it which engine and model, each field of a transcript comes from."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from dalston_cli.stages.merge.model import ChannelResults, MergeInput
from dalston_sdk.wire import Origin, Segment, SpeechRegion, StageRecord, Transcript

USER = Origin(stage="user")
_CHANNELS = Origin(stage="prepare")


def origin(stage: str, records: Iterable[StageRecord]) -> Origin:
    """A stage as the origin of something; its record says with which engine and model."""
    found = (record for record in records if record.stage == stage)
    record = next(found, None)
    return Origin(
        stage=stage,
        engine=record.engine if record else None,
        model=record.model if record else None,
    )


def with_origin(transcript: Transcript, name: str, added: Origin) -> Transcript:
    """The transcript, one more origin of one of its fields noted behind the others."""
    before = transcript.provenance.get(name, ())
    if added in before:
        return transcript
    provenance = {**transcript.provenance, name: (*before, added)}
    return msgspec.structs.replace(transcript, provenance=provenance)


def provenance(
    merge_input: MergeInput, segments: Sequence[Segment], regions: Sequence[SpeechRegion]
) -> dict[str, tuple[Origin, ...]]:
    """Where everything comes from that merge was given and made a transcript of.

    Args:
        merge_input: The results.
        segments: What became of them.
        regions: The same for where speech was heard.
    """
    channels = merge_input.channels
    found = {
        "text": ["transcribe"] if segments else [],
        "word_times": list(_word_times(channels)),
        "language": _where(channels, "transcribe", lambda one: bool(one.transcribe.language)),
        "emotion": ["emotion"] if _has_emotion(channels, segments) else [],
        "events": _where(channels, "events", lambda one: bool(one.events and one.events.events)),
        "speech_regions": ["transcribe"] if regions else [],
    }
    origins = {
        name: tuple(origin(stage, merge_input.stages) for stage in stages)
        for name, stages in found.items()
    }
    origins["speaker"] = tuple(_speaker(merge_input, segments))
    return {name: where for name, where in sorted(origins.items()) if where}


def _where(
    channels: Iterable[ChannelResults], stage: str, has: Callable[[ChannelResults], bool]
) -> list[str]:
    return [stage] if any(has(channel) for channel in channels) else []


def _word_times(channels: Iterable[ChannelResults]) -> Iterator[str]:
    """Whose times words have; alignment's go before the transcribing model's."""
    aligned, left = False, False
    for channel in channels:
        ids = {one.id for one in (channel.align.segments if channel.align else ()) if one.words}
        aligned = aligned or bool(ids)
        left = left or any(one.words and one.id not in ids for one in channel.transcribe.segments)
    if left:
        yield "transcribe"
    if aligned:
        yield "align"


def _has_emotion(channels: Iterable[ChannelResults], segments: Iterable[Segment]) -> bool:
    asked = any(channel.emotion for channel in channels)
    return asked and any(segment.emotion for segment in segments)


def _speaker(merge_input: MergeInput, segments: Iterable[Segment]) -> Iterator[Origin]:
    channels, records = merge_input.channels, merge_input.stages
    if not any(segment.speaker for segment in segments):
        return
    if len(channels) > 1:
        yield _CHANNELS
    own = (segment for channel in channels for segment in channel.transcribe.segments)
    if any(one.speaker or any(word.speaker for word in one.words) for one in own):
        yield origin("transcribe", records)
    if any(channel.diarize and channel.diarize.turns for channel in channels):
        yield origin("diarize", records)
