"""The stages that the text, its times, its speakers and its emotions come from."""

from collections.abc import Iterable, Iterator, Sequence

from dalston_cli.stages.align import ALIGN
from dalston_cli.stages.diarize import DIARIZE
from dalston_cli.stages.emotion import EMOTION
from dalston_cli.stages.merge.model import ChannelResults, MergeInput
from dalston_cli.stages.origin import CHANNELS, FILE, origin
from dalston_cli.stages.transcribe import TRANSCRIBE
from dalston_sdk.wire import Origin, Segment, SpeechRegion


def provenance(
    merge_input: MergeInput, segments: Sequence[Segment], regions: Sequence[SpeechRegion]
) -> dict[str, tuple[Origin, ...]]:
    """Return where everything comes from that merge itself made a transcript of."""
    channels = merge_input.channels
    spoken = any(one.results[TRANSCRIBE].language for one in channels)
    found = {
        "text": ["transcribe"] if segments else [],
        "word_times": list(_word_times(channels)),
        "language": ["transcribe"] if spoken else [],
        "emotion": ["emotion"] if _has_emotion(channels, segments) else [],
        "speech_regions": ["transcribe"] if regions else [],
    }
    origins = {
        name: tuple(origin(stage, merge_input.stages) for stage in stages)
        for name, stages in found.items()
    }
    origins["speaker"] = tuple(_speaker(merge_input, segments))
    origins["chapters"] = (FILE,) if merge_input.recording.chapters else ()
    return {name: where for name, where in origins.items() if where}


def _word_times(channels: Iterable[ChannelResults]) -> Iterator[str]:
    """Yield the stages that words' times come from; alignment's replace transcription's."""
    has_aligned, has_others = False, False
    for channel in channels:
        aligned = channel.results.get(ALIGN)
        ids = {one.id for one in (aligned.segments if aligned else ()) if one.words}
        transcribed = channel.results[TRANSCRIBE].segments
        has_aligned = has_aligned or bool(ids)
        has_others = has_others or any(one.words and one.id not in ids for one in transcribed)
    if has_others:
        yield "transcribe"
    if has_aligned:
        yield "align"


def _has_emotion(channels: Iterable[ChannelResults], segments: Iterable[Segment]) -> bool:
    asked = any(channel.results.get(EMOTION) for channel in channels)
    return asked and any(segment.emotion for segment in segments)


def _speaker(merge_input: MergeInput, segments: Iterable[Segment]) -> Iterator[Origin]:
    channels, records = merge_input.channels, merge_input.stages
    if not any(segment.speaker for segment in segments):
        return
    if len(channels) > 1:
        yield CHANNELS
    own = (segment for one in channels for segment in one.results[TRANSCRIBE].segments)
    if any(one.speaker or any(word.speaker for word in one.words) for one in own):
        yield origin("transcribe", records)
    diarized = (one.results.get(DIARIZE) for one in channels)
    if any(found and found.turns for found in diarized):
        yield origin("diarize", records)
