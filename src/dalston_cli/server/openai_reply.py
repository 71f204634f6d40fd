"""Transcripts in the shapes that OpenAI's clients read."""

from collections.abc import Iterator
from typing import Any

from starlette.responses import Response

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.server.errors import answer
from dalston_cli.server.openai_request import AudioRequest
from dalston_sdk.wire import Segment, Transcript

_SUBTITLES = {"srt": "application/x-subrip", "vtt": "text/vtt"}


def reply_to(request: AudioRequest, transcript: Transcript, render: RenderOptions) -> Response:
    """Return the answer to a request that is not streamed.

    Raises:
        WordsMissingError: Words are asked for, and the transcript has none.
    """
    if request.words and (error := WRITERS["ctm"].unmet_need(transcript)):
        raise error
    if request.reply == "text":
        return Response(transcript.text + "\n", media_type="text/plain")
    if request.reply in _SUBTITLES:
        text = WRITERS[request.reply].text(transcript, render)
        return Response(text, media_type=_SUBTITLES[request.reply])
    if request.reply == "verbose_json":
        return answer(_verbose(request, transcript))
    if request.reply == "diarized_json":
        return answer(_diarized(request, transcript))
    return answer({"text": transcript.text, "usage": _usage(transcript)})


def diarized_segment(number: int, segment: Segment) -> dict[str, object]:
    """Return one segment with its speaker, as an event and in a whole answer."""
    return {
        "type": "transcript.text.segment",
        "id": f"seg_{number:03}",
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "speaker": segment.speaker or "",
    }


def english_name(tag: str | None) -> str:
    """Return a language's name in English in lower case, as whisper writes it."""
    if tag is None:
        return "unknown"
    import langcodes  # noqa: PLC0415 - for this alone

    return langcodes.Language.get(tag).display_name("en").lower()


def _verbose(request: AudioRequest, transcript: Transcript) -> dict[str, object]:
    body: dict[str, object] = {
        "task": request.task,
        "language": english_name("en" if request.task == "translate" else transcript.language),
        "duration": transcript.recording.duration_s,
        "text": transcript.text,
        "usage": _usage(transcript),
    }
    if request.segments:
        body["segments"] = [_segment(number, each) for number, each in _numbered(transcript)]
    if request.words:
        body["words"] = [
            {"word": word.text.strip(), "start": word.start, "end": word.end}
            for segment in transcript.segments
            for word in segment.words
        ]
    return body


def _segment(number: int, segment: Segment) -> dict[str, Any]:
    """Return a segment; what the engine does not tell is null, and tokens are not kept."""
    return {
        "id": number,
        "seek": round(segment.start * 100),
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": [],
        "temperature": segment.temperature,
        "avg_logprob": segment.avg_logprob,
        "compression_ratio": segment.compression_ratio,
        "no_speech_prob": segment.no_speech_prob,
    }


def _diarized(request: AudioRequest, transcript: Transcript) -> dict[str, object]:
    return {
        "task": request.task,
        "duration": transcript.recording.duration_s,
        "text": transcript.text,
        "segments": [diarized_segment(number, each) for number, each in _numbered(transcript)],
        "usage": _usage(transcript),
    }


def _numbered(transcript: Transcript) -> Iterator[tuple[int, Segment]]:
    return enumerate(each for each in transcript.segments if each.text.strip())


def _usage(transcript: Transcript) -> dict[str, object]:
    return {"type": "duration", "seconds": transcript.recording.duration_s}
