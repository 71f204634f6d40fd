"""The voices of a recording: what diarization found of each speaker, by the transcript's labels."""

from collections import Counter, defaultdict
from collections.abc import Mapping

from dalston_cli.speakers.recorded_voice import RecordedVoice, voices_of
from dalston_cli.stages.diarize import DIARIZE
from dalston_cli.stages.merge.channel import placed_turns
from dalston_cli.stages.merge.model import MergeInput
from dalston_sdk.wire import Transcript


def voices_in(transcript: Transcript, merge_input: MergeInput) -> tuple[RecordedVoice, ...]:
    """Return the voices of a transcript by its labels, from what it was made of.

    Its turns are those of diarization with other labels, so the turns tell which label is whose. A
    speaker without turns of their own has no voice.
    """
    labels = {name: label for label, name in transcript.speaker_names.items()}
    speakers: dict[tuple[float, float], list[str]] = defaultdict(list)
    for turn in transcript.turns:
        speakers[turn.start, turn.end].append(labels.get(turn.speaker, turn.speaker))
    found: dict[str, RecordedVoice] = {}
    for channel in merge_input.channels:
        result = channel.results.get(DIARIZE)
        if result is None:
            continue
        votes: dict[str, Counter[str]] = defaultdict(Counter)
        for placed in placed_turns(channel, merge_input.window(channel)):
            here = speakers.get((placed.turn.start, placed.turn.end), ())
            votes[placed.turn.speaker].update(here)
        for voice in voices_of(result):
            if (label := _most(votes[voice.speaker])) is not None and label not in found:
                found[label] = RecordedVoice(
                    speaker=label, seconds=voice.seconds, vector=voice.vector
                )
    return tuple(found[label] for label in sorted(found))


def _most(votes: Mapping[str, int]) -> str | None:
    """Return what has most votes; None where that is not one alone."""
    ordered = sorted(votes.values(), reverse=True)
    if not ordered or ordered[:2] == [ordered[0]] * 2:
        return None
    return max(votes, key=votes.__getitem__)
