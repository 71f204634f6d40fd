"""Text of the prompt that a decoder of Whisper's kind wrote as if it had been said.

What may be such text is decoded once more without the prompt: what is then not heard was not said.
"""

from collections.abc import Callable, Iterable, Iterator
from difflib import SequenceMatcher

from dalston_sdk.wire import Notice, Segment, SpeechRegion, Stage, TranscribeOptions

_RUN = 4
"""So many words that follow each other in the prompt too are checked."""

_SPOKEN = 0.5
"""The share of letters that a text has in common with what is heard without the prompt."""

_MARGIN_S = 0.2
"""Audio around a segment, whose times may be a little too narrow."""

_SHOWN = 60


class EchoFilter:
    """Replaces text of the prompt by what is heard without it.

    Attributes:
        notices: One for each segment that was replaced.
    """

    def __init__(
        self,
        options: TranscribeOptions,
        decode: Callable[[SpeechRegion], list[Segment]],
        *,
        duration_s: float,
    ) -> None:
        """Create a filter for one request.

        Args:
            options: The request's, as they are used.
            decode: Decodes a part of the recording without a prompt.
            duration_s: Length of the recording; seconds.
        """
        self._prompt = " ".join(filter(None, (*(options.hotwords or ()), options.initial_prompt)))
        self._decode = decode
        self._duration_s = duration_s
        self.notices: list[Notice] = []

    def checked(self, segments: Iterable[Segment]) -> Iterator[Segment]:
        """Yield each segment that was said, and what is heard instead of the others."""
        earliest = 0.0
        for segment in segments:
            for each in self._check(segment, earliest):
                earliest = each.end
                yield each

    def _check(self, segment: Segment, earliest: float) -> list[Segment]:
        if not may_echo(segment.text, self._prompt):
            return [segment]
        region = SpeechRegion(
            start=max(min(earliest, segment.start), segment.start - _MARGIN_S),
            end=min(max(self._duration_s, segment.end), segment.end + _MARGIN_S),
        )
        heard = self._decode(region)
        if was_said(segment.text, " ".join(each.text for each in heard)):
            return [segment]
        self.notices.append(_removed(segment))
        return heard


def may_echo(text: str, prompt: str) -> bool:
    """Return True if a text may be the prompt and not what was said.

    That is: all of it stands in the prompt, or four words of it that follow each other.
    """
    said, given = _words(text), _words(prompt)
    size = min(len(said), _RUN)
    runs = {tuple(given[first : first + size]) for first in range(len(given) - size + 1)}
    return size > 0 and any(
        tuple(said[first : first + size]) in runs for first in range(len(said) - size + 1)
    )


def was_said(text: str, without_prompt: str) -> bool:
    """Return True if a text is what is heard without the prompt too, give or take the spelling."""
    one, other = "".join(_words(text)), "".join(_words(without_prompt))
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _SPOKEN


def _removed(segment: Segment) -> Notice:
    text = segment.text if len(segment.text) <= _SHOWN else f"{segment.text[: _SHOWN - 1]}…"
    return Notice(
        code="prompt_echo",
        message=f'"{text}" is text of the prompt and is not heard without it: it was left out.',
        stage=Stage.TRANSCRIBE.value,
        start=segment.start,
        end=segment.end,
    )


def _words(text: str) -> list[str]:
    return "".join(each if each.isalnum() else " " for each in text.casefold()).split()
