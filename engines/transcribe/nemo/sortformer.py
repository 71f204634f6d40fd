"""Diarization with Sortformer: the posterior of each speaker frame by frame, then turns."""

from collections.abc import Sequence

import numpy as np
import torch
from activity_turns import Posteriors, link_chunks, turns_of
from loading import Loaded
from long_features import BLOCK_S, LongFeatures
from speakers import keep_speakers, read_speaker_count

from dalston_sdk.batch_fitting import BatchFitter
from dalston_sdk.decoding import read_batch_size
from dalston_sdk.engine import SAMPLE_RATE, RunContext, Samples
from dalston_sdk.notices import option_without_effect
from dalston_sdk.wire import DiarizeOptions, DiarizeResult, Notice, Stage

CHUNK_S, SHARED_S = 90.0, 30.0
"""The length on which models without streaming were trained, and the overlap of two chunks."""
GPU_BATCH_SIZE = 4

# NVIDIA's own settings for recordings that are complete, as opposed to live audio.
_STREAMING = {
    "chunk_len": 340,
    "chunk_right_context": 40,
    "fifo_len": 40,
    "spkcache_update_period": 300,
}
_MIN_AUDIO_S = 0.2
"""The network halves the number of frames three times; less audio leaves none."""


class Diarizer:
    """A loaded Sortformer."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._network = loaded.network
        modules = self._network.sortformer_modules
        self._num_speakers = int(modules.n_spk)
        self._stride_s = float(self._network.cfg.preprocessor.window_stride)
        self.frame_s = self._stride_s * int(self._network.encoder.subsampling_factor)
        self._is_streaming = bool(self._network.streaming_mode)
        if self._is_streaming:
            self._network.async_streaming = False
            for name, value in _STREAMING.items():
                setattr(modules, name, value)

    def batch_size(self, options: DiarizeOptions) -> int:
        """Return the number of chunks that go through the network at once.

        Raises:
            EngineError: ``invalid_request`` if it is out of range.
        """
        default = 1 if self._is_streaming or self._loaded.device == "cpu" else GPU_BATCH_SIZE
        asked = read_batch_size(options.batch_size, default=default)
        return 1 if self._is_streaming else asked

    def diarize(
        self, options: DiarizeOptions, audio: Samples, context: RunContext, fitter: BatchFitter
    ) -> DiarizeResult:
        """Find the speaker turns of a recording.

        Args:
            options: The number of speakers, and the batch size.
            audio: float32, shape (num_samples,), 16 kHz, in [-1, 1]; only its length and parts of
                it are asked for.
            context: Gets the progress.
            fitter: Computes batches of chunks that fit into memory.

        Raises:
            EngineError: ``invalid_request`` if more speakers are asked for than the model can
                tell apart, or values are out of range.
        """
        wanted = read_speaker_count(options, limit=self._num_speakers, model_name=self._loaded.name)
        duration_s = len(audio) / SAMPLE_RATE
        if (missing := int(_MIN_AUDIO_S * SAMPLE_RATE) - len(audio)) > 0:
            audio = np.pad(audio[:], (0, missing))
        with torch.inference_mode(), self._loaded.autocast():
            if self._is_streaming:
                posteriors = self._stream(audio, context)
            else:
                posteriors = self._by_chunks(audio, fitter, context)
        posteriors, notices = keep_speakers(posteriors, wanted)
        context.progress(duration_s, duration_s)
        return DiarizeResult(
            turns=tuple(turns_of(posteriors, self.frame_s, duration_s)),
            effective={
                "num_speakers": options.num_speakers,
                "max_speakers": wanted.max_speakers,
                "batch_size": fitter.smallest,
            },
            warnings=(
                *wanted.warnings,
                *notices,
                *self._without_effect(options),
                *fitter.notices,
            ),
            compute_type=self._loaded.compute_type,
        )

    def _stream(self, audio: Samples, context: RunContext) -> Posteriors:
        """Go through the recording in order, with the network's memory of each speaker."""
        network, modules = self._network, self._network.sortformer_modules
        features = self._features(audio, context)
        count = features.shape[2]
        lengths = torch.tensor([count], device=network.device)
        state = modules.init_streaming_state(batch_size=1, device=network.device)
        no_predictions = torch.zeros((1, 0, self._num_speakers), device=network.device)
        found = []
        chunks = modules.streaming_feat_loader(features, lengths, torch.zeros_like(lengths))
        done_s = 0.0
        for _, chunk, chunk_lengths, left, right in chunks:
            state, predictions = network.forward_streaming_step(
                processed_signal=chunk.to(network.device),
                processed_signal_length=chunk_lengths,
                streaming_state=state,
                total_preds=no_predictions,
                left_offset=left,
                right_offset=right,
            )
            found.append(_to_numpy(predictions[0]))
            done_s += len(found[-1]) * self.frame_s
            context.progress(min(done_s, len(audio) / SAMPLE_RATE), len(audio) / SAMPLE_RATE)
        return np.concatenate(found)

    def _by_chunks(self, audio: Samples, fitter: BatchFitter, context: RunContext) -> Posteriors:
        """Go through overlapping chunks, and find the speakers of each in the one before it."""
        size = int(CHUNK_S * SAMPLE_RATE)
        step = size - int(SHARED_S * SAMPLE_RATE)
        starts = [0]
        while starts[-1] + size < len(audio):
            starts.append(starts[-1] + step)
        # One scale for the whole recording; the library would scale each batch by itself.
        scale = _highest(audio) + np.float32(self._network.eps)
        found: list[Posteriors] = []

        def infer(batch: Sequence[int]) -> list[Posteriors]:
            context.check_cancelled()
            return self._infer([audio[start : start + size] / scale for start in batch])

        for batch, posteriors in fitter.each_batch(starts, infer):
            found += posteriors
            context.progress(batch[-1] / SAMPLE_RATE, len(audio) / SAMPLE_RATE)
        return link_chunks(found, num_shared=round(SHARED_S / self.frame_s))

    def _infer(self, batch: list[Samples]) -> list[Posteriors]:
        """Return the posteriors of each chunk."""
        network = self._network
        made = [self._features_of(chunk) for chunk in batch]
        lengths = torch.tensor([each.shape[2] for each in made], device=network.device)
        features = torch.zeros(
            (len(made), made[0].shape[1], int(lengths.max())), device=network.device
        )
        for row, each in enumerate(made):
            features[row, :, : each.shape[2]] = each[0]
        states, counts = network.frontend_encoder(
            processed_signal=features, processed_signal_length=lengths
        )
        posteriors = network.forward_infer(states, counts)
        return [
            _to_numpy(posteriors[row, : int(count)]) for row, count in enumerate(counts.tolist())
        ]

    def _features(self, audio: Samples, context: RunContext) -> torch.Tensor | LongFeatures:
        """Return the features of a whole recording, which stay on the CPU."""
        if str(self._network.cfg.preprocessor.get("normalize", "NA")) not in ("NA", "None"):
            return self._features_of(audio[:]).cpu()

        def make(first: int, last: int) -> torch.Tensor:
            context.check_cancelled()
            return self._features_of(audio[first:last])

        hop = round(self._stride_s * SAMPLE_RATE)
        return LongFeatures(len(audio), rate=SAMPLE_RATE, hop=hop, make=make)

    def _features_of(self, audio: Samples) -> torch.Tensor:
        network = self._network
        samples = torch.from_numpy(np.array(audio, np.float32))[None].to(network.device)
        length = torch.tensor([samples.shape[1]], device=network.device)
        features, count = network.preprocessor(input_signal=samples, length=length)
        return features[:, :, : int(count[0])]

    def _without_effect(self, options: DiarizeOptions) -> tuple[Notice, ...]:
        if not self._is_streaming or options.batch_size in (None, 1):
            return ()
        reason = f"{self._loaded.name} takes the chunks of a recording one by one, in order"
        return (option_without_effect("batch_size", reason, stage=Stage.DIARIZE),)


def _highest(audio: Samples) -> np.float32:
    """Return the highest sample of a recording, which is looked through block by block."""
    size = int(BLOCK_S * SAMPLE_RATE)
    blocks = (audio[first : first + size] for first in range(0, len(audio), size))
    return np.float32(max(block.max() for block in blocks))


def _to_numpy(posteriors: torch.Tensor) -> Posteriors:
    array: Posteriors = posteriors.float().cpu().numpy()
    return array
