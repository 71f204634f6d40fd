"""Opening a recording's container with the media library, and finding the audio in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from dalston_cli.audio import errors
from dalston_cli.audio.clock import UNTIMED, Declared, declared_times, is_seekable, origin
from dalston_cli.audio.corrected_file import CorrectedFile
from dalston_cli.audio.endings.ogg import last_page
from dalston_cli.audio.endings.registry import missing_end
from dalston_cli.audio.file_bytes import FileBytes
from dalston_cli.audio.sound_chunk import SoundChunk, sound_chunk
from dalston_cli.audio.source import open_source
from dalston_cli.audio.tags import FileTags, file_tags
from dalston_cli.audio.tracks import MAIN, TrackWish, picked_track, track_languages

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

SAMPLE_RATES = range(1000, 3_000_000)
"""Hz that recordings of speech can have."""

_WITHOUT_HEADER = frozenset({"mpegts", "mpeg"})
"""Containers that tell what is in them only where it comes."""

_PATIENT = {"probesize": str(1 << 30), "analyzeduration": str(3600 * 1_000_000)}

_BRIEF = {"probesize": "2048"}
"""For a WAV file of one channel. The library takes the samples of any WAV file for a compressed
stream in disguise, which needs two, and compares much of them with every format."""

_LENIENT_SINCE = 19
_LENIENT = {"metadata_errors": "replace"}


class OpenRecording(Struct, frozen=True, kw_only=True):
    """A container that is open, and the audio stream in it that will be decoded.

    Attributes:
        declared: What the file itself declares of its length.
        chunk: Where the sound lies, in files that say so in one place.
        origin: Seconds on the container's clock at which the recording starts.
        seekable: True if its time stamps are exact to the sample after a jump.
        has_video: True if there is a picture that the audio's times must fit.
    """

    name: str
    container: "InputContainer"
    stream: "AudioStream"
    path: Path
    declared: Declared
    chunk: SoundChunk | None
    origin: Fraction
    seekable: bool
    has_video: bool

    @property
    def format_name(self) -> str:
        """The container's short name, the first where it has several."""
        return _format_name(self.container)

    @property
    def has_company(self) -> bool:
        """True if there are pictures or other audio tracks that the times must fit."""
        return self.has_video or len(self.container.streams.audio) > 1

    @property
    def tracks(self) -> tuple[str, ...]:
        """The language of each audio track; empty where the file does not say."""
        return track_languages(self.container)

    @property
    def track(self) -> int:
        """The number of the audio track that will be decoded."""
        return self.container.streams.audio.index(self.stream)

    def missing_end(self) -> str | None:
        """Return which sign of the file's end is missing; None where nothing is known to be."""
        with open_source(self.path, self.name) as source:
            return missing_end(FileBytes.of(source), self.format_name)

    def lacks_end_mark(self) -> bool:
        """Return True for an Ogg file whose last page is whole and not marked as the last."""
        if self.format_name != "ogg":
            return False
        with open_source(self.path, self.name) as source:
            return last_page(FileBytes.of(source)) == "unmarked"

    def tags(self) -> FileTags:
        """Return title, date and chapters from the file's metadata."""
        container = self.container
        # Ogg has tags of the whole with each stream; those of other streams are of these alone.
        own = self.stream.metadata if self.format_name == "ogg" else {}
        # Those of ID3 count from the first frame, whatever delay the library reads in it.
        zero = Fraction(0) if self.format_name in UNTIMED else self.origin
        return file_tags((container.metadata, own), container.chapters(), zero)

    @property
    def codec(self) -> str:
        """The codec's short name, such as ``aac``."""
        return self.stream.codec_context.codec.canonical_name

    @property
    def sample_rate(self) -> int:
        """Hz of the audio in the file."""
        return self.stream.codec_context.sample_rate

    @property
    def num_channels(self) -> int:
        """The number of channels in the file."""
        return self.stream.codec_context.layout.nb_channels


@contextmanager
def open_recording(path: Path, name: str, wish: TrackWish = MAIN) -> Iterator[OpenRecording]:
    """Open a recording, at one of its audio tracks; the library sees an open file, never its name.

    Raises:
        RecordingError: Its leaves say why the recording cannot be used.
    """
    with open_source(path, name) as source:
        chunk = sound_chunk(FileBytes.of(source))
        container, stream = _opened(source, name, chunk, wish)
        with container:
            with open_source(path, name) as again:
                declared = declared_times(container, stream, FileBytes.of(again), chunk)
            yield OpenRecording(
                name=name,
                path=path,
                container=container,
                stream=stream,
                declared=declared,
                chunk=chunk,
                origin=origin(container, stream),
                seekable=is_seekable(container, stream),
                has_video=bool(container.streams.video),
            )


def _opened(
    source: BufferedReader, name: str, chunk: SoundChunk | None, wish: TrackWish
) -> "tuple[InputContainer, AudioStream]":
    """Open a container and find its audio; again with more patience where that may begin late."""
    try:
        brief = _BRIEF if chunk is not None and chunk.one_channel else {}
        container = _open_container(source, name, chunk, brief)
        try:
            return container, _audio_stream(container, name, wish)
        except (errors.NoAudioStreamError, errors.UnknownCodecError):
            container.close()
            if _format_name(container) not in _WITHOUT_HEADER:
                raise
        container = _open_container(source, name, chunk, _PATIENT)
        return container, _audio_stream(container, name, wish)
    except OSError as error:
        raise errors.RecordingUnreadableError(name, error.strerror or str(error)) from error


def _open_container(
    source: BufferedReader, name: str, chunk: SoundChunk | None, options: dict[str, str]
) -> "InputContainer":
    import av  # noqa: PLC0415 - costs 80 ms

    # Tags need not be UTF-8; from its release 19 on the library copes with that by itself.
    release = int(av.__version__.split(".")[0])
    lenient: dict[str, Any] = {} if release >= _LENIENT_SINCE else _LENIENT
    corrections = () if chunk is None else chunk.corrections
    source.seek(0)
    try:
        container: InputContainer = av.open(
            CorrectedFile(source, corrections),
            mode="r",
            # A playlist must not make the library open other files or addresses.
            options={"protocol_whitelist": "none", **options},
            **lenient,
        )
    except (av.error.FFmpegError, ValueError) as error:
        source.seek(0)
        if _lacks_index(source):
            raise errors.IncompleteFileError(name) from error
        raise errors.NotMediaError(name) from error
    return container


def _format_name(container: "InputContainer") -> str:
    return container.format.name.split(",")[0]


def _lacks_index(source: BufferedReader) -> bool:
    """Return True for an MP4 whose ``moov`` box was never written or was cut off."""
    head = source.read(12)
    return head[4:8] in (b"ftyp", b"mdat", b"wide")


def _audio_stream(container: "InputContainer", name: str, wish: TrackWish) -> "AudioStream":
    streams = container.streams
    if not streams.audio:
        kinds = tuple(dict.fromkeys(stream.type for stream in streams))
        raise errors.NoAudioStreamError(name, kinds)
    stream = streams.audio[picked_track(container, wish, name)]
    # The library has no context for a codec that it does not know.
    if not getattr(stream.codec_context, "sample_rate", 0):
        raise errors.UnknownCodecError(name, _format_name(container))
    if stream.codec_context.sample_rate not in SAMPLE_RATES:
        raise errors.SampleRateError(name, stream.codec_context.sample_rate)
    return stream
