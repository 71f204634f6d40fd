"""Where speech begins and ends, by its probability in each frame."""

from collections.abc import Iterator

from dalston_sdk.chunks import VadSettings

_HYSTERESIS = 0.15


def speech_spans(
    posteriors: Iterator[float], settings: VadSettings, frame_s: float
) -> Iterator[tuple[float, float]]:
    """Yield the seconds at which speech begins and ends, without short silences and short noises.

    Speech begins at the threshold and ends where the probability is clearly below it.

    Args:
        posteriors: One probability per frame.
        settings: How regions are found.
        frame_s: The length of a frame in seconds.
    """
    low = max(0.01, settings.vad_threshold - _HYSTERESIS)
    begun: float | None = None
    last = 0.0
    for index, posterior in enumerate(posteriors):
        start = index * frame_s
        if posterior >= settings.vad_threshold or (begun is not None and posterior >= low):
            if begun is not None and start - last >= settings.min_silence_ms / 1000:
                if last - begun >= settings.min_speech_ms / 1000:
                    yield begun, last
                begun = None
            if begun is None and posterior >= settings.vad_threshold:
                begun = start
            last = start + frame_s
    if begun is not None and last - begun >= settings.min_speech_ms / 1000:
        yield begun, last
