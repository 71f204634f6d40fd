"""Transcribe: audio becomes segments of text."""

from dalston_cli.stages.base import Inputs, Stage
from dalston_sdk.wire import ModelRef, TranscribeOptions, TranscribeRequest, TranscribeResult
from dalston_sdk.wire import Stage as StageKind


class Transcribe(Stage[TranscribeOptions, TranscribeResult]):
    """The one stage that every recording goes through."""

    name = "transcribe"
    kind = StageKind.TRANSCRIBE
    verb = "transcribe"
    options = TranscribeOptions
    result = TranscribeResult
    optional = False

    def request(
        self, model: ModelRef, options: TranscribeOptions, inputs: Inputs
    ) -> TranscribeRequest:
        """Ask for the text of the audio."""
        del inputs
        return TranscribeRequest(model=model, options=options)


TRANSCRIBE = Transcribe()


def text_language(options: TranscribeOptions, spoken: str | None) -> str | None:
    """Return the language of the text: a translation is in English, whatever is spoken."""
    return "en" if options.task == "translate" else spoken


def has_good_word_times(result: TranscribeResult) -> bool:
    """Return True if every segment with text has words, in order, none of them without length."""
    for segment in result.segments:
        if not segment.text:
            continue
        if not segment.words:
            return False
        last = 0.0
        for word in segment.words:
            if not last <= word.start < word.end:
                return False
            last = word.start
    return True
