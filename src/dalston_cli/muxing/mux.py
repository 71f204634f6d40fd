"""Adds tracks of subtitles to a video; pictures and sound are copied as they are.

Reference:
    3GPP TS 26.245, Timed text format, which MP4 and QuickTime have; Matroska, Subtitles,
    S_TEXT/UTF8 and D_WEBVTT.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec import Struct

from dalston_cli.atomic_file import written_whole
from dalston_cli.audio.source import open_source, shown_name
from dalston_cli.muxing import errors
from dalston_cli.muxing.completeness import missing_end_of
from dalston_cli.muxing.containers import ContainerKind, container_of
from dalston_cli.muxing.payloads import ASS_HEADER, texts_of
from dalston_cli.muxing.tracks import SubtitleTrack
from dalston_cli.pipeline.outputs.folder import write_error

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

_BUFFER_BYTES = 1 << 20
_MS = Fraction(1, 1000)
_MICROSECONDS = 1_000_000
_LATE_S = 1.0


class Muxed(Struct, frozen=True, kw_only=True):
    """What was written.

    Attributes:
        left_out: Streams that the container has no place for, in words.
        late_s: Seconds by which the last cue ends after the video; 0 where it does not.
        cut: Which sign of the video's end is missing; None where it is whole as far as is known.
    """

    path: Path
    left_out: tuple[str, ...]
    late_s: float
    cut: str | None = None

    @property
    def warnings(self) -> Iterator[str]:
        """What a person should know of it."""
        if self.left_out:
            yield f"{self.path} has no place for {', '.join(self.left_out)}: left out"
        if self.cut:
            yield f"the video was cut off, and so is {self.path}: {self.cut}"
        if self.late_s:
            yield f"the subtitles end {self.late_s:.1f} s after the video"


def mux(
    video: Path,
    tracks: Sequence[SubtitleTrack],
    target: Path,
    *,
    overwrite: bool,
    shown: bool,
) -> Muxed:
    """Write a video with subtitles beside it; nothing is encoded again.

    Args:
        video: Stays as it is.
        tracks: Come after the tracks that it has.
        target: Its ending says which container is written.
        overwrite: Replace a file that is there.
        shown: Players show the first of the tracks unless they are told otherwise.

    Raises:
        UsageError: The container is not known, or the output would replace what is read.
        InputError: The video cannot be read, or its streams do not fit the container.
        OutputUnwritableError, OutputDiskFullError: The system refuses.
    """
    import av  # noqa: PLC0415 - costs 80 ms

    kind = container_of(target)
    refuse_sources(target, (video, *(track.path for track in tracks)), overwrite=overwrite)
    with open_source(video, shown_name(video)) as source, _file(target) as file:
        try:
            options = {"protocol_whitelist": "none"}
            with (
                av.open(source, "r", options=options, buffer_size=_BUFFER_BYTES) as read,
                av.open(file, "w", format=kind.muxer, buffer_size=_BUFFER_BYTES) as written,
            ):
                left_out = _Remux(video, target, kind, read, written).run(tracks, shown=shown)
                late_s = _late(read, tracks)
        except av.error.FFmpegError as error:
            raise errors.MuxFailedError(video, error.strerror or str(error)) from error
    cut = missing_end_of(video)
    return Muxed(path=target, left_out=left_out, late_s=late_s, cut=cut)


def refuse_sources(target: Path, sources: Sequence[Path], *, overwrite: bool) -> None:
    """Refuse to replace what is read, or what is there already.

    Raises:
        SameFileError, TargetExistsError: As they say.
    """
    if not target.exists():
        return
    if any(source.exists() and target.samefile(source) for source in sources):
        raise errors.SameFileError(target)
    if not overwrite:
        raise errors.TargetExistsError(target)


@contextmanager
def _file(target: Path) -> Iterator[BinaryIO]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(target) as file:
            yield file
    except OSError as error:
        if error.errno is None:  # the media library's, which are errors of the system, too
            raise
        raise write_error(target, error) from error


class _Remux:
    """A video that is being copied."""

    def __init__(
        self,
        video: Path,
        target: Path,
        kind: ContainerKind,
        read: "InputContainer",
        written: "OutputContainer",
    ) -> None:
        self._video = video
        self._target = target
        self._kind = kind
        self._read = read
        self._written = written

    def run(self, tracks: Sequence[SubtitleTrack], *, shown: bool) -> tuple[str, ...]:
        """Copy everything, with the cues between the packets; return what has no place."""
        copies, left_out = self._copies(shown=shown and bool(tracks))
        self._written.metadata.update(self._read.metadata)
        if chapters := self._read.chapters():
            self._written.set_chapters(chapters)
        added = [self._added(track, is_first=shown and not at) for at, track in enumerate(tracks)]
        cues = sorted(
            (
                packet
                for track, stream in zip(tracks, added, strict=True)
                for packet in self._packets(track, stream)
            ),
            key=lambda packet: packet.pts or 0,
        )
        waiting = iter(cues)
        following = next(waiting, None)
        start = Fraction(self._read.start_time or 0, _MICROSECONDS)
        for packet in self._read.demux(list(copies)):
            if not packet.size or packet.time_base is None:
                continue
            _shift(packet, start)
            now = (packet.dts or 0) * packet.time_base
            while following is not None and (following.pts or 0) * _MS <= now:
                self._written.mux(following)
                following = next(waiting, None)
            packet.stream = copies[packet.stream]
            self._written.mux(packet)
        while following is not None:
            self._written.mux(following)
            following = next(waiting, None)
        return left_out

    def _copies(self, *, shown: bool) -> "tuple[dict[Stream, Stream], tuple[str, ...]]":
        """Return the output's stream of each that is copied, and what is left out."""
        import av  # noqa: PLC0415 - is loaded by now

        copies: dict[Stream, Stream] = {}
        left_out = []
        for stream in self._read.streams:
            if stream.type == "data" and self._read.chapters():
                continue  # the chapters' own stream; they are copied as chapters
            is_cover = bool(stream.disposition & av.stream.Disposition.attached_pic)
            if not self._kind.has_place(stream.type, is_cover=is_cover):
                left_out.append("a cover picture" if is_cover else f"a stream of {stream.type}")
                continue
            try:
                copy: Stream = self._written.add_stream_from_template(stream, opaque=True)
            except ValueError as error:
                codec = getattr(stream.codec_context, "name", None) or "of an unknown codec"
                raise errors.UnfitStreamError(
                    self._video, self._target, stream.type, codec
                ) from error
            _describe_copy(copy, stream, same_tag=self._kind.muxer in _families(self._read))
            if shown and stream.type == "subtitle":
                copy.disposition = stream.disposition & ~av.stream.Disposition.default
            if stream.type != "attachment":
                copies[stream] = copy
        if not any(stream.type in {"video", "audio"} for stream in copies):
            raise errors.NoPictureError(self._video)
        return copies, tuple(left_out)

    def _added(self, track: SubtitleTrack, *, is_first: bool) -> "Stream":
        """Add the stream of a track of subtitles."""
        import av  # noqa: PLC0415 - is loaded by now

        if self._kind.subtitles == "mov_text":
            encoded = self._written.add_stream("mov_text")
            encoded.codec_context.subtitle_header = ASS_HEADER
            stream: Stream = encoded
        else:
            stream = self._written.add_mux_stream(self._kind.subtitles)
        stream.time_base = _MS
        stream.disposition = av.stream.Disposition.default if is_first else av.stream.Disposition(0)
        if language := track.alpha3(self._kind.languages):
            stream.metadata["language"] = language
        if track.title:
            stream.metadata["title"] = track.title
            if self._kind.subtitles == "mov_text":
                stream.metadata["handler_name"] = track.title
        return stream

    def _packets(self, track: SubtitleTrack, stream: Any) -> "Iterator[Packet[Any]]":  # noqa: ANN401 - two kinds of streams
        """Yield the packets of a track's cues, in milliseconds."""
        import av  # noqa: PLC0415 - is loaded by now

        for cue, text in zip(track.cues, texts_of(track, self._kind.subtitles), strict=True):
            start, end = round(cue.start * 1000), round(cue.end * 1000)
            if self._kind.subtitles == "mov_text":
                line = f"0,0,Default,,0,0,0,,{text}".encode()
                made = av.subtitles.subtitle.SubtitleSet.create(line, 0, end - start, start)
                packet: Packet[Any] = stream.codec_context.encode_subtitle(made)
            else:
                packet = av.Packet(text.encode())
            packet.pts = packet.dts = start
            packet.duration = end - start
            packet.time_base = _MS
            packet.is_keyframe = True
            packet.stream = stream
            yield packet


def _describe_copy(copy: "Stream", stream: "Stream", *, same_tag: bool) -> None:
    """Give a copied stream what belongs to the original one beside its codec.

    Within one kind of container a codec's tag stays, too: some players know ``hvc1`` only.
    """
    copy.metadata.update(stream.metadata)
    copy.disposition = stream.disposition
    if same_tag and stream.type in {"video", "audio"}:
        copy.codec_context.codec_tag = stream.codec_context.codec_tag


def _families(read: "InputContainer") -> frozenset[str]:
    """Return the media library's names of the container that is read."""
    return frozenset(read.format.name.split(","))


def _shift(packet: "Packet[Any]", start: Fraction) -> None:
    """Let the recording begin at 0, as the times of its transcript do."""
    if not start or packet.time_base is None:
        return
    by = round(start / packet.time_base)
    if packet.pts is not None:
        packet.pts -= by
    if packet.dts is not None:
        packet.dts -= by


def _late(read: "InputContainer", tracks: Sequence[SubtitleTrack]) -> float:
    if not read.duration:
        return 0.0
    last = max((cue.end for track in tracks for cue in track.cues), default=0.0)
    late = last - read.duration / _MICROSECONDS
    return late if late > _LATE_S else 0.0
