"""Decoding of parts of a recording, each alone, beside the rest of it.

A part is what only the second look found, or what Whisper passed over. None depends on another, so
they are decoded in threads of their own: while one is encoded, the windows of others are decoded.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, Self

from faster_whisper import WhisperModel
from faster_whisper.transcribe import restore_speech_timestamps
from segments import convert
from sharing import Windows

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.errors import CancelledError
from dalston_sdk.wire import Segment, SpeechRegion

log = logging.getLogger("dalston.engine")

_LEFT_OUT = ("initial_prompt", "hotwords", "prefix", "batch_size")
_AT_ONCE = 4


class PartDecoder:
    """Decodes a part of a recording alone and without a prompt; times are the recording's."""

    def __init__(
        self,
        audio: Samples,
        arguments: Mapping[str, Any],
        *,
        language: str,
        text_language: str,
    ) -> None:
        """Create a decoder for one recording.

        Args:
            audio: The whole of it.
            arguments: Of the library's ``transcribe``, as the rest of the recording is decoded.
            language: Whisper's code of what is spoken.
            text_language: Of the text.
        """
        self._arguments = {
            name: value for name, value in arguments.items() if name not in _LEFT_OUT
        }
        self._audio = audio
        self._language = language
        self._text_language = text_language

    def __call__(self, whisper: WhisperModel, region: SpeechRegion) -> list[Segment]:
        """Return the segments of one region; ids count from 0."""
        part = {"start": int(region.start * SAMPLE_RATE), "end": int(region.end * SAMPLE_RATE)}
        found, _ = whisper.transcribe(
            self._audio[part["start"] : part["end"]],
            vad_filter=False,
            language=self._language,
            **self._arguments,
        )
        restored = restore_speech_timestamps(found, [part], SAMPLE_RATE)
        return list(
            convert(restored, regions=[region], duration_s=region.end, language=self._text_language)
        )


class PartsDecoder:
    """Decodes parts in threads of its own, which end with it.

    On a GPU, where windows that are decoded together can have other results, there are none.
    """

    def __init__(
        self,
        decode: PartDecoder,
        share: Callable[[], AbstractContextManager[WhisperModel]],
        windows: Windows,
        *,
        at_once: bool,
    ) -> None:
        """Create a decoder for one recording.

        Args:
            decode: Decodes one part.
            share: Gives a thread the model.
            windows: Gathers the windows of all threads.
            at_once: False decodes one part after the other.
        """
        self._decode = decode
        self._share = share
        self._windows = windows
        self._threads = ThreadPoolExecutor(_AT_ONCE) if at_once else None
        self._begun: dict[SpeechRegion, Future[list[Segment]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._threads is not None:
            with self._windows.pausing():
                self._threads.shutdown(cancel_futures=True)

    def begin(self, regions: Sequence[SpeechRegion]) -> None:
        """Begin to decode parts that will be asked for."""
        if self._threads is not None:
            for region in regions:
                self._begun[region] = self._threads.submit(self._decoded, region)

    def decode_all(self, regions: Sequence[SpeechRegion]) -> list[list[Segment]]:
        """Return the segments of each part, those of parts that were begun before, too."""
        self.begin([region for region in regions if region not in self._begun])
        with self._windows.pausing():
            return [self._outcome(region) for region in regions]

    def decode_one(self, region: SpeechRegion) -> list[Segment]:
        """Return the segments of one part, decoded in this thread."""
        with self._windows.pausing():
            return self._decoded(region)

    def _outcome(self, region: SpeechRegion) -> list[Segment]:
        if region in self._begun:
            try:
                return self._begun[region].result()
            except CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - such as too little memory for all at once
                log.warning("a part of a recording is decoded again, alone: %s", error)
        return self._decoded(region)

    def _decoded(self, region: SpeechRegion) -> list[Segment]:
        with self._share() as whisper:
            return self._decode(whisper, region)
