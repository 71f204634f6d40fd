"""From any recording to 16 kHz mono WAV files, in a stream: memory stays flat over hours."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from typing import TYPE_CHECKING

from dalston_cli.audio.ahead import ahead
from dalston_cli.audio.all_tracks import decode_all
from dalston_cli.audio.channels import Channels
from dalston_cli.audio.clip import Clip
from dalston_cli.audio.container import SAMPLE_RATES, OpenRecording, open_recording
from dalston_cli.audio.errors import ChannelMissingError, CorruptError, EncryptedError, TooLongError
from dalston_cli.audio.findings import Counts, Decoding, check_enough, notices
from dalston_cli.audio.frames import MAX_PLANES, Joiner, packed
from dalston_cli.audio.level import Level
from dalston_cli.audio.mixing import Mixer
from dalston_cli.audio.own_speech import OwnSpeech
from dalston_cli.audio.request import MIXING, AudioInfo, AudioRequest, Channel
from dalston_cli.audio.resample import Resampler
from dalston_cli.audio.source import content_digest, given_name, shown_name
from dalston_cli.audio.timeline import Timeline, played_s
from dalston_cli.audio.track_files import decode_files
from dalston_cli.audio.tracks import ALL_TRACKS, TrackWish
from dalston_cli.audio.wav import MAX_SAMPLES, SAMPLE_RATE, WavWriter, WrittenWav, pcm16
from dalston_sdk.wire import RecordingInfo

if TYPE_CHECKING:
    import numpy as np
    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from numpy.typing import NDArray

_SEEK_FROM_S = 10.0
"""Clips that begin earlier are decoded from the start: it is as quick, and always exact."""

_PREROLL_S = 2.0
"""Decoders need what lies before the first wanted sample."""

_RUN_VALUES = 1 << 20
"""Samples of all channels that are decoded before they are resampled: 12 s of a usual stereo."""


class DecodingStoppedError(Exception):
    """The audio is not wanted any more."""


def decode(request: AudioRequest, is_stopped: Callable[[], bool] = lambda: False) -> AudioInfo:
    """Decode a recording into the request's folder, which exists already.

    WAV files of the same names are replaced. ``is_stopped`` is asked at every block of audio.
    Damaged packets are passed over; silence keeps their place. A damaged file can bring the
    media library down with the whole process: call this where that may happen.

    Raises:
        RecordingError: Its leaves say why the recording cannot be used.
        DecodingStoppedError: ``is_stopped`` became true.
    """
    if request.is_list:
        return decode_files(request, partial(_decode_track, is_stopped=is_stopped, raises=False))
    if request.track == ALL_TRACKS:
        # A quiet track beside others holds what their microphones pick up of each other.
        return decode_all(request, partial(_decode_track, is_stopped=is_stopped, raises=False))
    return _decode_track(request, is_stopped, raises=True)


def _decode_track(
    request: AudioRequest, is_stopped: Callable[[], bool], *, raises: bool
) -> AudioInfo:
    """Decode one track; again where its level is none that speech usually has."""
    level = Level()
    decoded = _decode_at(level, request, is_stopped)
    usual = level.brought_to_usual(raises=raises)
    return decoded if usual is None else _decode_at(usual, request, is_stopped)


def _decode_at(level: Level, request: AudioRequest, is_stopped: Callable[[], bool]) -> AudioInfo:
    import av  # noqa: PLC0415 - keeps `dalston --help` fast

    source, clip = request.source, request.clip
    given = given_name(source) if request.name is None else request.name
    name = shown_name(given)
    digest = request.digest or content_digest(source)
    part = clip or Clip()
    wish = TrackWish(track=request.track, language=request.language)
    with open_recording(source, name, wish) as recording:
        chosen = _chosen(recording, request.channels)
        decoding = Decoding(
            recording=recording,
            clip=part,
            timeline=timeline_of(recording, part),
            resampler=Resampler(raw_floats=recording.codec.startswith("pcm_f")),
            counts=Counts(),
            wish=wish,
            mixer=Mixer(),
            level=level,
            own_speech=OwnSpeech(),
        )
        try:
            written = _decode_into(request, decoding, chosen, is_stopped)
        except av.error.FFmpegError as error:  # what a header claims, the library cannot do
            raise CorruptError(name, 1, str(error.strerror)) from error
        pauses = decoding.timeline.pauses
        tags = recording.tags()
        return AudioInfo(
            info=RecordingInfo(
                name=given,
                digest=digest,
                duration_s=written[0].duration_s + sum(pause.length_s for pause in pauses),
                sample_rate=recording.sample_rate,
                num_channels=recording.num_channels,
                container=recording.format_name,
                codec=recording.codec,
                container_duration_s=recording.declared.duration_s,
                clip_start=clip.start if clip else None,
                clip_end=clip.end if clip else None,
                left_out=clip.gaps if clip else (),
                title=tags.title,
                recorded=tags.recorded,
                chapters=tags.chapters,
            ),
            channels=tuple(
                Channel(
                    channel=channel,
                    duration_s=wav.duration_s,
                    audio_digest=wav.digest,
                    pauses=pauses,
                    speaking=decoding.own_speech.channels() if channel is None else (),
                )
                for channel, wav in zip(chosen, written, strict=True)
            ),
            warnings=tuple(notices(decoding)),
            mixing=MIXING,
            tracks=recording.tracks if len(recording.tracks) > 1 else (),
        )


def _decode_into(
    request: AudioRequest,
    decoding: Decoding,
    chosen: Sequence[int | None],
    is_stopped: Callable[[], bool],
) -> list[WrittenWav]:
    """Write one file per channel; all of them, or none."""
    name = decoding.recording.name
    with ExitStack() as stack:
        writers = [stack.enter_context(WavWriter(request.wav(channel))) for channel in chosen]
        blocks = stack.enter_context(closing(_blocks(decoding)))
        for block in _without_gaps(blocks, decoding):
            if is_stopped():
                raise DecodingStoppedError(name)
            _write(block, chosen, writers, decoding)
            if writers[0].num_samples > MAX_SAMPLES - SAMPLE_RATE * 60:
                raise TooLongError(name, MAX_SAMPLES / SAMPLE_RATE)
        check_enough(decoding, writers[0].num_samples)
        return [writer.finish() for writer in writers]


def _chosen(recording: OpenRecording, channels: Channels) -> tuple[int | None, ...]:
    num_channels = recording.num_channels
    if channels == "mix":
        return (None,)
    if channels == "split":
        return tuple(range(num_channels))
    if channels >= num_channels:
        raise ChannelMissingError(recording.name, channels, num_channels)
    return (channels,)


def timeline_of(recording: OpenRecording, clip: Clip) -> Timeline:
    """Jump near the clip's start where that is exact, and say where the audio then begins."""
    import av  # noqa: PLC0415 - keeps `dalston --help` fast

    jumped = False
    stream = recording.stream
    if recording.seekable and clip.start >= _SEEK_FROM_S and stream.time_base:
        at = recording.origin + (clip.start - _PREROLL_S).__trunc__()
        try:
            recording.container.seek(int(at / stream.time_base), stream=stream, backward=True)
            jumped = True
        except av.error.FFmpegError:  # no index after all: decode from where we are, the start
            jumped = False
    return Timeline(
        time_base=stream.time_base,
        # Some decoders swallow their first packets; beside other tracks the gap counts, else not.
        origin=recording.origin if jumped or recording.has_company else None,
        declared_s=recording.declared.latest_s,
        clip=clip,
        from_start=not jumped,
    )


def _blocks(decoding: Decoding) -> Generator["NDArray[np.float32]", None, None]:
    """Yield the clip as float32, shape (num_channels, num_samples), 16 kHz.

    Another thread uses the container: close this generator before it.
    """
    with closing(ahead(_runs(decoding))) as runs:
        for run in runs:
            yield from decoding.resampler.push(run)
    yield from decoding.resampler.flush()


def _runs(decoding: Decoding) -> Iterator[list["AudioFrame"]]:
    """Yield the clip's frames, and silence where there are none, some seconds at a time."""
    timeline, is_clip = decoding.timeline, decoding.clip.end is not None
    most = _RUN_VALUES // max(1, decoding.recording.num_channels)  # a header may claim any
    joiner, num_samples = Joiner(), 0
    for frame in decoded_frames(decoding.recording, timeline, decoding.counts):
        for placed in timeline.place(frame):
            joiner.add(placed)
            num_samples += placed.samples
            if num_samples >= most:
                yield joiner.take()
                num_samples = 0
        if is_clip and timeline.is_past_clip:
            break
    yield joiner.take()


def _without_gaps(
    blocks: Iterator["NDArray[np.float32]"], decoding: Decoding
) -> Iterator["NDArray[np.float32]"]:
    """Silence what lies between the parts of a clip."""
    clip, timeline = decoding.clip, decoding.timeline
    at = 0
    for block in blocks:
        for gap in clip.gaps:
            start, end = (
                round(played_s(timeline.pauses, edge - clip.start) * SAMPLE_RATE) for edge in gap
            )
            block[:, max(0, start - at) : max(0, end - at)] = 0.0
        at += block.shape[1]
        yield block


def decoded_frames(
    recording: OpenRecording, timeline: Timeline, counts: Counts
) -> Iterator["AudioFrame"]:
    """Yield every frame that can be decoded, and count those that cannot."""
    import av  # noqa: PLC0415 - keeps `dalston --help` fast

    for packet in _packets(recording, counts):
        try:
            frames = recording.stream.decode(packet)
        except av.error.FFmpegError as error:
            if packet.has_sidedata("encryption_info"):
                raise EncryptedError(recording.name) from error
            counts.add(error)
            timeline.resync()
            continue
        for frame in frames:
            if frame.samples > 0 and frame.sample_rate in SAMPLE_RATES:
                yield frame if frame.layout.nb_channels <= MAX_PLANES else packed(frame)


def _packets(recording: OpenRecording, counts: Counts) -> Iterator["Packet[AudioStream]"]:
    """Yield every packet up to the first that cannot be read."""
    import av  # noqa: PLC0415 - keeps `dalston --help` fast

    try:
        for packet in recording.container.demux(recording.stream):
            counts.num_packets += 1
            yield packet
    except (av.error.FFmpegError, OSError) as error:
        counts.add(error)


def _write(
    block: "NDArray[np.float32]",
    chosen: Sequence[int | None],
    writers: Sequence[WavWriter],
    decoding: Decoding,
) -> None:
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    counts, level = decoding.counts, decoding.level
    counts.loudest = max(counts.loudest, float(block.max(initial=0)), -float(block.min(initial=0)))
    block = level.apply(block)
    for channel, writer in zip(chosen, writers, strict=True):
        if channel is None:
            positions = decoding.resampler.positions
            decoding.own_speech.add(block, positions)
            samples = decoding.mixer.mix(block, positions)
        elif channel < len(block):
            samples = block[channel]
        else:  # the stream lost channels on its way
            samples = np.zeros(block.shape[1], dtype=np.float32)
        level.add(samples)
        pcm = pcm16(samples)
        counts.peak = max(counts.peak, int(pcm.max(initial=0)), -int(pcm.min(initial=0)))
        writer.write(pcm)
