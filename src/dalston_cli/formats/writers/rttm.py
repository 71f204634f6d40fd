"""Rich Transcription Time Marked: who spoke when.

Reference:
    NIST, RT-09 Evaluation Plan, appendix A: type, file, channel, onset, duration, orthography,
    speaker type, speaker name, confidence, lookahead.
"""

from collections.abc import Iterable

from dalston_cli.formats.nist import channel_number, file_id, onset_and_duration, token
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.speakers import name_of
from dalston_sdk.wire import SpeakerTurn, Transcript


def render(transcript: Transcript, options: RenderOptions) -> str:  # noqa: ARG001 - the signature of a writer
    """Return one line per turn; without turns one per segment that has a speaker."""
    file = file_id(transcript.recording)
    channels = _channels(transcript)
    return "".join(
        f"SPEAKER {file} {channels.get(turn.speaker, 1)} {onset_and_duration(turn.start, turn.end)}"
        f" <NA> <NA> {token(name_of(turn.speaker))} {_confidence(turn)} <NA>\n"
        for turn in _turns(transcript)
    )


def _turns(transcript: Transcript) -> Iterable[SpeakerTurn]:
    if transcript.turns:
        return transcript.turns
    return (
        SpeakerTurn(start=segment.start, end=segment.end, speaker=segment.speaker)
        for segment in transcript.segments
        if segment.speaker
    )


def _channels(transcript: Transcript) -> dict[str, int]:
    """Return the channel of each speaker that has text; turns have none."""
    return {
        segment.speaker: channel_number(segment.channel)
        for segment in transcript.segments
        if segment.speaker
    }


def _confidence(turn: SpeakerTurn) -> str:
    return "<NA>" if turn.confidence is None else f"{turn.confidence:.3f}"
