"""What people corrected in a transcript, as one line for the head of a document."""

from dalston_cli.amounts import count
from dalston_sdk.wire import Transcript


def corrections_of(transcript: Transcript) -> str | None:
    """Return how much of a transcript people corrected or checked; None for nothing."""
    segments = transcript.segments
    changed = sum(segment.human for segment in segments)
    checked = sum(segment.checked for segment in segments)
    if not changed and not checked:
        return None
    parts = [f"{changed:,} corrected"] if changed else []
    parts += [f"{checked:,} checked"] if checked else []
    return f"{' and '.join(parts)} by a person, of {count(len(segments), 'segment')}"
