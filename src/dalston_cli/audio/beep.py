"""Writes a copy of a recording in which parts are a tone: what was said there is gone.

The copy has the recording's rate and channels, on the same clock as its transcript, and nothing but
the sound: no tags, pictures or other tracks, which may name people.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalston_cli.atomic_file import written_whole
from dalston_cli.audio.clip import Clip
from dalston_cli.audio.container import OpenRecording, open_recording
from dalston_cli.audio.decode import decoded_frames, timeline_of
from dalston_cli.audio.findings import Counts
from dalston_cli.audio.source import shown_name
from dalston_cli.audio.timeline import Timeline, played_s
from dalston_cli.errors import InputError

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

SUFFIX = ".flac"
_TONE_HZ = 1_000
_LOUDNESS = 0.2
"""Of the highest sample."""
_MOST_CHANNELS = 8
"""More cannot be written as FLAC."""


class NotBeepableError(InputError):
    """A recording cannot be copied with tones."""

    code = "not_beepable"

    def __init__(self, name: str, problem: str, hint: str) -> None:
        super().__init__(f"{name} cannot be copied with tones: {problem}", hint=hint)


def write_beeped(source: Path, target: Path, spans: Sequence[tuple[float, float]]) -> None:
    """Write a copy as FLAC in which every span is a tone of 1 kHz in all channels.

    Args:
        source: The recording; with one audio track, since the times are those of one.
        target: The copy.
        spans: Start and end in seconds, as in transcripts.

    Raises:
        NotBeepableError: It has several audio tracks, or too many channels.
        RecordingError: It cannot be decoded.
        OSError: The copy cannot be written.
    """
    import av  # noqa: PLC0415 - keeps `dalston --help` fast

    name = shown_name(source)
    with open_recording(source, name) as recording:
        _check(recording, name)
        with written_whole(target) as file, av.open(file, "w", format="flac") as out:
            _copy(recording, out, spans)


def _check(recording: OpenRecording, name: str) -> None:
    if len(recording.tracks) > 1:
        one = "take one track: ffmpeg -i RECORDING -map 0:a:0 -c copy ONE.mka"
        raise NotBeepableError(name, f"it has {len(recording.tracks)} audio tracks", one)
    if recording.num_channels > _MOST_CHANNELS:
        fewer = "mix them down: ffmpeg -i RECORDING -ac 2 TWO.flac"
        raise NotBeepableError(name, f"it has {recording.num_channels} channels", fewer)


def _copy(
    recording: OpenRecording, out: "OutputContainer", spans: Sequence[tuple[float, float]]
) -> None:
    from av import AudioFrame  # noqa: PLC0415 - keeps `dalston --help` fast

    timeline = timeline_of(recording, Clip())
    stream: AudioStream | None = None
    at = 0
    for frame in _alike(recording, timeline):
        if stream is None:
            stream = out.add_stream("flac", rate=frame.sample_rate, layout=frame.layout.name)
            stream.format = frame.format.name
        samples = frame.to_ndarray()
        rate, num_channels = frame.sample_rate, frame.layout.nb_channels
        played = [
            (played_s(timeline.pauses, start), played_s(timeline.pauses, end))
            for start, end in spans
        ]
        _beep(samples.reshape(-1, num_channels), at, rate, played)
        changed = AudioFrame.from_ndarray(samples, frame.format.name, frame.layout.name)
        changed.sample_rate, changed.pts = rate, at
        at += frame.samples
        out.mux(stream.encode(changed))
    if stream is not None:
        out.mux(stream.encode(None))


def _alike(recording: OpenRecording, timeline: Timeline) -> Iterator["AudioFrame"]:
    """Yield frames on the recording's clock, all with the rate, layout and format of the first."""
    from av import AudioResampler  # noqa: PLC0415 - keeps `dalston --help` fast

    wanted: dict[str, Any] = {}
    resampler, kind = None, None
    for frame in decoded_frames(recording, timeline, Counts()):
        for placed in timeline.place(frame):
            this = (placed.format.name, placed.layout.name, placed.sample_rate)
            if not wanted:
                deep = placed.format.name.startswith("s32")
                wanted = {
                    "format": "s32" if deep else "s16",
                    "layout": placed.layout.name,
                    "rate": placed.sample_rate,
                }
            if resampler is None or this != kind:
                if resampler is not None:
                    yield from resampler.resample(None)
                resampler, kind = AudioResampler(**wanted), this
            placed.pts = None
            yield from resampler.resample(placed)
    if resampler is not None:
        yield from resampler.resample(None)


def _beep(
    samples: Any,  # noqa: ANN401 - integers, shape (num_samples, num_channels), of either depth
    at: int,
    rate: int,
    spans: Sequence[tuple[float, float]],
) -> None:
    """Put the tone into a block that begins at a sample of the recording."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    for start, end in spans:
        first = max(0, int(start * rate) - at)
        last = min(len(samples), round(end * rate + 1) - at)
        if first < last:
            phase = 2 * np.pi * _TONE_HZ * (at + np.arange(first, last)) / rate
            tone = np.sin(phase) * _LOUDNESS * np.iinfo(samples.dtype).max
            samples[first:last] = tone.astype(samples.dtype)[:, None]
