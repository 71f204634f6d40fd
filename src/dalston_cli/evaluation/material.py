"""Text, words and turns of one recording, whichever files they came from."""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace


class Utterance(Struct, frozen=True, kw_only=True):
    """A piece of text, with its speaker and its times in seconds where they are known."""

    text: str
    speaker: str | None = None
    start: float | None = None
    end: float | None = None


class Span(Struct, frozen=True, kw_only=True):
    """Something with a name, in seconds: a word, or a turn of a speaker."""

    start: float
    end: float
    name: str


class Material(Struct, frozen=True, kw_only=True):
    """All that is known of one recording, of a reference or of a hypothesis.

    Attributes:
        name: The recording's name: that of the files without their ending.
        files: Where it was read from.
        has_text: True if the words are known; a file of turns alone has none.
        words: With measured times; none where only those of utterances are known.
        was_diarized: True if no turns mean that no speech was found, not that it was not asked.
        duration_s: None where no file says it.
        elapsed_s: What the stages that made it took; None where that is not known.
        model: The model that wrote the text; None where that is not known.
    """

    name: str
    files: tuple[Path, ...]
    utterances: tuple[Utterance, ...] = ()
    has_text: bool = False
    words: tuple[Span, ...] = ()
    turns: tuple[Span, ...] = ()
    was_diarized: bool = False
    duration_s: float | None = None
    language: str | None = None
    elapsed_s: float | None = None
    model: str | None = None

    @property
    def text(self) -> str:
        """All of the text, in its order."""
        return " ".join(each.text for each in self.utterances)

    @property
    def has_speakers(self) -> bool:
        """True if every utterance with text has a speaker."""
        said = [each for each in self.utterances if each.text.strip()]
        return bool(said) and all(each.speaker for each in said)

    @property
    def has_times(self) -> bool:
        """True if every utterance with text has its times."""
        said = [each for each in self.utterances if each.text.strip()]
        return bool(said) and all(None not in (each.start, each.end) for each in said)

    @property
    def end_s(self) -> float:
        """The length of the recording, or the end of the last part where it is not known."""
        ends = [each.end for each in (*self.words, *self.turns)]
        ends += [each.end for each in self.utterances if each.end is not None]
        return max([self.duration_s or 0.0, *ends])


def joined(parts: Iterable[Material]) -> Material:
    """Join what several files say of one recording: each kind comes from the first that has it."""
    whole, *others = parts
    for other in others:
        text = whole if whole.has_text or not other.has_text else other
        whole = replace(
            whole,
            files=(*whole.files, *other.files),
            utterances=text.utterances,
            has_text=text.has_text,
            words=whole.words or other.words,
            turns=whole.turns or other.turns,
            was_diarized=whole.was_diarized or other.was_diarized,
            duration_s=whole.duration_s if whole.duration_s is not None else other.duration_s,
            language=whole.language or other.language,
            elapsed_s=whole.elapsed_s if whole.elapsed_s is not None else other.elapsed_s,
            model=whole.model or other.model,
        )
    return whole
