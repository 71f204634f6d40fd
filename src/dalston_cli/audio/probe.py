"""A recording's own description: container, codec, channels, duration; nothing is decoded."""

from dataclasses import dataclass
from pathlib import Path

from dalston_cli.audio.container import OpenRecording, open_recording
from dalston_cli.audio.declared import duration_hint
from dalston_cli.audio.source import shown_name

__all__ = ["Probe", "describe", "duration_hint", "probe"]


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A recording's own description.

    Attributes:
        container, codec: Short names such as ``mov`` and ``aac``.
        sample_rate: Hz.
        duration_s: Length that the container declares; None where it declares none.
        streams: Every stream's kind, in the file's order: ``audio``, ``video``, ``subtitle``…
        stream_index: Position among ``streams`` of the audio that will be decoded.
    """

    name: str
    container: str
    codec: str
    sample_rate: int
    num_channels: int
    duration_s: float | None
    streams: tuple[str, ...]
    stream_index: int


def probe(path: Path, *, name: str | None = None) -> Probe:
    """Ask a recording what it is.

    A damaged file can bring the media library down with the whole process: call this where
    that may happen, as ``stages.prepare`` does.

    Raises:
        RecordingError: Its leaves say why the recording cannot be used.
    """
    with open_recording(path, name or shown_name(path)) as recording:
        return describe(recording)


def describe(recording: OpenRecording) -> Probe:
    """Read the description of an open recording."""
    context = recording.stream.codec_context
    return Probe(
        name=recording.name,
        container=recording.format_name,
        codec=context.codec.canonical_name,
        sample_rate=context.sample_rate,
        num_channels=context.layout.nb_channels,
        duration_s=recording.declared_s,
        streams=tuple(stream.type for stream in recording.container.streams),
        stream_index=recording.stream.index,
    )
