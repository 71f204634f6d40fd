"""WhisperX's recogniser: voice activity detection, chunks, and Whisper in batches."""

import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from chunks import Chunk, chunk_samples, pad_chunks
from failures import load_failure
from faster_whisper.tokenizer import Tokenizer
from languages import choose_language, known_languages, whisper_language
from options import Decoding
from whisperx.asr import FasterWhisperPipeline, WhisperModel, load_model
from whisperx.audio import log_mel_spectrogram
from whisperx.vads import Pyannote

from dalston_sdk.batch_fitting import BatchFitter
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.torch_device import split_device
from dalston_sdk.wire import ErrorCode, Notice, Segment, SpeechRegion, TranscribeOptions

_COMPUTE_TYPES = (
    "default", "auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16",
    "float16", "bfloat16", "float32",
)  # fmt: skip
_LADDERS = {"cpu": ("int8", "float32"), "cuda": ("float16", "float32")}
_FORMAT_REFUSED = re.compile(r"compute type|NOT_SUPPORTED|not supported", re.IGNORECASE)
_TRIAL_S = 1
_MIN_AUDIO_S = 0.1
"""Shorter recordings have no frame for voice activity detection."""
_MIN_CHUNK_S = 0.5
_FEATURE_DIMENSIONS = 2
_FRAME_S = 0.05
_MAX_CPU_THREADS = 8


@dataclass(frozen=True, kw_only=True)
class ChunkTranscript:
    """The text of a chunk; ``avg_logprob`` is the mean over its tokens."""

    chunk: Chunk
    text: str
    avg_logprob: float

    def as_segment(self, number: int, language: str | None) -> Segment:
        """Return it as a segment with this number."""
        return Segment(
            id=number,
            start=self.chunk.start,
            end=self.chunk.end,
            text=self.text,
            language=language,
            confidence=round(min(1.0, math.exp(self.avg_logprob)), 4),
            avg_logprob=round(self.avg_logprob, 4),
        )


class _Pipeline(FasterWhisperPipeline):  # type: ignore[misc] # the library is untyped
    """The library's pipeline for models with another input length than 30 s, and less memory.

    Attributes:
        fitter: Computes batches that fit into memory; set before each use.
    """

    fitter: BatchFitter

    def preprocess(self, audio: Mapping[str, Samples]) -> dict[str, torch.Tensor]:
        """Compute a chunk's spectrogram, padded to the model's input length."""
        samples = audio["inputs"]
        extractor = self.model.feature_extractor
        features = log_mel_spectrogram(
            samples,
            n_mels=extractor.mel_filters.shape[0],
            padding=max(0, extractor.n_samples - len(samples)),
        )
        return {"inputs": features}

    def _forward(self, model_inputs: Mapping[str, torch.Tensor]) -> dict[str, list[Any]]:
        """Decode a batch, or parts of it one after the other."""

        def decode(features: Sequence[torch.Tensor]) -> list[tuple[str, float]]:
            found = self.model.generate_segment_batched(features, self.tokenizer, self.options)
            return list(zip(found["text"], found["avg_logprob"], strict=True))

        inputs = model_inputs["inputs"]
        batch = inputs if inputs.dim() > _FEATURE_DIMENSIONS else inputs[None]
        decoded = list(self.fitter.run(batch, decode))
        return {
            "text": [text for text, _ in decoded],
            "avg_logprob": [logprob for _, logprob in decoded],
        }


class Recogniser:
    """A Whisper model and the library's voice activity detection.

    Attributes:
        warnings: Notices about loading.
    """

    def __init__(self, pipeline: _Pipeline, warnings: tuple[Notice, ...]) -> None:
        self._pipeline = pipeline
        self._defaults = pipeline.options
        self.warnings = warnings

    @property
    def whisper(self) -> WhisperModel:
        """The library's model."""
        return self._pipeline.model

    @property
    def compute_type(self) -> str:
        """The number format in force."""
        return str(self.whisper.model.compute_type)

    @property
    def window_s(self) -> int:
        """The model's input length in seconds."""
        return int(self.whisper.feature_extractor.chunk_length)

    @property
    def is_multilingual(self) -> bool:
        """True if the model knows other languages than English."""
        return bool(self.whisper.model.is_multilingual)

    def close(self) -> None:
        """Drop the weights, even if this object is still referenced."""
        self.whisper.model.unload_model()

    def find_speech(
        self, samples: Samples, decoding: Decoding, check: Callable[[], None]
    ) -> tuple[list[SpeechRegion], list[Chunk]]:
        """Find regions of speech, and merge them into chunks for the model.

        Args:
            samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
            decoding: The longest chunk, and the thresholds of speech.
            check: Called now and then; what it raises ends the search.
        """
        if len(samples) < _MIN_AUDIO_S * SAMPLE_RATE:
            return [], []
        file = {"waveform": torch.from_numpy(samples).unsqueeze(0), "sample_rate": SAMPLE_RATE}
        # As the library's own detection does, which cannot be cancelled.
        scores = self._pipeline.vad_model.vad_pipeline._segmentation(  # noqa: SLF001
            file, hook=lambda **_progress: check()
        )
        # Minus the padding, and the frame by which the library's chunks may be too long.
        max_s = max(_MIN_CHUNK_S, decoding.chunk_s - 2 * decoding.pad_s - _FRAME_S)
        merged = Pyannote.merge_chunks(scores, max_s, onset=decoding.onset, offset=decoding.offset)
        duration_s = len(samples) / SAMPLE_RATE
        regions = [
            SpeechRegion(start=round(max(0.0, start), 3), end=round(min(end, duration_s), 3))
            for chunk in merged
            for start, end in chunk["segments"]
            if round(max(0.0, start), 3) < round(min(end, duration_s), 3)
        ]
        return regions, pad_chunks(merged, decoding, duration_s)

    def language(
        self, options: TranscribeOptions, samples: Samples, chunks: Sequence[Chunk]
    ) -> tuple[str | None, dict[str, float]]:
        """Choose the language of the chunks, as ``choose_language`` does."""
        speech = [chunk_samples(samples, chunk) for chunk in chunks]
        return choose_language(self.whisper, options, speech)

    def transcribe_chunks(
        self,
        samples: Samples,
        chunks: Sequence[Chunk],
        language: str,
        decoding: Decoding,
        fitter: BatchFitter,
    ) -> Iterator[ChunkTranscript]:
        """Yield the texts of chunks, batch by batch.

        Args:
            samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
            chunks: Chunks no longer than the model's input.
            language: The language of the speech, BCP-47.
            decoding: The settings.
            fitter: Computes batches that fit into memory.
        """
        pipeline, whisper = self._pipeline, self.whisper
        pipeline.fitter = fitter
        pipeline.options = replace(self._defaults, **decoding.arguments)
        pipeline.tokenizer = Tokenizer(
            whisper.hf_tokenizer,
            whisper.model.is_multilingual,
            task=decoding.task,
            language=whisper_language(language, known_languages(whisper)),
        )
        inputs = ({"inputs": chunk_samples(samples, chunk)} for chunk in chunks)
        results = pipeline(inputs, batch_size=decoding.batch_size, num_workers=0)
        for chunk, result in zip(chunks, results, strict=True):
            text, logprob = result["text"], result["avg_logprob"]
            if decoding.batch_size == 1:
                [text], [logprob] = text, logprob
            yield ChunkTranscript(chunk=chunk, text=text.strip(), avg_logprob=float(logprob))

    def count_tokens(self, text: str) -> int:
        """Return the number of a prompt's tokens."""
        tokenizer = self.whisper.hf_tokenizer
        return len(tokenizer.encode(" " + text.strip(), add_special_tokens=False).ids)

    def transcribe_part(
        self,
        samples: Samples,
        region: SpeechRegion,
        language: str,
        decoding: Decoding,
        fitter: BatchFitter,
    ) -> Iterator[ChunkTranscript]:
        """Yield the text of a part of the recording, decoded alone and without a prompt."""
        arguments = {**decoding.arguments, "initial_prompt": None, "hotwords": None, "prefix": None}
        chunk = Chunk(start=region.start, end=min(region.end, region.start + self.window_s))
        alone = replace(decoding, arguments=arguments, batch_size=1)
        return self.transcribe_chunks(samples, [chunk], language, alone, fitter)


def load_recogniser(folder: Path, device: str, compute_type: str | None) -> Recogniser:
    """Load the recogniser, with a notice if another number format than requested is used.

    A format that a device lists may still fail in its first multiplication, so each is tried with
    a second of silence.

    Raises:
        EngineError: ``model_load_failed``, ``out_of_memory``, ``device_lost``, or
            ``invalid_request`` for an unknown number format.
    """
    refusals: list[str] = []
    for one in _ladder(compute_type, split_device(device)[0]):
        try:
            whisper = _load_whisper(folder, device, one)
        except EngineError:
            raise
        except Exception as error:
            if not _FORMAT_REFUSED.search(str(error)):
                raise load_failure(folder, error, device) from error
            refusals.append(f"{one} ({str(error).strip().rstrip('.')})")
            continue
        return Recogniser(_pipeline(whisper, device), _notices(refusals, one))
    raise EngineError(
        ErrorCode.MODEL_LOAD_FAILED, f"no number format works on {device}: {'; '.join(refusals)}"
    )


def _ladder(wanted: str | None, kind: str) -> tuple[str, ...]:
    ladder = _LADDERS[kind]
    if wanted is None:
        return ladder
    if wanted not in _COMPUTE_TYPES:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"CTranslate2 has no number format {wanted}",
            hint=f"use one of {', '.join(_COMPUTE_TYPES)}",
        )
    return (wanted, *(other for other in ladder if other != wanted))


def _load_whisper(folder: Path, device: str, compute_type: str) -> WhisperModel:
    kind, index = split_device(device)
    whisper = WhisperModel(
        str(folder),
        device=kind,
        device_index=index,
        compute_type=compute_type,
        cpu_threads=_cpu_threads(),
        local_files_only=True,
    )
    num_mels = whisper.feature_extractor.mel_filters.shape[0]
    if num_mels != whisper.model.n_mels:
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            f"{folder} needs {whisper.model.n_mels} mel bands, and its preprocessor_config.json "
            f"gives {num_mels}",
            hint="dalston models verify",
        )
    silence = log_mel_spectrogram(torch.zeros(_TRIAL_S * SAMPLE_RATE), n_mels=num_mels)
    encoded = whisper.encode(silence.numpy())
    start = whisper.hf_tokenizer.token_to_id("<|startoftranscript|>")
    whisper.model.generate(encoded, [[start]], max_length=4, beam_size=1)
    return whisper


def _pipeline(whisper: WhisperModel, device: str) -> _Pipeline:
    """Build the library's pipeline around a model, with its detection and default options."""
    kind, index = split_device(device)
    library = load_model("", kind, device_index=index, compute_type="auto", model=whisper)
    return _Pipeline(
        model=whisper,
        vad=library.vad_model,
        vad_params={},
        options=library.options,
        device=torch.device(kind, index) if kind == "cuda" else torch.device(kind),
    )


def _notices(refusals: Sequence[str], compute_type: str) -> tuple[Notice, ...]:
    if not refusals:
        return ()
    return (
        Notice(
            code="compute_type_fallback",
            message=f"The device does not run {'; '.join(refusals)}; {compute_type} is used.",
        ),
    )


def _cpu_threads() -> int:
    """Return OMP_NUM_THREADS, or else the number of processors that this process may use."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(usable or 1, _MAX_CPU_THREADS)
