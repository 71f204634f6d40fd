"""VibeVoice-ASR: up to an hour in one go, with speakers and the times of what each says."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from adapter import Loaded, Located, Told, Traits
from speaker_segments import Utterance, utterances_in
from text_decoder import TextDecoder

from dalston_sdk.engine import SAMPLE_RATE
from dalston_sdk.prompts import fit_prompts
from dalston_sdk.wire import Notice, Segment, SpeechRegion, TranscribeOptions

_MAX_CHUNK_S = 3600.0
"""What its authors promise for one go."""

_SEED = 1
"""The library adds noise to the sound; the same recording gets the same."""


class VibeVoice(TextDecoder):
    """A model that reads a recording as a whole, in any of some fifty languages."""

    tokens_per_s = 20
    least_tokens = 128
    masks_padding = False  # noise depends on what else is in a batch

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded)
        self._num_speakers = 0

    @cached_property
    def traits(self) -> Traits:
        """Its files do not say which languages it knows, and it is told none."""
        return Traits(
            name=self.loaded.name,
            languages=(),
            must_be_told_language=False,
            translates=False,
            times_words=False,
            max_chunk_s=_MAX_CHUNK_S,
            takes_prompt=True,
            takes_whole=True,
            min_chunk_s=1.0,
        )

    def fit_prompts(
        self, options: TranscribeOptions
    ) -> tuple[TranscribeOptions, tuple[Notice, ...]]:
        """Shorten words to expect to Whisper's length."""
        tokenizer = self.loaded.processor.tokenizer
        return fit_prompts(
            options, lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"])
        )

    def inputs_of(self, located: Sequence[Located], told: Told) -> Any:  # noqa: ANN401 - the library's
        """Return samples at the model's rate, and the chat with the words to expect."""
        from torchaudio.functional import resample  # noqa: PLC0415 - of no use to other models

        rate = self.loaded.processor.feature_extractor.sampling_rate
        chunks = [
            resample(torch.from_numpy(samples), SAMPLE_RATE, rate).numpy() for samples, _ in located
        ]
        return self.loaded.processor.apply_transcription_request(
            chunks,
            prompt=None if told.prompt is None else [told.prompt] * len(chunks),
            sampling_rate=rate,
        )

    def segments(self, located: Sequence[Located], told: Told, first_id: int) -> list[Segment]:
        """Return what each speaker says; speakers of a later chunk are counted on."""
        if first_id == 0:
            self._num_speakers = 0
        segments: list[Segment] = []
        for one in located:
            segments += self._of_chunk(one, told, first_id + len(segments))
        return segments

    def _of_chunk(self, one: Located, told: Told, first_id: int) -> list[Segment]:
        devices = [] if self.loaded.device == "cpu" else [self.loaded.device]
        with torch.random.fork_rng(devices):
            torch.manual_seed(_SEED)
            [token_ids] = self.generate([one], told)
        text = self.transcription(token_ids).text
        found, region = utterances_in(text), one[1]
        if found is None:
            found = [Utterance(text=text, start=None, end=None, speaker=None)] if text else []
        before = self._num_speakers
        segments = [
            _segment(each, region, id=first_id + index, speakers_before=before)
            for index, each in enumerate(found)
        ]
        numbers = [each.speaker for each in found if each.speaker is not None]
        self._num_speakers = before + max(numbers, default=-1) + 1
        return segments


def _segment(found: Utterance, region: SpeechRegion, *, id: int, speakers_before: int) -> Segment:  # noqa: A002 - the segment's
    """Put an utterance on the recording's clock, inside of its chunk."""
    start = region.start if found.start is None else min(region.start + found.start, region.end)
    end = region.end if found.end is None else min(region.start + found.end, region.end)
    label = None if found.speaker is None else f"SPEAKER_{speakers_before + found.speaker:02d}"
    return Segment(
        id=id,
        start=round(start, 3),
        end=round(max(start, end), 3),
        text=found.text,
        speaker=label,
    )
