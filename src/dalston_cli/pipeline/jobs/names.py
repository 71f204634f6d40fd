"""The names of a transcript's speakers: those the user gave, and those of known voices."""

from collections.abc import Mapping

from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.speakers.naming import name_by_voice
from dalston_cli.stages.merge.labels import name_speakers
from dalston_cli.stages.merge.model import MergeInput
from dalston_cli.stages.origin import CHANNELS
from dalston_sdk.wire import Transcript


def with_names(transcript: Transcript, merge_input: MergeInput, plan: RecordingPlan) -> Transcript:
    """Return a transcript with its speakers' names; the user's own go before all others.

    Args:
        transcript: With labels.
        merge_input: What it was made of.
        plan: What is wanted.
    """
    names = dict(plan.speaker_names)
    transcript = _named_by_tracks(transcript, names)
    if plan.recognition is not None:
        transcript = name_by_voice(transcript, merge_input, plan.recognition, names)
    return name_speakers(transcript, names) if names else transcript


def _named_by_tracks(transcript: Transcript, own: Mapping[str, str]) -> Transcript:
    """Return a transcript with the names of its tracks' speakers, where the user gave no other."""
    tracks = transcript.recording.tracks
    if len(tracks) < 2:  # noqa: PLR2004 - one channel is not taken for one speaker
        return transcript
    labels: dict[int | None, set[str]] = {}
    for segment in transcript.segments:
        labels.setdefault(segment.channel, set()).add(segment.speaker or "")
    names = {
        label: track.speaker
        for track in tracks
        if len(labels.get(track.channel, ())) == 1  # several are in one room
        for label in labels[track.channel]
        if label and label not in own
    }
    return name_speakers(transcript, names, by=CHANNELS) if names else transcript
