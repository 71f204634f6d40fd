"""What was recognised of a recording, token by token."""

from collections.abc import Iterable

from dalston_cli.known_text.tokens import tokens_of
from dalston_cli.review.words import timed_words
from dalston_sdk.wire import Segment


class Spoken:
    """The tokens that were recognised, in order.

    Attributes:
        texts: As they are compared.
        starts, ends: Seconds; tokens of one word share its time by their letters.
        exact: False where the time of the word is only computed.
    """

    def __init__(self, segments: Iterable[Segment]) -> None:
        self.texts: list[str] = []
        self.starts: list[float] = []
        self.ends: list[float] = []
        self.exact = bytearray()
        for segment in segments:
            for word in timed_words(segment):
                self._add(tokens_of(word.text), word.start, word.end, word.interpolated)

    def _add(self, texts: tuple[str, ...], start: float, end: float, computed: bool) -> None:  # noqa: FBT001 - private
        total = sum(map(len, texts))
        passed = 0
        for text in texts:
            self.texts.append(text)
            self.starts.append(start + (end - start) * passed / total)
            passed += len(text)
            self.ends.append(start + (end - start) * passed / total)
            self.exact.append(not computed)

    def __len__(self) -> int:
        return len(self.texts)
