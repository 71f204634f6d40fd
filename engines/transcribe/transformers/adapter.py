"""What an adapter is: one family of models behind one way to ask."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from known_languages import KNOWN_LANGUAGES

from dalston_sdk.decoding import Capabilities
from dalston_sdk.engine import Samples
from dalston_sdk.phrases import Encode, Phrase, Vocabulary
from dalston_sdk.sentences import Transcription, segments_of
from dalston_sdk.wire import Notice, Segment, SpeechRegion, TranscribeOptions

Located = tuple[Samples, SpeechRegion]
"""The samples of a chunk, and where in its recording it is."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A loaded model.

    Attributes:
        name: The library's name of the model.
        architecture: The name of its class.
        network: The library's own object.
        processor: What makes its inputs of audio and text, and text of its outputs.
        device: ``cpu`` or ``cuda:N``.
        compute_type: The number format in force.
    """

    name: str
    architecture: str
    network: Any
    processor: Any
    device: str
    compute_type: str

    def place(self, inputs: Any) -> Any:  # noqa: ANN401 - the library's
        """Move inputs to the model's device, numbers with a point into its number format."""
        return inputs.to(self.device, dtype=self.network.dtype)


@dataclass(frozen=True, kw_only=True)
class Traits(Capabilities):
    """Capabilities of a loaded model of this library.

    Attributes:
        takes_language: True if it can be told the language, and detects it where it is not told.
        takes_prompt: True if words to expect, or text from before, can be given to it.
        min_chunk_s: Shorter chunks are filled up with silence; seconds.
        takes_whole: True if it reads a recording as a whole and tells its speakers apart, so that
            silence stays where it is unless the request says otherwise.
        joins_up_to_s: Neighbouring regions are decoded together up to this length, for models
            that take as long for a short chunk; 0 for others. Seconds.
    """

    takes_language: bool = False
    takes_prompt: bool = False
    takes_whole: bool = False
    min_chunk_s: float = 0.1
    joins_up_to_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a model is told of a chunk.

    Attributes:
        language: BCP-47 code of what is spoken; None where it is not known.
        into: BCP-47 code of the text's language; likewise.
        with_words: True if words are asked for.
        prompt: Words to expect, or text from before.
        phrases: Words to expect, for models that are not told by a prompt.
    """

    language: str | None
    into: str | None
    with_words: bool
    prompt: str | None = None
    phrases: tuple[Phrase, ...] = ()


class Adapter(ABC):
    """A loaded model that transcribes."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded

    @property
    @abstractmethod
    def traits(self) -> Traits:
        """Return what the model can do."""

    def plain_traits(self, *, times_words: bool, max_chunk_s: float) -> Traits:
        """Return those of a model that only transcribes, and whose files name no language."""
        return Traits(
            name=self.loaded.name,
            languages=KNOWN_LANGUAGES.get(self.loaded.name, ()),
            must_be_told_language=False,
            translates=False,
            times_words=times_words,
            max_chunk_s=max_chunk_s,
        )

    @abstractmethod
    def transcribe(self, located: Sequence[Located], told: Told) -> list[Transcription]:
        """Transcribe a batch of chunks, each as it would be alone.

        Args:
            located: float32, 16 kHz, in [-1, 1].
            told: What holds for all of them.
        """

    @cached_property
    def vocabulary(self) -> Vocabulary | None:
        """The model's tokens, if words to expect are looked for among its posteriors."""
        return None

    def vocabulary_of(self, texts: Mapping[int, str]) -> Vocabulary:
        """Return a vocabulary with the model's own tokenizer; texts begin words with a space."""
        tokenizer = self.loaded.processor.tokenizer
        encode: Encode = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]  # noqa: E731 - too short for a function
        return Vocabulary(texts, encode)

    def segments(self, located: Sequence[Located], told: Told, first_id: int) -> list[Segment]:
        """Transcribe a batch of chunks into segments.

        Args:
            located: As for ``transcribe``.
            told: Likewise.
            first_id: Of the first segment; 0 where a recording begins.
        """
        segments: list[Segment] = []
        for transcription, (_, region) in zip(self.transcribe(located, told), located, strict=True):
            segments += segments_of(
                transcription,
                region,
                first_id=first_id + len(segments),
                language=told.into,
                with_words=told.with_words,
            )
        return segments

    def language_scores(
        self, chunks: Sequence[Samples], allowed: Sequence[str]
    ) -> dict[str, float] | None:
        """Return a score per language, best first; None where the model gives none.

        Args:
            chunks: Of the recording, at least one.
            allowed: BCP-47 codes to choose from; all that the model knows if it is empty.
        """
        del chunks, allowed
        return None

    def fit_prompts(
        self, options: TranscribeOptions
    ) -> tuple[TranscribeOptions, tuple[Notice, ...]]:
        """Shorten words to expect to what the model has room for, with a notice for each option."""
        return options, ()
