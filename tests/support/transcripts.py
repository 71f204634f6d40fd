"""Transcripts made for tests: fixed ones for the golden files, and small builders."""

from collections.abc import Mapping, Sequence

import msgspec

from dalston_sdk.wire import (
    TRANSCRIPT_VERSION,
    ActionItem,
    AudioEvent,
    Chapter,
    Emotion,
    Notice,
    RecordingInfo,
    Segment,
    SpeakerTurn,
    StageRecord,
    Transcript,
    Word,
)

MONOLOGUE_TEXTS = (
    "It was raining when we left the house, and nobody had thought of an umbrella.",
    (
        'We walked on, because the train would not wait. "Hurry up," said Dr. Smith, "or we are '
        'going to miss the concert that you have been talking about since January!"'
    ),
    "We did not miss it.",
)


def recording(name: str = "talk.wav", duration_s: float = 30.0) -> RecordingInfo:
    return RecordingInfo(
        name=name,
        digest="sha256:" + "0" * 64,
        duration_s=duration_s,
        sample_rate=16_000,
        num_channels=1,
        container="wav",
        codec="pcm_s16le",
    )


def spoken(
    text: str, start: float, end: float, *, confidence: float | None = None
) -> tuple[Word, ...]:
    """The words of a text with spaces, each with its share of the time, by letters."""
    parts = text.split()
    per_letter = (end - start) / sum(len(part) for part in parts)
    words = []
    for part in parts:
        stop = start + len(part) * per_letter
        words.append(
            Word(
                text=f" {part}",
                start=round(start, 3),
                end=round(stop, 3),
                confidence=confidence,
            )
        )
        start = stop
    return tuple(words)


def segments_of(texts: Mapping[int, str], speaker: str | None = None) -> tuple[Segment, ...]:
    """Segments without words; each begins at its id in seconds, and lasts for one."""
    return tuple(
        Segment(id=key, start=float(key), end=key + 1.0, text=text, speaker=speaker)
        for key, text in texts.items()
    )


def segment(
    text: str,
    start: float,
    end: float,
    *,
    number: int = 0,
    speaker: str | None = None,
) -> Segment:
    """A segment with words."""
    return Segment(
        id=number, start=start, end=end, text=text, words=spoken(text, start, end), speaker=speaker
    )


def transcript(segments: Sequence[Segment], *, duration_s: float = 30.0) -> Transcript:
    """A complete transcript of these segments."""
    return Transcript(
        version=TRANSCRIPT_VERSION,
        recording=recording(duration_s=duration_s),
        status="complete",
        text=" ".join(item.text for item in segments),
        language="en",
        segments=tuple(segments),
    )


def monologue() -> Transcript:
    """One speaker, words with confidence, three segments, the records of two stages."""
    times = ((0.5, 4.4), (4.9, 13.2), (15.8, 17.0))
    segments = tuple(
        Segment(
            id=index,
            start=start,
            end=end,
            text=text,
            words=spoken(text, start, end, confidence=0.875),
            language="en",
            confidence=0.875,
            avg_logprob=-0.25,
        )
        for index, (text, (start, end)) in enumerate(zip(MONOLOGUE_TEXTS, times, strict=True))
    )
    return Transcript(
        version=TRANSCRIPT_VERSION,
        recording=recording("talks/my monologue.wav", 18.25),
        status="complete",
        text=" ".join(MONOLOGUE_TEXTS),
        language="en",
        language_scores={"en": 0.75, "de": 0.25},
        segments=segments,
        stages=(
            StageRecord(stage="prepare", status="done", elapsed_s=0.125),
            StageRecord(
                stage="transcribe",
                status="done",
                engine="pocketsphinx",
                model="pocketsphinx-en-us",
                options={"word_timestamps": True},
                elapsed_s=2.5,
            ),
        ),
        generator="dalston 0",
    )


def dialogue() -> Transcript:
    """Two speakers who overlap, in Japanese and Arabic, with emoji; turns, emotion, an event."""
    japanese = (
        "こんにちは",
        "、",
        "今日",
        "は",
        "東京",
        "の",
        "図書館",
        "で",
        "本",
        "を",
        "読みました",
        "。",
    )
    arabic = "مرحبا، كيف حالك اليوم؟ أنا بخير 👍🏽 شكرا 👩‍👩‍👧"
    first = tuple(
        Word(
            text=text, start=(10 + index * 4) / 10, end=(14 + index * 4) / 10, speaker="SPEAKER_00"
        )
        for index, text in enumerate(japanese)
    )
    second = spoken(arabic, 5.5, 9.25)
    return Transcript(
        version=TRANSCRIPT_VERSION,
        recording=recording("対話.mp4", 12.0),
        status="partial",
        text="".join(japanese) + " " + arabic,
        language="ja",
        segments=(
            Segment(
                id=0,
                start=first[0].start,
                end=first[-1].end,
                text="".join(japanese),
                words=first,
                speaker="SPEAKER_00",
                channel=0,
                emotion=Emotion(label="happy", score=0.75),
            ),
            Segment(
                id=1,
                start=5.5,
                end=9.25,
                text=arabic,
                words=second,
                speaker="SPEAKER_01",
                channel=1,
                language="ar",
            ),
        ),
        turns=(
            SpeakerTurn(start=0.9, end=5.9, speaker="SPEAKER_00", confidence=0.5),
            SpeakerTurn(start=5.4, end=9.4, speaker="SPEAKER_01"),
        ),
        events=(AudioEvent(start=10.0, end=11.0, label="Applause", score=0.5),),
        warnings=(
            Notice(code="align_failed", message="words have the recogniser's times", stage="align"),
        ),
        stages=(StageRecord(stage="align", status="failed", reason="no model for ja"),),
        generator="dalston 0",
    )


def awkward() -> Transcript:
    """Segments without words, whose text looks like markup, a cue's times, a formula, a list."""
    texts = (
        '<b>bold</b> & {\\an8} <00:01> --> "quoted" \\N [link](x) `code` *stars* _lines_',
        "=1+2+cmd|' /C calc'!A0",
        "+44 20 7946 0000, @home",
        "- first\n\n2\n00:00:01,000 --> 00:00:02,000\tthen a tab",
        "1. not a list # nor a heading | nor a cell",
    )
    return Transcript(
        version=TRANSCRIPT_VERSION,
        recording=recording("odd | name <x> & y.wav", 25.0),
        status="complete",
        text=" ".join(texts),
        language=None,
        segments=tuple(
            Segment(id=index, start=index * 5.0, end=index * 5.0 + 3.5, text=text)
            for index, text in enumerate(texts)
        ),
        generator="dalston 0",
    )


def meeting() -> Transcript:
    """Two speakers, and what a language model wrote about them, some of which looks like markup."""
    said = (
        (0.5, "SPEAKER_00", "Good morning, let us begin with the doors."),
        (4.0, "SPEAKER_01", "They are green. I will paint them on Monday."),
        (9.5, "SPEAKER_00", "Then there is the garden."),
        (12.0, "SPEAKER_01", "Nobody knows who waters it."),
    )
    segments = tuple(
        segment(text, start, start + 2.0, number=number, speaker=speaker)
        for number, (start, speaker, text) in enumerate(said)
    )
    return msgspec.structs.replace(
        transcript(segments, duration_s=15.0),
        title="# Doors & *garden*",
        summary="- The doors are <b>green</b> and will be painted. [Nobody](x) waters the garden.",
        chapters=(
            Chapter(start=4.0, end=9.5, title="1. Doors", summary="Who paints them."),
            Chapter(start=9.5, end=14.0, title="The garden"),
        ),
        action_items=(
            ActionItem(start=4.0, end=6.0, text="Paint the doors.", owner="SPEAKER_01"),
            ActionItem(start=12.0, end=14.0, text="Water the `garden`."),
        ),
        stages=tuple(
            StageRecord(stage="refine", status="done", engine="llm-cleanup", model="some-model")
            for _ in range(2)
        ),
        generator="dalston 0",
    )


GOLDEN = {"monologue": monologue, "dialogue": dialogue, "awkward": awkward, "meeting": meeting}
"""Transcripts that ``tests/golden`` has in every format."""
