"""The names of a transcript's speakers: those the user gave, and those of known voices."""

from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.speakers.naming import name_by_voice
from dalston_cli.stages.merge.labels import name_speakers
from dalston_cli.stages.merge.model import MergeInput
from dalston_sdk.wire import Transcript


def with_names(transcript: Transcript, merge_input: MergeInput, plan: RecordingPlan) -> Transcript:
    """Return a transcript with its speakers' names; the user's own go before all others.

    Args:
        transcript: With labels.
        merge_input: What it was made of.
        plan: What is wanted.
    """
    names = dict(plan.speaker_names)
    if plan.recognition is not None:
        transcript = name_by_voice(transcript, merge_input, plan.recognition, names)
    return name_speakers(transcript, names) if names else transcript
