"""A known text on a recording's way: in the place of what was recognised, from transcription on."""

from typing import Any

from dalston_cli.known_text.placing import Placed, aligned, place
from dalston_cli.known_text.result import with_known_text
from dalston_cli.known_text.source import KnownTextSource
from dalston_cli.pipeline.aside import aside
from dalston_cli.pipeline.records.keys import make_key
from dalston_cli.stages.align import ALIGN
from dalston_cli.stages.base import Inputs, Stage
from dalston_cli.stages.merge.model import MergeInput
from dalston_cli.stages.transcribe import TRANSCRIBE
from dalston_sdk.wire import Transcript

VERSION = 1
"""Raised when the same text would be found elsewhere."""


class TextFinder:
    """Finds a known text in one recording."""

    def __init__(self, source: KnownTextSource) -> None:
        self._source = source
        self._placed: Placed | None = None

    async def follow(self, stage: Stage[Any, Any], inputs: Inputs, duration_s: float) -> None:
        """Put the text in the place of what was transcribed; mark what was aligned.

        Args:
            stage: The one that was done last.
            inputs: All results so far, with its own.
            duration_s: Length of the audio.

        Raises:
            TextNotFoundError: It is another text.
        """
        if stage is TRANSCRIBE:
            await self._find(inputs, duration_s)
        elif stage is ALIGN and self._placed is not None:
            inputs.results[ALIGN] = aligned(self._placed, inputs.results[ALIGN])

    async def _find(self, inputs: Inputs, duration_s: float) -> None:
        result = inputs.results[TRANSCRIBE]
        self._placed = await aside(duration_s, place, self._source, result, duration_s)
        inputs.results[TRANSCRIBE] = self._placed.result
        inputs.keys[TRANSCRIBE.name] = make_key(
            "known_text",
            version=VERSION,
            transcribed=inputs.keys[TRANSCRIBE.name],
            text=self._source.digest,
        )

    def told(self, transcript: Transcript, merge_input: MergeInput) -> Transcript:
        """Return a transcript that says where the text was found."""
        if self._placed is None:
            return transcript
        [channel] = merge_input.channels
        window = merge_input.window(channel)
        return with_known_text(transcript, self._source, self._placed, window)
