"""Sortformer: how likely each of at most four speakers speaks, frame by frame, then turns."""

from collections.abc import Iterator

import numpy as np
import torch
from activity_turns import Chances, linked, turns_of
from loading import Loaded
from options import batch_size_of
from speakers import kept, plan_speakers

from dalston_sdk.engine import SAMPLE_RATE, RunContext, Samples
from dalston_sdk.wire import DiarizeOptions, DiarizeResult, Notice, Stage

WINDOW_S, SHARED_S = 90.0, 30.0
"""What a model that hears a recording at once was taught to hear, and what two windows share."""
GPU_BATCH_SIZE = 4
BLOCK_S = 60.0
"""Features are made of so much at a time."""
MARGIN_S = 1.0
"""So much is heard on both sides of a block, so that its features are those of the whole."""

# The makers' own setting for recordings that are there from their beginning to their end.
_STREAMING = {
    "chunk_len": 340,
    "chunk_right_context": 40,
    "fifo_len": 40,
    "spkcache_update_period": 300,
}
_LEAST_S = 0.2
"""The network halves its frames three times; fewer leave nothing."""


class Diarizer:
    """A loaded Sortformer."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._network = loaded.network
        modules = self._network.sortformer_modules
        self._speakers = int(modules.n_spk)
        self._stride_s = float(self._network.cfg.preprocessor.window_stride)
        self.frame_s = self._stride_s * int(self._network.encoder.subsampling_factor)
        self._is_streaming = bool(self._network.streaming_mode)
        if self._is_streaming:
            self._network.async_streaming = False
            for name, value in _STREAMING.items():
                setattr(modules, name, value)

    def diarize(
        self, options: DiarizeOptions, audio: Samples, context: RunContext
    ) -> DiarizeResult:
        """Who spoke when.

        Args:
            options: How many speakers there are, and how many windows to hear at a time.
            audio: float32, shape (num_samples,), 16 kHz, in [-1, 1].
            context: What is told how far the work is.

        Raises:
            EngineError: ``invalid_request`` where more speakers are asked for than the model can
                tell apart, or values are out of range.
        """
        wanted = plan_speakers(options, most=self._speakers, name=self._loaded.name)
        batch_size = batch_size_of(options.batch_size, GPU_BATCH_SIZE, self._loaded.device)
        duration_s = len(audio) / SAMPLE_RATE
        audio = np.pad(audio, (0, max(0, int(_LEAST_S * SAMPLE_RATE) - len(audio))))
        with torch.inference_mode(), self._loaded.computing():
            if self._is_streaming:
                chances = self._in_order(audio, context)
            else:
                chances = self._by_windows(audio, batch_size, context)
        chances, notices = kept(chances, wanted)
        context.progress(duration_s, duration_s)
        return DiarizeResult(
            turns=tuple(turns_of(chances, self.frame_s, duration_s)),
            effective={
                "num_speakers": options.num_speakers,
                "max_speakers": wanted.most,
                "batch_size": 1 if self._is_streaming else batch_size,
            },
            warnings=(*wanted.warnings, *notices, *self._idle(options)),
            compute_type=self._loaded.compute_type,
        )

    def _in_order(self, audio: Samples, context: RunContext) -> Chances:
        """Part after part, with what the network remembers of each speaker."""
        network, modules = self._network, self._network.sortformer_modules
        features = self._features(audio, context)
        count = features.shape[2]
        lengths = torch.tensor([count], device=network.device)
        state = modules.init_streaming_state(batch_size=1, device=network.device)
        nothing = torch.zeros((1, 0, self._speakers), device=network.device)
        found = []
        parts = modules.streaming_feat_loader(features, lengths, torch.zeros_like(lengths))
        done_s = 0.0
        for _, part, part_lengths, left, right in parts:
            state, heard = network.forward_streaming_step(
                processed_signal=part.to(network.device),
                processed_signal_length=part_lengths,
                streaming_state=state,
                total_preds=nothing,
                left_offset=left,
                right_offset=right,
            )
            found.append(_plain(heard[0]))
            done_s += len(found[-1]) * self.frame_s
            context.progress(min(done_s, len(audio) / SAMPLE_RATE), len(audio) / SAMPLE_RATE)
        return np.concatenate(found)

    def _by_windows(self, audio: Samples, batch_size: int, context: RunContext) -> Chances:
        """Windows that share some time, each with the speakers' names of the one before it."""
        size = int(WINDOW_S * SAMPLE_RATE)
        step = size - int(SHARED_S * SAMPLE_RATE)
        starts = [0]
        while starts[-1] + size < len(audio):
            starts.append(starts[-1] + step)
        # One scale for the whole recording; the library takes each batch's own.
        audio = audio / (np.float32(audio.max()) + np.float32(self._network.eps))
        found: list[Chances] = []
        for first in range(0, len(starts), batch_size):
            context.check_cancelled()
            batch = [audio[start : start + size] for start in starts[first : first + batch_size]]
            found += self._windows(batch)
            done_s = starts[min(first + batch_size, len(starts)) - 1] / SAMPLE_RATE
            context.progress(done_s, len(audio) / SAMPLE_RATE)
        return linked(found, shared=round(SHARED_S / self.frame_s))

    def _windows(self, batch: list[Samples]) -> list[Chances]:
        network = self._network
        made = [self._features_of(piece) for piece in batch]
        lengths = torch.tensor([each.shape[2] for each in made], device=network.device)
        features = torch.zeros(
            (len(made), made[0].shape[1], int(lengths.max())), device=network.device
        )
        for row, each in enumerate(made):
            features[row, :, : each.shape[2]] = each[0]
        states, counts = network.frontend_encoder(
            processed_signal=features, processed_signal_length=lengths
        )
        chances = network.forward_infer(states, counts)
        return [_plain(chances[row, : int(count)]) for row, count in enumerate(counts.tolist())]

    def _features(self, audio: Samples, context: RunContext) -> torch.Tensor:
        """The features of a whole recording, made block by block; on the CPU."""
        if str(self._network.cfg.preprocessor.get("normalize", "NA")) not in ("NA", "None"):
            return self._features_of(audio).cpu()
        blocks = []
        for start, end in _blocks(len(audio)):
            context.check_cancelled()
            margin = int(MARGIN_S * SAMPLE_RATE)
            low, high = max(0, start - margin), min(len(audio), end + margin)
            made = self._features_of(audio[low:high])
            hop = round(self._stride_s * SAMPLE_RATE)
            first = (start - low) // hop
            last = made.shape[2] if end == len(audio) else first + (end - start) // hop
            blocks.append(made[:, :, first:last].cpu())
        return torch.cat(blocks, dim=2)

    def _features_of(self, audio: Samples) -> torch.Tensor:
        network = self._network
        samples = torch.from_numpy(np.array(audio, np.float32))[None].to(network.device)
        length = torch.tensor([samples.shape[1]], device=network.device)
        features, count = network.preprocessor(input_signal=samples, length=length)
        return features[:, :, : int(count[0])]

    def _idle(self, options: DiarizeOptions) -> tuple[Notice, ...]:
        if not self._is_streaming or options.batch_size in (None, 1):
            return ()
        return (
            Notice(
                code="option_without_effect",
                message=f"batch_size has no effect because {self._loaded.name} hears a recording "
                "in order, one part after the other.",
                stage=Stage.DIARIZE.value,
            ),
        )


def _blocks(num_samples: int) -> Iterator[tuple[int, int]]:
    """Where each block begins and ends; only the last one is of another length."""
    size = int(BLOCK_S * SAMPLE_RATE)
    for start in range(0, max(1, num_samples - size // 2), size):
        end = start + size
        yield start, num_samples if end + size // 2 >= num_samples else end


def _plain(chances: torch.Tensor) -> Chances:
    found: Chances = chances.float().cpu().numpy()
    return found
