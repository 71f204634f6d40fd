"""Translate: the text of the finished transcript in other languages."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from dalston_cli.stages.base import Found, Inputs, Stage, typed
from dalston_cli.stages.origin import origin, with_origin
from dalston_cli.stages.refine import REFINE, shown
from dalston_sdk import wire


class Translate(Stage[wire.TranslateOptions, wire.TranslateResult]):
    """Works on the merged transcript, after it was cleaned up, and needs no audio."""

    name = "translate"
    kind = wire.Stage.TRANSLATE
    verb = "translate"
    options = wire.TranslateOptions
    result = wire.TranslateResult
    needs = (REFINE,)
    wants_audio = False
    costs_money = True

    def request(
        self, model: wire.ModelRef, options: wire.TranslateOptions, inputs: Inputs
    ) -> wire.TranslateRequest:
        """Send the segments without what the model has no use for."""
        return wire.TranslateRequest(
            model=model, language=inputs.language, segments=shown(inputs.segments), options=options
        )

    def upstream(self, inputs: Inputs) -> tuple[str, ...]:
        """Return the text itself: with other word times or emotions, nothing is paid again."""
        return (msgspec.json.encode((inputs.language, shown(inputs.segments))).decode(),)

    def contribute(
        self, transcript: wire.Transcript, found: Sequence[Found[wire.TranslateResult]]
    ) -> wire.Transcript:
        """Give each segment its translations; text and times stay."""
        stage = self.kind.value
        for each in found:
            segments = tuple(_with(segment, each.result) for segment in transcript.segments)
            if any(segment.translations for segment in segments):
                transcript = with_origin(
                    transcript, "translations", origin(stage, transcript.stages)
                )
            notices = (msgspec.structs.replace(one, stage=stage) for one in each.result.warnings)
            transcript = msgspec.structs.replace(
                transcript, segments=segments, warnings=(*transcript.warnings, *notices)
            )
        return transcript

    def describe(self, options: Struct) -> str:
        """Name the languages."""
        languages = typed(options, wire.TranslateOptions).languages or ()
        return f"its translation into {', '.join(languages)}"


TRANSLATE = Translate()


def _with(segment: wire.Segment, result: wire.TranslateResult) -> wire.Segment:
    found = {
        language: texts[segment.id]
        for language, texts in result.texts.items()
        if segment.id in texts
    }
    if not found:
        return segment
    return msgspec.structs.replace(segment, translations={**segment.translations, **found})
