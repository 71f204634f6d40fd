"""WhisperX's forced alignment: when each word of a known text is spoken."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import torch
from failures import load_failure
from msgspec import structs
from transformers import Wav2Vec2ForCTC, Wav2Vec2Processor
from whisperx import alignment

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.timing import Span, in_order
from dalston_sdk.wire import ErrorCode, Notice, Segment, Stage, Word

MAX_SEGMENT_S = 120.0
"""The model hears a segment at once, and what that takes grows with its length squared."""
_LEAST_S = 0.01
_ROOM_S = 0.002


class _Whole:
    """In place of NLTK's splitter, which is downloaded: a segment stays whole."""

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """One span from end to end."""
        return [(0, len(text))]


def _splitter(_resource: str) -> _Whole:
    return _Whole()


alignment.nltk_load = _splitter


@dataclass(frozen=True, kw_only=True)
class Aligner:
    """A wav2vec2 model with its letters.

    Attributes:
        language: What it was found for.
        letters: Its dictionary: each letter, in lower case, with its number.
    """

    language: str
    model: Any
    letters: Mapping[str, int]
    device: str

    @property
    def spaced(self) -> bool:
        """Whether spaces tell the language's words apart, as the library sees it."""
        return self.language not in alignment.LANGUAGES_WITHOUT_SPACES

    def aligned(
        self, segment: Segment, samples: Samples, *, low: float
    ) -> tuple[Segment, Notice | None]:
        """A segment with its words, and what there is to say about them.

        Args:
            segment: Its words' times, if there are any, do not count.
            samples: The whole recording, float32, shape (num_samples,), 16 kHz.
            low: Nothing starts before; seconds.
        """
        if not segment.text:
            return segment, None
        words = self._words_of(segment, samples, low)
        found = structs.replace(segment, words=words, start=words[0].start, end=words[-1].end)
        return found, None if any(not word.interpolated for word in words) else _unheard(segment)

    def _words_of(self, segment: Segment, samples: Samples, low: float) -> tuple[Word, ...]:
        """What could not be heard lies between the others."""
        texts = re.findall(r"\s*\S+" if self.spaced else r"\s*\S", segment.text)
        bare = [text.strip() for text in texts]
        duration_s = len(samples) / SAMPLE_RATE
        start, end = max(segment.start, low), min(segment.end, duration_s)
        found = self._heard(bare, start, end, samples)
        spoken = [
            self._is_spoken(text) and "score" in one for text, one in zip(bare, found, strict=True)
        ]
        spans = in_order(
            _filled(found, bare, start, end),
            low=start,
            high=max(end, start + _ROOM_S * len(texts)),
            least=_LEAST_S,
        )
        return tuple(
            Word(
                text=text,
                start=span[0],
                end=span[1],
                confidence=_share(float(one["score"])) if heard else None,
                interpolated=not heard,
            )
            for text, span, one, heard in zip(texts, spans, found, spoken, strict=True)
        )

    def _heard(
        self, words: Sequence[str], start: float, end: float, samples: Samples
    ) -> list[dict[str, Any]]:
        """What the library says of each word; nothing where it finds no path through the text."""
        nothing: list[dict[str, Any]] = [{} for _ in words]
        if not 0 < end - start <= MAX_SEGMENT_S:
            return nothing
        text = (" " if self.spaced else "").join(words)
        result = alignment.align(
            [{"start": start, "end": end, "text": text}],
            self.model,
            {"language": self.language, "dictionary": self.letters, "type": "huggingface"},
            torch.from_numpy(samples),
            self.device,
        )
        found = [word for each in result["segments"] for word in each["words"]]
        return found if [word["word"] for word in found] == list(words) else nothing

    def _is_spoken(self, word: str) -> bool:
        """Whether the model knows a letter of the word; the library guesses the place of others."""
        return any(letter in self.letters for letter in word.lower())


def load_aligner(folder: Path, language: str, device: str) -> Aligner:
    """An aligning model in memory.

    Raises:
        EngineError: ``model_load_failed``, ``out_of_memory`` or ``device_lost``.
    """
    try:
        processor = Wav2Vec2Processor.from_pretrained(str(folder), local_files_only=True)
        model, info = Wav2Vec2ForCTC.from_pretrained(
            str(folder), local_files_only=True, output_loading_info=True
        )
        model = model.eval().to(device)
    except Exception as error:
        raise load_failure(folder, error, device) from error
    # The library would go on with random numbers in place of what the file lacks.
    if missing := sorted(name for name in info["missing_keys"] if name.startswith("lm_head")):
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{folder} has no weights for {', '.join(missing)}: it was not trained to spell",
            hint="dalston models verify",
        )
    letters = {text.lower(): number for text, number in processor.tokenizer.get_vocab().items()}
    return Aligner(language=language, model=model, letters=letters, device=device)


def _unheard(segment: Segment) -> Notice:
    """Says that none of a segment's times were heard."""
    too_long = segment.end - segment.start > MAX_SEGMENT_S
    reason = f"it is longer than {MAX_SEGMENT_S:g} s" if too_long else "the text does not fit"
    return Notice(
        code="not_aligned",
        message=f"The times of segment {segment.id}'s words are shared out evenly: {reason}.",
        stage=Stage.ALIGN.value,
        start=segment.start,
        end=segment.end,
    )


def _filled(
    found: Sequence[Mapping[str, Any]], texts: Sequence[str], start: float, end: float
) -> list[Span]:
    """Times for all words: those without share the room between their neighbours by length."""
    spans: list[Span] = []
    index = 0
    while index < len(found):
        if "start" in found[index]:
            spans.append((float(found[index]["start"]), float(found[index]["end"])))
            index += 1
            continue
        after = index
        while after < len(found) and "start" not in found[after]:
            after += 1
        low = spans[-1][1] if spans else start
        high = float(found[after]["start"]) if after < len(found) else end
        spans += _shared(texts[index:after], low, max(low, high))
        index = after
    return spans


def _shared(texts: Sequence[str], low: float, high: float) -> list[Span]:
    ends = list(accumulate(map(len, texts)))
    edges = [low, *(low + (high - low) * end / ends[-1] for end in ends)]
    return list(pairwise(edges))


def _share(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 4)
