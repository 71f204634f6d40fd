"""A recording with a file for each speaker: each becomes a channel, on one clock."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

import msgspec

from dalston_cli.audio.container import open_recording
from dalston_cli.audio.decoded_samples import read_samples
from dalston_cli.audio.errors import RecordingError
from dalston_cli.audio.offsets import Start, TrackClock, starts_of
from dalston_cli.audio.quieter import Track, quieter_times
from dalston_cli.audio.request import AudioInfo, AudioRequest, Channel
from dalston_cli.audio.source import shown_name
from dalston_cli.audio.track_list import TrackFile, TrackList, read_track_list, track_path
from dalston_sdk.wire import Notice, RecordingDate, RecordingInfo, RecordingTrack

UNPLACED = "track_start_unknown"
"""The code of the warning that it is not known where tracks begin."""


def decode_files(request: AudioRequest, decode: Callable[[AudioRequest], AudioInfo]) -> AudioInfo:
    """Decode each track by itself; one that cannot be decoded is a warning.

    Args:
        request: For a list of tracks; the WAV files are ``channel-N.wav``, with the track's number.
        decode: Decodes one file.

    Raises:
        RecordingError: No track can be decoded; its leaves say why.
    """
    tracks = read_track_list(request.source)
    found: dict[int, AudioInfo] = {}
    refused: dict[int, RecordingError] = {}
    for number, track in enumerate(tracks.tracks):
        try:
            found[number] = _decode_one(request, number, track, decode)
        except RecordingError as error:
            refused[number] = error
    if not found:
        raise refused[0]
    clocks = {number: _clock(request, number, tracks, one) for number, one in found.items()}
    starts = dict(zip(clocks, starts_of(tuple(clocks.values())), strict=True))
    return AudioInfo(
        info=_info(request, tracks, found, starts),
        channels=tuple(_channels(request, found, starts)),
        warnings=(
            *_warnings(tracks, found),
            *_unplaced(tracks, starts),
            *(_left_out(tracks.tracks[number], error) for number, error in refused.items()),
        ),
        mixing=next(iter(found.values())).mixing,
    )


def _decode_one(
    request: AudioRequest,
    number: int,
    track: TrackFile,
    decode: Callable[[AudioRequest], AudioInfo],
) -> AudioInfo:
    folder = request.folder / f"track-{number}"
    folder.mkdir(exist_ok=True)
    try:
        one = msgspec.structs.replace(
            request,
            source=track_path(request.source, number),
            folder=folder,
            name=f"{request.name}/{track.name}",
            digest=track.digest,
            track=None,
            is_list=False,
        )
        info = decode(one)
        one.wav(None).replace(request.wav(number))
    finally:
        folder.rmdir()
    return info


def _clock(request: AudioRequest, number: int, tracks: TrackList, one: AudioInfo) -> TrackClock:
    """Return what is known of a track's start."""
    track, path = tracks.tracks[number], track_path(request.source, number)
    with open_recording(path, shown_name(track.name)) as recording:
        metadata, rate = recording.container.metadata, recording.sample_rate
    samples = metadata.get("time_reference", "")
    reference = int(samples) / rate if samples.isascii() and samples.isdigit() else None
    date_time = one.info.recorded
    if date_time is not None and date_time.source == "bext" and reference is not None:
        reference += date.fromisoformat(date_time.at[:10]).toordinal() * 86_400
    timed = date_time is not None and "T" in date_time.at
    return TrackClock(
        wav=request.wav(number),
        duration_s=one.info.duration_s,
        told_s=track.start_s,
        reference_s=reference,
        created=date_time.at if date_time is not None and timed else None,
    )


def _info(
    request: AudioRequest,
    tracks: TrackList,
    found: Mapping[int, AudioInfo],
    starts: Mapping[int, Start],
) -> RecordingInfo:
    first = next(iter(found.values())).info
    recorded = [one.info.recorded for one in found.values() if one.info.recorded]
    told = RecordingDate(at=tracks.recorded, source="tags") if tracks.recorded else None
    return RecordingInfo(
        name=request.name or "",
        digest=request.digest or "",
        duration_s=max(
            starts[number].start_s + one.info.duration_s for number, one in found.items()
        ),
        sample_rate=first.sample_rate,
        num_channels=len(found),
        container=first.container,
        codec=first.codec,
        recorded=told or min(recorded, key=lambda one: one.at, default=None),
        tracks=tuple(
            RecordingTrack(
                channel=number,
                file=tracks.tracks[number].name,
                speaker=tracks.tracks[number].speaker,
                duration_s=one.info.duration_s,
                start=starts[number].start_s,
                start_source=starts[number].source,
            )
            for number, one in found.items()
        ),
    )


def _channels(
    request: AudioRequest, found: Mapping[int, AudioInfo], starts: Mapping[int, Start]
) -> Iterator[Channel]:
    numbers = tuple(found)
    placed = [
        Track(read_samples(request.wav(number)), starts[number].start_s) for number in numbers
    ]
    for number, quieter in zip(numbers, quieter_times(placed), strict=True):
        yield msgspec.structs.replace(
            found[number].channels[0],
            channel=number,
            offset_s=starts[number].start_s,
            quieter=tuple(
                msgspec.structs.replace(each, than=numbers[each.than]) for each in quieter
            ),
        )


def _warnings(tracks: TrackList, found: Mapping[int, AudioInfo]) -> Iterator[Notice]:
    for number, one in found.items():
        for notice in one.warnings:
            name = shown_name(tracks.tracks[number].name)
            yield msgspec.structs.replace(notice, message=f"{name}: {notice.message}")


def _unplaced(tracks: TrackList, starts: Mapping[int, Start]) -> Iterator[Notice]:
    """Say where it is not known when a track begins."""
    names = [
        shown_name(tracks.tracks[number].name)
        for number, start in starts.items()
        if start.source == "none"
    ]
    if names:
        begin = "begins: it was" if len(names) == 1 else "begin: they were"
        yield Notice(
            code=UNPLACED,
            message=f"nothing says when {_listed(names)} {begin} taken to begin with the"
            " first track",
            stage="prepare",
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"  # noqa: PLR2004 - as shown


def _left_out(track: TrackFile, error: RecordingError) -> Notice:
    return Notice(
        code="track_left_out",
        message=f"{shown_name(track.name)} was left out: {error.message}",
        stage="prepare",
    )
