"""WhisperX's forced alignment: finds the times of the words of a known text."""

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
"""A segment goes through the model at once, so memory grows with the square of its length."""
_MIN_WORD_S = 0.01
_MIN_STEP_S = 0.002


class _NoSplitter:
    """Replaces NLTK's sentence splitter, which would be downloaded; segments are not split."""

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Return one span for the whole text."""
        return [(0, len(text))]


def _splitter(_resource: str) -> _NoSplitter:
    return _NoSplitter()


alignment.nltk_load = _splitter


@dataclass(frozen=True, kw_only=True)
class Aligner:
    """A wav2vec2 model with its vocabulary.

    Attributes:
        language: The language of its folder.
        model: The library's model.
        vocabulary: The token of each letter, in lower case.
        device: ``cpu`` or ``cuda:N``.
    """

    language: str
    model: Any
    vocabulary: Mapping[str, int]
    device: str

    @property
    def has_spaces(self) -> bool:
        """True if the language is written with spaces between words, by the library's list."""
        return self.language not in alignment.LANGUAGES_WITHOUT_SPACES

    def align(
        self, segment: Segment, samples: Samples, *, low: float
    ) -> tuple[Segment, Notice | None]:
        """Return a segment with timed words, and a notice if none could be aligned.

        Args:
            segment: The segment; the times of its words are ignored.
            samples: The whole recording, float32, shape (num_samples,), 16 kHz.
            low: Earliest start of a word; seconds.
        """
        if not segment.text:
            return segment, None
        words = self._words(segment, samples, low)
        timed = structs.replace(segment, words=words, start=words[0].start, end=words[-1].end)
        return timed, None if any(not each.interpolated for each in words) else _notice(segment)

    def _words(self, segment: Segment, samples: Samples, low: float) -> tuple[Word, ...]:
        """Time all words; those that could not be aligned are interpolated."""
        texts = re.findall(r"\s*\S+" if self.has_spaces else r"\s*\S", segment.text)
        bare = [text.strip() for text in texts]
        duration_s = len(samples) / SAMPLE_RATE
        start, end = max(segment.start, low), min(segment.end, duration_s)
        found = self._align_words(bare, start, end, samples)
        aligned = [
            self._has_letter(text) and "score" in one for text, one in zip(bare, found, strict=True)
        ]
        spans = in_order(
            _fill(found, bare, start, end),
            low=start,
            high=max(end, start + _MIN_STEP_S * len(texts)),
            least=_MIN_WORD_S,
        )
        return tuple(
            Word(
                text=text,
                start=span[0],
                end=span[1],
                confidence=_clip(float(one["score"])) if is_aligned else None,
                interpolated=not is_aligned,
            )
            for text, span, one, is_aligned in zip(texts, spans, found, aligned, strict=True)
        )

    def _align_words(
        self, words: Sequence[str], start: float, end: float, samples: Samples
    ) -> list[dict[str, Any]]:
        """Return the library's times of each word; empty ones where it finds no path."""
        nothing: list[dict[str, Any]] = [{} for _ in words]
        if not 0 < end - start <= MAX_SEGMENT_S:
            return nothing
        text = (" " if self.has_spaces else "").join(words)
        # Only its own part of the recording is read. The quarters keep the library, which rounds
        # down, at the samples of the whole recording.
        base_s = int(start)
        part = samples[base_s * SAMPLE_RATE : (int(end) + 1) * SAMPLE_RATE]
        first, last = (
            (int(at * SAMPLE_RATE) - base_s * SAMPLE_RATE + 0.25) / SAMPLE_RATE
            for at in (start, end)
        )
        result = alignment.align(
            [{"start": first, "end": last, "text": text}],
            self.model,
            {"language": self.language, "dictionary": self.vocabulary, "type": "huggingface"},
            torch.from_numpy(part),
            self.device,
        )
        found = [_moved(word, base_s) for each in result["segments"] for word in each["words"]]
        return found if [word["word"] for word in found] == list(words) else nothing

    def _has_letter(self, word: str) -> bool:
        """Return True if the model knows a letter of the word; the library guesses the others."""
        return any(letter in self.vocabulary for letter in word.lower())


def _moved(word: Mapping[str, Any], by_s: int) -> dict[str, Any]:
    times = {name: round(word[name] + by_s, 3) for name in ("start", "end") if name in word}
    return {**word, **times}


def load_aligner(folder: Path, language: str, device: str) -> Aligner:
    """Load an alignment model.

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
    # The library would use random weights in place of missing ones.
    if missing := sorted(name for name in info["missing_keys"] if name.startswith("lm_head")):
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{folder} has no weights for {', '.join(missing)}, so it was not trained for CTC",
            hint="dalston models verify",
        )
    vocabulary = {text.lower(): number for text, number in processor.tokenizer.get_vocab().items()}
    return Aligner(language=language, model=model, vocabulary=vocabulary, device=device)


def _notice(segment: Segment) -> Notice:
    """Build the notice for a segment whose times are all interpolated."""
    too_long = segment.end - segment.start > MAX_SEGMENT_S
    reason = f"it is longer than {MAX_SEGMENT_S:g} s" if too_long else "the text does not fit"
    return Notice(
        code="not_aligned",
        message=f"The times of segment {segment.id}'s words are shared out evenly: {reason}.",
        stage=Stage.ALIGN.value,
        start=segment.start,
        end=segment.end,
    )


def _fill(
    found: Sequence[Mapping[str, Any]], texts: Sequence[str], start: float, end: float
) -> list[Span]:
    """Fill in missing times: words share the time between their neighbours by length."""
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
        spans += _divide(texts[index:after], low, max(low, high))
        index = after
    return spans


def _divide(texts: Sequence[str], low: float, high: float) -> list[Span]:
    ends = list(accumulate(map(len, texts)))
    edges = [low, *(low + (high - low) * end / ends[-1] for end in ends)]
    return list(pairwise(edges))


def _clip(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 4)
