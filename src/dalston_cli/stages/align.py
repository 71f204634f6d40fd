"""Align: find each word's time for a text that is known."""

from collections.abc import Mapping, Sequence

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.stages.base import Inputs, Skip, Stage
from dalston_cli.stages.transcribe import TRANSCRIBE, has_good_word_times
from dalston_sdk.wire import AlignOptions, AlignRequest, AlignResult, ModelRef, TranscribeResult
from dalston_sdk.wire import Stage as StageKind


class Align(Stage[AlignOptions, AlignResult]):
    """Runs where the words' times are not good, with a model that covers the text's language."""

    name = "align"
    kind = StageKind.ALIGN
    verb = "align"
    options = AlignOptions
    result = AlignResult
    needs = (TRANSCRIBE,)
    same_model = True

    def request(self, model: ModelRef, options: AlignOptions, inputs: Inputs) -> AlignRequest:
        """Ask for the times of the words that were transcribed."""
        transcribed = inputs.results[TRANSCRIBE]
        return AlignRequest(
            model=model,
            language=transcribed.language or "und",
            segments=transcribed.segments,
            options=options,
        )

    def skipped(self, transcribing: ModelEntry, channels: str | int, *, required: bool) -> str:
        """Plan nothing where the transcribing model gives good times itself."""
        del channels
        if required or not transcribing.capabilities.word_timestamps:
            return ""
        if transcribing.is_assumed:
            return f"whether {transcribing.id} gives good word times is known once the hub is asked"
        return f"{transcribing.id} gives good word times itself"

    def pick(
        self, languages: Mapping[str, Sequence[str]], inputs: Inputs, *, required: bool
    ) -> str | Skip:
        """Choose the first model that covers the language, which only now is known."""
        transcribed = inputs.results[TRANSCRIBE]
        if not required and has_good_word_times(transcribed):
            return Skip(reason="the words have good times already")
        if not any(segment.text for segment in transcribed.segments):
            return Skip(reason="there is no text to align")
        able = (model for model, known in languages.items() if _covers(known, transcribed.language))
        return next(able, None) or Skip(reason=_why_impossible(transcribed, languages))


ALIGN = Align()


def _why_impossible(transcribed: TranscribeResult, languages: Mapping[str, Sequence[str]]) -> str:
    if transcribed.language is None:
        return "the language of the text is not known"
    if len(languages) == 1:
        model = next(iter(languages))
        return f"the model {model} does not cover the language {transcribed.language}"
    return f"none of {', '.join(languages)} covers the language {transcribed.language}"


def _covers(languages: Sequence[str], language: str | None) -> bool:
    if not languages:
        return True
    return language is not None and not {language, language.partition("-")[0]}.isdisjoint(languages)
