"""A second look for speech, over what voice activity detection left out.

A network that detects speech has a memory: after a minute of noise it takes speech for noise, too.
What it left out is looked at again in short windows, with a network that has heard nothing, and
with a threshold that goes by the recording's own noise. What then looks like speech and is louder
than the noise around it is decoded once; ``textless_speech`` says whether it counts.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dalston_sdk.chunks import VadSettings, rounded_region
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.levels import Levels, frame_levels
from dalston_sdk.speech_spans import speech_spans
from dalston_sdk.wire import SpeechRegion

LOWEST_THRESHOLD = 0.35
"""Where the recording's noise gives the network no reason for a higher one."""

_NOISE_FACTOR = 5.0
"""How far above the usual posterior of what was left out speech has to be."""

_WINDOW_S, _LEAD_S = 8.0, 1.0
"""A window is short for the network's memory; its posteriors in the lead are not used."""

_MIN_GAP_S = 0.3
_MIN_SPEECH_MS, _MIN_SILENCE_MS = 150, 500
_SILENCE_DB = -75.0
_NEAR_S = 15.0
_ABOVE_NOISE_DB = 3.0
_LOUD, _QUIET = 90, 20
"""Percentiles of the levels of a region, and of what surrounds it."""

Score = Callable[[Samples], npt.NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class SecondLook:
    """How to look again.

    Attributes:
        score: Returns the posterior of speech of each frame, by a network that has heard nothing.
        frame_s: Length of its frames; seconds.
        threshold: That of the first look.
        chosen: True if the user chose the threshold, which then stays as it is.
        min_speech_ms: Shorter speech does not count.
        pad_s: Audio kept on both sides of a region; seconds.
        check: Called again and again; may raise to end the search.
    """

    score: Score
    frame_s: float
    threshold: float
    chosen: bool
    min_speech_ms: int
    pad_s: float
    check: Callable[[], None]

    def find(self, samples: Samples, regions: Sequence[SpeechRegion]) -> list[SpeechRegion]:
        """Return what looks like speech among what was left out; in time order.

        Args:
            samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
            regions: What the first look found, in time order.
        """
        levels = frame_levels(samples, self.frame_s)
        gaps = list(left_out(regions, len(samples) / SAMPLE_RATE))
        scored = [(gap, self._posteriors(samples, levels, gap)) for gap in gaps]
        threshold = self._threshold([posteriors for _, posteriors in scored])
        settings = VadSettings(
            vad_threshold=threshold,
            min_speech_ms=max(_MIN_SPEECH_MS, self.min_speech_ms),
            min_silence_ms=_MIN_SILENCE_MS,
        )
        found: list[SpeechRegion] = []
        for gap, posteriors in scored:
            for start, end in speech_spans(iter(posteriors), settings, self.frame_s):
                region = SpeechRegion(start=gap.start + start, end=min(gap.end, gap.start + end))
                if self._is_loud(levels, region):
                    low = found[-1].end if found else gap.start
                    found.append(
                        rounded_region(
                            max(gap.start, low, region.start - self.pad_s),
                            min(gap.end, region.end + self.pad_s),
                        )
                    )
        return found

    def _posteriors(
        self, samples: Samples, levels: Levels, gap: SpeechRegion
    ) -> npt.NDArray[np.float32]:
        """Return the posterior of each frame of a gap, window by window."""
        size = int(self.frame_s * SAMPLE_RATE)
        first, last = int(gap.start * SAMPLE_RATE), int(gap.end * SAMPLE_RATE)
        step, lead = (int(each / self.frame_s) for each in (_WINDOW_S, _LEAD_S))
        posteriors = np.zeros(-(-(last - first) // size), np.float32)
        for frame in range(0, len(posteriors), step):
            self.check()
            begin = first + frame * size
            end = min(last, begin + step * size)
            if levels[begin // size : end // size + 1].max(initial=_SILENCE_DB) <= _SILENCE_DB:
                continue
            before = min(lead, begin // size)
            scores = self.score(samples[begin - before * size : end])[before:]
            room = posteriors[frame : frame + step]
            room[: len(scores)] = scores[: len(room)]
        return posteriors

    def _threshold(self, posteriors: Sequence[npt.NDArray[np.float32]]) -> float:
        if self.chosen or not posteriors:
            return self.threshold
        usual = float(np.median(np.concatenate(posteriors)))
        lowest = min(LOWEST_THRESHOLD, self.threshold)
        return min(self.threshold, max(lowest, _NOISE_FACTOR * usual))

    def _is_loud(self, levels: Levels, region: SpeechRegion) -> bool:
        """Return True if a region is louder than the noise around it."""

        def frames(start: float, end: float) -> Levels:
            return levels[max(0, int(start / self.frame_s)) : int(end / self.frame_s) + 1]

        loud = float(np.percentile(frames(region.start, region.end), _LOUD))
        noise = float(np.percentile(frames(region.start - _NEAR_S, region.end + _NEAR_S), _QUIET))
        return loud > max(noise + _ABOVE_NOISE_DB, _SILENCE_DB)


def left_out(regions: Iterable[SpeechRegion], duration_s: float) -> Iterator[SpeechRegion]:
    """Yield what lies between regions, unless it is too short for a word."""
    start = 0.0
    for region in (*regions, SpeechRegion(start=duration_s, end=duration_s)):
        if region.start - start >= _MIN_GAP_S:
            yield SpeechRegion(start=start, end=region.start)
        start = max(start, region.end)


def extended(
    regions: Sequence[SpeechRegion],
    found: Sequence[SpeechRegion],
    *,
    join_s: float,
    max_speech_s: float,
) -> tuple[list[SpeechRegion], list[SpeechRegion]]:
    """Extend the regions of the first look by those of the second that are near them.

    Args:
        regions: Of the first look, in time order.
        found: Of the second look, in time order.
        join_s: Silence between regions that belong together.
        max_speech_s: No region becomes longer than this.

    Returns:
        The regions to decode together, and those of the second look that stand alone.
    """
    looks = [(region, True) for region in regions] + [(region, False) for region in found]
    looks.sort(key=lambda look: look[0].start)
    groups: list[list[tuple[SpeechRegion, bool]]] = []
    for region, is_first in looks:
        last, last_is_first = groups[-1][-1] if groups else (region, True)
        is_near = bool(groups) and region.start - last.end <= join_s
        if is_near and not (is_first and last_is_first):
            groups[-1].append((region, is_first))
        else:
            groups.append([(region, is_first)])
    together: list[SpeechRegion] = []
    alone: list[SpeechRegion] = []
    for group in groups:
        belongs = together if any(is_first for _, is_first in group) else alone
        belongs += _joined([region for region, _ in group], max_speech_s)
    return together, alone


def _joined(regions: Sequence[SpeechRegion], max_speech_s: float) -> list[SpeechRegion]:
    joined = [regions[0]]
    for region in regions[1:]:
        if region.end - joined[-1].start <= max_speech_s:
            joined[-1] = SpeechRegion(start=joined[-1].start, end=region.end)
        else:
            joined.append(region)
    return joined
