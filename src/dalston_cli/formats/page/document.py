"""What the page shows of a transcript, as plain values that JSON can hold."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dalston_cli.control_characters import without_controls
from dalston_cli.formats.document import facts_of
from dalston_cli.formats.options import Heights
from dalston_cli.formats.overview import heading_of
from dalston_cli.formats.script import clean
from dalston_sdk.wire import Segment, SpeakerTurn, Transcript, Word

PAGE_VERSION = 1
"""Version of the document; the page refuses another."""


def page_document(
    transcript: Transcript,
    *,
    editable: bool = False,
    audio: str | None = None,
    revision: int = 0,
    times: bool = True,
    waveform: Heights | None = None,
) -> dict[str, Any]:
    """Return the document of a transcript.

    Args:
        transcript: Segments are named ``s0``, ``s1`` and so on, by their position.
        editable: The page offers corrections, which a server takes.
        audio: Address of the recording, relative to the page; None for none.
        revision: Number of corrections that are in it already.
        times: The page shows the time before each segment.
        waveform: Heights from 0 to 255, and how many each second has; None for none.
    """
    return {
        "version": PAGE_VERSION,
        "id": transcript.key or transcript.recording.digest,
        "title": clean(heading_of(transcript)),
        "language": transcript.language,
        "duration": _seconds(transcript.recording.duration_s),
        "revision": revision,
        "editable": editable,
        "times": times,
        "audio": audio,
        "speakers": page_speakers(transcript.segments),
        "segments": [
            corrected_segment(segment, f"s{index}")
            for index, segment in enumerate(transcript.segments)
        ],
        "events": [
            {
                "start": _seconds(event.start),
                "end": _seconds(event.end),
                "label": clean(event.label),
                "score": round(event.score, 3),
            }
            for event in transcript.events
        ],
        "overlaps": list(overlaps(transcript.turns)),
        **_overview(transcript),
        "facts": [list(row) for row in dict.fromkeys(facts_of(transcript))],
        "notes": [clean(warning.message) for warning in transcript.warnings],
        "peaks": waveform and list(waveform[0]),
        "peaks_per_second": waveform and waveform[1],
    }


def page_speakers(segments: Iterable[Segment]) -> list[dict[str, Any]]:
    """Return the speakers in the order of their first segments; each has a colour's number."""
    names = dict.fromkeys(segment.speaker for segment in segments if segment.speaker)
    return [
        {"id": name, "name": clean(name) or name, "color_index": index}
        for index, name in enumerate(names)
    ]


def page_segment(
    segment: Segment, name: str, *, checked: bool = False, human: Sequence[bool] | bool = False
) -> dict[str, Any]:
    """Return one segment.

    Args:
        segment: What it holds.
        name: Its id.
        checked: A person has said that it is right.
        human: For each word, or for all of them, whether a person wrote it.
    """
    by_hand = [human] * len(segment.words) if isinstance(human, bool) else list(human)
    emotion = segment.emotion and clean(segment.emotion.label)
    return {
        "id": name,
        "start": _seconds(segment.start),
        "end": _seconds(segment.end),
        "speaker": segment.speaker,
        "text": without_controls(segment.text).strip(),
        "emotion": emotion if emotion not in {"", "unknown"} else None,
        "doubtful": segment.doubtful is not None,
        "checked": checked,
        "human": human if isinstance(human, bool) else any(human),
        "words": [
            _word(word, human=by_person)
            for word, by_person in zip(segment.words, by_hand, strict=True)
        ],
    }


def corrected_segment(segment: Segment, name: str) -> dict[str, Any]:
    """Return one segment, with what people did to it."""
    by_hand = [word.human for word in segment.words]
    shown = page_segment(segment, name, checked=segment.checked, human=by_hand)
    return shown | {"human": segment.human}


def overlaps(turns: Sequence[SpeakerTurn]) -> Iterator[list[float]]:
    """Yield start and end of each time in which several speakers speak."""
    edges = [(turn.start, 1, turn.speaker) for turn in turns]
    edges += [(turn.end, -1, turn.speaker) for turn in turns]
    speaking: Counter[str] = Counter()
    since: float | None = None
    for time, change, speaker in sorted(edges):
        speaking[speaker] += change
        several = sum(count > 0 for count in speaking.values()) > 1
        if several and since is None:
            since = time
        elif not several and since is not None:
            if time > since:
                yield [_seconds(since), _seconds(time)]
            since = None


def _overview(transcript: Transcript) -> dict[str, Any]:
    """Return what a language model wrote."""
    return {
        "summary": transcript.summary and without_controls(transcript.summary),
        "chapters": [
            {
                "start": _seconds(chapter.start),
                "title": clean(chapter.title),
                "summary": clean(chapter.summary or "") or None,
            }
            for chapter in transcript.chapters
        ],
        "action_items": [
            {
                "start": _seconds(item.start),
                "text": clean(item.text),
                "owner": clean(item.owner or "") or None,
            }
            for item in transcript.action_items
        ],
    }


def _word(word: Word, *, human: bool) -> dict[str, Any]:
    """Return a word; its text begins with the white space before it, if there is any."""
    confidence = word.confidence
    return {
        "start": _seconds(word.start),
        "end": _seconds(word.end),
        "text": without_controls(word.text),
        "probability": None if confidence is None else round(confidence, 3),
        "human": human,
    }


def _seconds(time_s: float) -> float:
    return round(time_s, 3)
