"""Transcribe: what goes into an engine, and how good what comes out of it is."""

from dalston_sdk.wire import ModelRef, TranscribeOptions, TranscribeRequest, TranscribeResult


def build_request(model: ModelRef, options: TranscribeOptions) -> TranscribeRequest:
    """The request that turns audio into segments."""
    return TranscribeRequest(model=model, options=options)


def text_language(options: TranscribeOptions, spoken: str | None) -> str | None:
    """The language that the text is in: what was translated is in English, whatever is spoken."""
    return "en" if options.task == "translate" else spoken


def has_good_word_times(result: TranscribeResult) -> bool:
    """Whether every segment with text has words, in order, each with a start before its end."""
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
