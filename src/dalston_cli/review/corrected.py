"""The corrected transcript: the machine's, with what people changed."""

import hashlib
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush

import msgspec

from dalston_cli.formats.script import joined
from dalston_cli.review.edits import RenameEdit
from dalston_cli.review.revised import Revised
from dalston_cli.stages.origin import USER, with_origin
from dalston_sdk.wire import Notice, Origin, Segment, SpeakerTurn, Transcript

HUMAN = Origin(stage="human")


def machine_digest(transcript: Transcript) -> str:
    """Return the digest of what corrections are about: segments, words, times and speakers."""
    segments = [
        (one.start, one.end, one.speaker, one.text, [(w.text, w.start, w.end) for w in one.words])
        for one in transcript.segments
    ]
    return f"sha256:{hashlib.sha256(msgspec.json.encode(segments)).hexdigest()}"


def revised_of(transcript: Transcript) -> Revised:
    """Return a transcript's segments, to be corrected."""
    return Revised([(f"s{at}", each) for at, each in enumerate(transcript.segments)])


def with_corrections(
    transcript: Transcript, revised: Revised, notices: Sequence[Notice] = ()
) -> Transcript:
    """Return the corrected transcript; the machine's itself where nothing is corrected.

    Args:
        transcript: The machine's.
        revised: Of the same transcript.
        notices: What to warn of beside its own warnings.
    """
    if notices:
        transcript = msgspec.structs.replace(
            transcript, warnings=(*transcript.warnings, *notices), key=None, digest=None
        )
    if not revised.steps:
        return transcript
    segments = tuple(_own_or_corrected(transcript, revised))
    kept = [each for each in segments if each.text or not each.human]
    changed = msgspec.structs.replace(
        transcript,
        key=None,
        digest=None,
        segments=tuple(msgspec.structs.replace(each, id=at) for at, each in enumerate(kept)),
        text=joined(each.text for each in kept),
        turns=tuple(_turns(transcript.turns, revised)),
        speaker_names=_speaker_names(transcript, revised.renames),
        action_items=tuple(
            msgspec.structs.replace(item, owner=_called(item.owner, revised.renames))
            for item in transcript.action_items
        ),
    )
    if any(each.human for each in segments):
        changed = with_origin(changed, "text", HUMAN)
    if any(piece.placed for piece in revised.pieces):
        changed = with_origin(changed, "speaker", HUMAN)
    return with_origin(changed, "speaker", USER) if revised.renames else changed


def _own_or_corrected(transcript: Transcript, revised: Revised) -> Iterator[Segment]:
    """Yield segments; those that no edit changed as the machine gave them."""
    own = {f"s{at}": each for at, each in enumerate(transcript.segments)}
    for piece in revised.pieces:
        yield piece.segment if revised.is_corrected(piece) else own[piece.name]


def _called(speaker: str | None, renames: Iterable[RenameEdit]) -> str | None:
    for rename in renames:
        if speaker == rename.speaker:
            speaker = rename.to
    return speaker


def _speaker_names(transcript: Transcript, renames: Sequence[RenameEdit]) -> dict[str, str]:
    named = transcript.speaker_names
    speakers = {each.speaker for each in transcript.segments if each.speaker}
    speakers |= {each.speaker for each in transcript.turns}
    labels = {*named, *(speakers - set(named.values()))}
    found = {label: _called(named.get(label, label), renames) for label in sorted(labels)}
    return named | {
        label: name
        for label, name in found.items()
        if name is not None and name != named.get(label, label)
    }


def _turns(turns: Sequence[SpeakerTurn], revised: Revised) -> list[SpeakerTurn]:
    """Return who spoke when: renamed, and where a person said it, as they said."""
    called = {
        speaker: _called(speaker, revised.renames) or ""
        for speaker in dict.fromkeys(turn.speaker for turn in turns)
    }
    found = [msgspec.structs.replace(turn, speaker=called[turn.speaker]) for turn in turns]
    if not found:
        return []
    said = list(
        _uppermost(
            [
                SpeakerTurn(start=each.start, end=each.end, speaker=each.speaker)
                for each in (piece.segment for piece in revised.pieces if piece.placed)
                if each.speaker
            ]
        )
    )
    left = [part for turn in found for part in _without(turn, said)]
    return sorted([*left, *said], key=lambda turn: turn.start)


def _uppermost(turns: Sequence[SpeakerTurn]) -> Iterator[SpeakerTurn]:
    """Yield, in order of time, what is left of turns when each hides what lies below it.

    Args:
        turns: Each lies on those before it.
    """
    starts = deque(sorted(range(len(turns)), key=lambda at: turns[at].start))
    going: list[int] = []  # a heap of negated positions, the uppermost first
    shown, since = -1, 0.0
    for now in sorted({time for turn in turns for time in (turn.start, turn.end)}):
        while starts and turns[starts[0]].start <= now:
            heappush(going, -starts.popleft())
        while going and turns[-going[0]].end <= now:
            heappop(going)
        upper = -going[0] if going else -1
        if upper != shown:
            if shown >= 0:
                yield msgspec.structs.replace(turns[shown], start=since, end=now)
            shown, since = upper, now


def _without(turn: SpeakerTurn, said: Sequence[SpeakerTurn]) -> Iterator[SpeakerTurn]:
    """Yield what is left of a turn outside of others, which are in order and do not overlap."""
    start = turn.start
    for at in range(bisect_right(said, start, key=lambda one: one.end), len(said)):
        other = said[at]
        if other.start >= turn.end:
            break
        if start < other.start:
            yield msgspec.structs.replace(turn, start=start, end=other.start)
        start = max(start, other.end)
    if start < turn.end or start == turn.start:
        yield msgspec.structs.replace(turn, start=start)
