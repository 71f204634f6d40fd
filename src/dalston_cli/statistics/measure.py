"""Measures one transcript; pure.

* *Speech* of a speaker is the union of the speaker's turns, as diarization or the channels gave
  them; of a speaker without turns, the union of the segments.
* *Silence* is the time of the recording without speech, without what was left out of it.
* *Overlap* is the time in which two or more speakers speak.
* *Words per minute* are of a speaker's own speech; pauses and the speech of others do not count.
* The share of an *emotion* is that of the time of the segments that have one.

Reference:
    pyannote.core, ``Annotation.label_duration`` and ``get_overlap``, which give the same times.
    ``floor`` for turns and what follows from them, with its sources.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from dalston_cli.statistics.floor import Floor, floor_of
from dalston_cli.statistics.intervals import (
    Interval,
    common,
    covered_twice,
    merged,
    total_s,
    without,
)
from dalston_cli.statistics.sums import Sums, add_amount
from dalston_cli.statistics.words import Words, words_in
from dalston_sdk.wire import RecordingInfo, Segment, Transcript

UNNAMED = ""
"""The speaker of what has none."""

Speech = Mapping[str, Sequence[Interval]]


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What one recording amounts to.

    Attributes:
        speakers: By label or name, in the order in which they begin.
        speech: Merged intervals of each speaker.
        latency_medians_s: Of each speaker with answers.
        latency_median_s: Of all answers; None without one.
        start_s: Where the part that was transcribed begins.
    """

    whole: Sums
    speakers: Mapping[str, Sums]
    speech: Speech
    latency_medians_s: Mapping[str, float]
    latency_median_s: float | None
    start_s: float


def measure(transcript: Transcript) -> Measures:
    """Return the statistics of a transcript."""
    speech = _speech(transcript)
    floor = floor_of(speech)
    speakers = {speaker: _speaker_sums(speaker, speech, floor) for speaker in speech}
    for segment in transcript.segments:
        _add_segment(speakers, segment)
    whole = _whole(transcript, speech, speakers)
    for sums in speakers.values():
        sums.all_talk_s, sums.duration_s = whole.all_talk_s, whole.duration_s
    latencies = {
        speaker: [each.latency_s for each in floor.changes if each.speaker == speaker]
        for speaker in speech
    }
    every = [each.latency_s for each in floor.changes]
    return Measures(
        whole=whole,
        speakers=speakers,
        speech=speech,
        latency_medians_s={name: median(each) for name, each in latencies.items() if each},
        latency_median_s=median(every) if every else None,
        start_s=transcript.recording.clip_start or 0.0,
    )


def _whole(transcript: Transcript, speech: Speech, speakers: Mapping[str, Sums]) -> Sums:
    whole = Sums()
    for sums in speakers.values():
        whole.add(sums)
    place = transcribed(transcript.recording)
    talk = merged(each for one in speech.values() for each in one)
    whole.recordings, whole.speakers = 1, len(speakers)
    whole.duration_s = total_s(place)
    whole.all_talk_s, whole.talk_s = whole.spoken_s, total_s(talk)
    whole.silence_s = max(0.0, whole.duration_s - total_s(common(talk, place)))
    whole.overlap_s = total_s(covered_twice(speech.values()))
    for event in transcript.events:
        add_amount(whole.events, event.label, 1)
        add_amount(whole.event_s, event.label, event.end - event.start)
    return whole


def _speech(transcript: Transcript) -> Speech:
    found: dict[str, list[Interval]] = {}
    for turn in transcript.turns:
        found.setdefault(turn.speaker, []).append(Interval(turn.start, turn.end))
    with_turns = set(found)
    for segment in transcript.segments:
        speaker = segment.speaker or UNNAMED
        if speaker not in with_turns and segment.text.strip():
            found.setdefault(speaker, []).append(Interval(segment.start, segment.end))
    united = {speaker: merged(intervals) for speaker, intervals in found.items()}
    speaking = [speaker for speaker, intervals in united.items() if intervals]
    return {speaker: united[speaker] for speaker in sorted(speaking, key=lambda one: united[one])}


def _speaker_sums(speaker: str, speech: Speech, floor: Floor) -> Sums:
    own = speech[speaker]
    others = merged(each for one, said in speech.items() if one != speaker for each in said)
    turns = [each.end - each.start for each in floor.turns if each.speaker == speaker]
    changes = [each for each in floor.changes if each.speaker == speaker]
    return Sums(
        recordings=1,
        speakers=1,
        talk_s=total_s(own),
        spoken_s=total_s(own),
        overlap_s=total_s(common(own, others)),
        turns=len(turns),
        turn_s=sum(turns),
        turn_longest_s=max(turns, default=0.0),
        interruptions=sum(each.is_interruption for each in changes),
        backchannels=sum(each.speaker == speaker for each in floor.backchannels),
        answers=len(changes),
        latency_s=sum(each.latency_s for each in changes),
    )


def _add_segment(speakers: Mapping[str, Sums], segment: Segment) -> None:
    """Add a segment's words to those who said them, and its emotion to its speaker."""
    for speaker, words in _words(segment):
        if speaker in speakers:
            speakers[speaker].words = speakers[speaker].words.plus(words)
    speaker = segment.speaker or UNNAMED
    if segment.emotion and speaker in speakers:
        label, seconds = segment.emotion.label, segment.end - segment.start
        add_amount(speakers[speaker].emotions, label, seconds)


def _words(segment: Segment) -> Iterator[tuple[str, Words]]:
    """Yield who said how many words: by the words' speakers where they have some."""
    if any(word.speaker for word in segment.words):
        for word in segment.words:
            yield word.speaker or segment.speaker or UNNAMED, words_in(word.text)
    else:
        yield segment.speaker or UNNAMED, words_in(segment.text)


def transcribed(recording: RecordingInfo) -> list[Interval]:
    """Return the parts of a recording that were transcribed."""
    start = recording.clip_start or 0.0
    whole = [Interval(start, start + recording.duration_s)]
    return without(whole, merged(Interval(*each) for each in recording.left_out))
