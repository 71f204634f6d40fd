"""Refine: a language model cleans up the text."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from dalston_cli.formats.script import joined
from dalston_cli.stages.base import Found, Inputs, Stage
from dalston_cli.stages.origin import origin, with_origin
from dalston_sdk import wire

OVERVIEW_FIELDS = ("title", "summary", "chapters", "action_items")
"""Texts about a text, as settings and options on the wire call them."""


class Refine(Stage[wire.RefineOptions, wire.RefineResult]):
    """Works on the merged transcript, and needs no audio."""

    name = "refine"
    kind = wire.Stage.REFINE
    verb = "refine"
    options = wire.RefineOptions
    result = wire.RefineResult
    wants_audio = False
    costs_money = True

    def request(
        self, model: wire.ModelRef, options: wire.RefineOptions, inputs: Inputs
    ) -> wire.RefineRequest:
        """Send the segments without what the language model has no use for."""
        return wire.RefineRequest(
            model=model, language=inputs.language, segments=shown(inputs.segments), options=options
        )

    def upstream(self, inputs: Inputs) -> tuple[str, ...]:
        """Return the text itself: with other word times or emotions, nothing is paid again."""
        return (msgspec.json.encode((inputs.language, shown(inputs.segments))).decode(),)

    def contribute(
        self, transcript: wire.Transcript, found: Sequence[Found[wire.RefineResult]]
    ) -> wire.Transcript:
        """Add what is new; the text as it was stays in ``raw_text``, times stay."""
        for each in found:
            transcript = _with(transcript, each.result)
        return transcript

    def describe(self, options: Struct) -> str:
        """Name what is written about the text, if that is what these options ask for."""
        written = [name.replace("_", " ") for name in OVERVIEW_FIELDS if getattr(options, name)]
        return ", ".join(written) or super().describe(options)


REFINE = Refine()


def shown(segments: Sequence[wire.Segment]) -> tuple[wire.Segment, ...]:
    """Return segments with what a language model gets of them."""
    return tuple(
        wire.Segment(
            id=each.id, start=each.start, end=each.end, text=each.text, speaker=each.speaker
        )
        for each in segments
    )


def _with(transcript: wire.Transcript, refined: wire.RefineResult) -> wire.Transcript:
    stage = REFINE.kind.value
    segments = tuple(_refined(segment, refined.texts) for segment in transcript.segments)
    if any(segment.raw_text is not None for segment in segments):
        transcript = with_origin(transcript, "text", origin(stage, transcript.stages))
    if refined.chapters and transcript.chapters:  # what was asked for takes precedence
        transcript = with_origin(transcript, "chapters", origin(stage, transcript.stages))
    notices = (msgspec.structs.replace(each, stage=stage) for each in refined.warnings)
    return msgspec.structs.replace(
        transcript,
        segments=segments,
        text=joined(segment.text for segment in segments),
        title=refined.title or transcript.title,
        summary=refined.summary or transcript.summary,
        chapters=refined.chapters or transcript.chapters,
        action_items=refined.action_items or transcript.action_items,
        warnings=(*transcript.warnings, *notices),
    )


def _refined(segment: wire.Segment, texts: dict[int, str]) -> wire.Segment:
    text = texts.get(segment.id, segment.text).strip()
    if text == segment.text:
        return segment
    return msgspec.structs.replace(segment, text=text, raw_text=segment.text)
