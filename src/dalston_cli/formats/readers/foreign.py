"""What any other program's file holds, as a transcript."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dalston_cli import __version__
from dalston_cli.formats.script import joined
from dalston_sdk.wire import (
    TRANSCRIPT_VERSION,
    Notice,
    RecordingInfo,
    Segment,
    SpeakerTurn,
    Transcript,
    Word,
)

_SHORTEST_S = 0.001


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A piece of speech: times in seconds, ``start <= end``; text without markup."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    speaker: str | None = None


def transcript_of(
    path: Path, spoken: Sequence[Spoken], *, language: str | None = None
) -> Transcript:
    """Return a transcript of what another program found, in the order of time.

    Pieces without text are dropped, and one without length gets a millisecond: a segment has
    text, and ends after its start.
    """
    kept = sorted((each for each in spoken if each.text), key=lambda each: (each.start, each.end))
    segments = tuple(
        Segment(
            id=number,
            start=each.start,
            end=max(each.end, each.start + _SHORTEST_S),
            text=each.text,
            words=each.words,
            speaker=each.speaker,
        )
        for number, each in enumerate(kept)
    )
    end = max((segment.end for segment in segments), default=0.0)
    message = (
        f"read from {path.name}, which another program wrote; of the recording nothing is known"
    )
    return Transcript(
        version=TRANSCRIPT_VERSION,
        recording=RecordingInfo(
            name=path.name,
            digest="",
            duration_s=end,
            sample_rate=0,
            num_channels=0,
            container="",
            codec="",
        ),
        status="complete",
        text=joined(segment.text for segment in segments),
        language=language,
        segments=segments,
        turns=_turns(segments),
        warnings=(Notice(code="from_another_program", message=message),),
        generator=f"dalston {__version__}",
    )


def _turns(segments: Sequence[Segment]) -> tuple[SpeakerTurn, ...]:
    """Return one turn for each run of segments of one speaker."""
    turns: list[SpeakerTurn] = []
    for segment in segments:
        if segment.speaker is None:
            continue
        last = turns[-1] if turns else None
        if last is not None and last.speaker == segment.speaker:
            start, end = last.start, max(last.end, segment.end)
            turns[-1] = SpeakerTurn(start=start, end=end, speaker=segment.speaker)
        else:
            turns.append(SpeakerTurn(start=segment.start, end=segment.end, speaker=segment.speaker))
    return tuple(turns)
