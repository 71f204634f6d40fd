"""Redacts a transcript: what is not known to be free of names is looked at, or left out.

The result is built of fields that are named here, so that a field which is added to transcripts is
left out until it is named, too. Left out are the manifest's columns, comparisons of voices, texts
before refinement, translations, names of speakers beside their labels, digests of the recording,
and the options of stages that are text.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import Struct

from dalston_cli.formats.script import joined
from dalston_cli.formats.speakers import is_label
from dalston_cli.redaction.finding import Kind
from dalston_cli.redaction.names import Names
from dalston_cli.redaction.pseudonyms import Pseudonyms
from dalston_cli.redaction.rules import Rules
from dalston_cli.redaction.segments import Span, redacted_segments
from dalston_sdk.wire import (
    ActionItem,
    Chapter,
    Notice,
    Origin,
    RecordingInfo,
    Segment,
    StageRecord,
    Transcript,
)

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Redacted(Struct, frozen=True, kw_only=True):
    """A redacted transcript, and what is to be known of it.

    Attributes:
        originals: What each pseudonym stands for.
        counts: How often each kind was replaced.
        spans: When what was replaced is said.
        absent: People who were listed and are not in it, by their first spelling.
    """

    transcript: Transcript
    originals: dict[str, str]
    counts: dict[str, int]
    spans: tuple[Span, ...]
    stem: str
    absent: frozenset[str]


def redact(
    transcript: Transcript, people: Sequence[Sequence[str]], wanted: Rules, stem: str
) -> Redacted:
    """Return a transcript without names, numbers and addresses, as far as the rules find them.

    Args:
        transcript: The transcript.
        people: Spellings of names beside those of the speakers.
        wanted: The rules; their names are those of ``people``.
        stem: The name of its file, which is redacted, too.
    """
    rules = _with_speakers(transcript, people, wanted)
    pseudonyms = Pseudonyms()
    segments, spans = redacted_segments(transcript.segments, rules, pseudonyms)
    own = _Redaction(rules, pseudonyms)
    found = Transcript(
        version=transcript.version,
        recording=own.recording(transcript.recording),
        status=transcript.status,
        text=joined(segment.text for segment in segments),
        language=transcript.language,
        segments=tuple(own.segment(each) for each in segments),
        language_scores=transcript.language_scores,
        speech_regions=transcript.speech_regions,
        turns=tuple(
            msgspec.structs.replace(each, speaker=own.speaker(each.speaker))
            for each in transcript.turns
        ),
        events=transcript.events,
        title=own.text(transcript.title),
        summary=own.text(transcript.summary),
        chapters=tuple(own.chapter(each) for each in transcript.chapters),
        action_items=tuple(own.action_item(each) for each in transcript.action_items),
        suppressed=tuple(
            msgspec.structs.replace(each, text=own.sure_text(each.text))
            for each in transcript.suppressed
        ),
        warnings=tuple(own.notice(each) for each in transcript.warnings),
        stages=tuple(own.stage(each) for each in transcript.stages),
        provenance={
            part: tuple(own.origin(each) for each in origins)
            for part, origins in transcript.provenance.items()
        },
        generator=transcript.generator,
    )
    new_stem = own.file_name(stem)
    return Redacted(
        transcript=found,
        originals=pseudonyms.originals,
        counts={str(kind): number for kind, number in pseudonyms.counts.items()},
        spans=tuple(spans),
        stem=new_stem,
        absent=frozenset(
            each[0] for each in people if not pseudonyms.has_person(rules.names.person(each[0]))
        ),
    )


def _with_speakers(transcript: Transcript, people: Sequence[Sequence[str]], rules: Rules) -> Rules:
    speakers = {each.speaker for each in transcript.segments}
    speakers |= {each.speaker for each in transcript.turns}
    speakers |= {word.speaker for each in transcript.segments for word in each.words}
    speakers |= set(transcript.speaker_names.values())
    speakers |= {item.owner for item in transcript.action_items}
    speakers |= {track.speaker for track in transcript.recording.tracks}
    for match in transcript.speaker_matches:
        speakers |= {match.name, match.nearest, match.second}
    named = sorted(each for each in speakers if each and not is_label(each))
    names = Names([*people, *([name] for name in named)])
    return Rules(names=names, kinds=rules.kinds, region=rules.region)


class _Redaction:
    """Redacts the parts of one transcript."""

    def __init__(self, rules: Rules, pseudonyms: Pseudonyms) -> None:
        self._rules = rules
        self._names = replace(rules, kinds={Kind.NAME} & {*rules.kinds})
        self._pseudonyms = pseudonyms

    def text(self, text: str | None) -> str | None:
        return None if text is None else self._pseudonyms.replaced(text, self._rules)

    def sure_text(self, text: str) -> str:
        return self._pseudonyms.replaced(text, self._rules)

    def speaker(self, speaker: str) -> str:
        if is_label(speaker) or Kind.NAME not in self._rules.kinds:
            return speaker
        person = self._rules.names.person(speaker)
        return self._pseudonyms.named(Kind.NAME, person, speaker)

    def maybe_speaker(self, speaker: str | None) -> str | None:
        return None if speaker is None else self.speaker(speaker)

    def segment(self, segment: Segment) -> Segment:
        words = tuple(
            msgspec.structs.replace(word, speaker=self.maybe_speaker(word.speaker))
            for word in segment.words
        )
        return msgspec.structs.replace(
            segment,
            speaker=self.maybe_speaker(segment.speaker),
            words=words,
            doubtful=self.text(segment.doubtful),
        )

    def recording(self, info: RecordingInfo) -> RecordingInfo:
        return msgspec.structs.replace(
            info,
            name=self.file_name(info.name),
            digest="",
            columns={},
            title=self.text(info.title),
            chapters=tuple(self.chapter(each) for each in info.chapters),
            tracks=tuple(
                msgspec.structs.replace(
                    each, file=self.file_name(each.file), speaker=self.speaker(each.speaker)
                )
                for each in info.tracks
            ),
        )

    def file_name(self, name: str) -> str:
        """Return a name or path in which words are also found where only a capital begins them."""
        apart = _CAPITAL.sub("_", name)
        found = self.sure_text(apart)
        return name if found == apart else found

    def model(self, model: str | None) -> str | None:
        """Return a model's name, which may be a path of a person's; its numbers are versions."""
        return None if model is None else self._pseudonyms.replaced(model, self._names)

    def origin(self, origin: Origin) -> Origin:
        return msgspec.structs.replace(origin, model=self.model(origin.model))

    def chapter(self, chapter: Chapter) -> Chapter:
        title, summary = self.sure_text(chapter.title), self.text(chapter.summary)
        return msgspec.structs.replace(chapter, title=title, summary=summary)

    def action_item(self, item: ActionItem) -> ActionItem:
        owner = self.maybe_speaker(item.owner)
        return msgspec.structs.replace(item, text=self.sure_text(item.text), owner=owner)

    def notice(self, notice: Notice) -> Notice:
        return msgspec.structs.replace(notice, message=self.sure_text(notice.message))

    def stage(self, stage: StageRecord) -> StageRecord:
        plain: dict[str, Any] = {
            name: value
            for name, value in stage.options.items()
            if isinstance(value, bool | int | float) or value is None
        }
        return msgspec.structs.replace(
            stage,
            reason=self.text(stage.reason),
            model=self.model(stage.model),
            options=plain,
            engine_fingerprint=None,
        )
