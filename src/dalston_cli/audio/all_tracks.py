"""Every audio track of a recording, each as a channel: ``--audio-track all``."""

from collections.abc import Callable, Iterator

import msgspec

from dalston_cli.audio.container import open_recording
from dalston_cli.audio.errors import RecordingError
from dalston_cli.audio.request import WANTED_TRACK, AudioInfo, AudioRequest, Channel
from dalston_cli.audio.source import given_name, shown_name
from dalston_sdk.wire import Notice


def decode_all(request: AudioRequest, decode: Callable[[AudioRequest], AudioInfo]) -> AudioInfo:
    """Decode each track by itself; one that cannot be decoded is a warning.

    Args:
        request: For all tracks; the WAV files are ``channel-N.wav``, with the track's number.
        decode: Decodes one track.

    Raises:
        RecordingError: No track can be decoded; its leaves say why.
    """
    given = given_name(request.source) if request.name is None else request.name
    with open_recording(request.source, shown_name(given)) as recording:
        numbers = range(len(recording.tracks))
    found: dict[int, AudioInfo] = {}
    refused: dict[int, RecordingError] = {}
    for number in numbers:
        try:
            found[number] = _decode_one(request, number, decode)
        except RecordingError as error:
            refused[number] = error
    if not found:
        raise refused[0]
    infos = [one.info for one in found.values()]
    first = next(iter(found.values()))
    return msgspec.structs.replace(
        first,
        info=msgspec.structs.replace(
            infos[0],
            duration_s=max(info.duration_s for info in infos),
            num_channels=sum(info.num_channels for info in infos),
        ),
        channels=tuple(_channel(number, one) for number, one in found.items()),
        warnings=(*_warnings(found), *(_left_out(*each) for each in refused.items())),
    )


def _decode_one(
    request: AudioRequest, number: int, decode: Callable[[AudioRequest], AudioInfo]
) -> AudioInfo:
    folder = request.folder / f"track-{number}"
    folder.mkdir(exist_ok=True)
    try:
        one = msgspec.structs.replace(request, track=number, folder=folder)
        info = decode(one)
        one.wav(None).replace(request.wav(number))
    finally:
        folder.rmdir()
    return info


def _channel(number: int, one: AudioInfo) -> Channel:
    return msgspec.structs.replace(one.channels[0], channel=number)


def _warnings(found: dict[int, AudioInfo]) -> Iterator[Notice]:
    """Yield the warnings of all tracks, each once where it holds for several."""
    said: dict[tuple[str, str], Notice] = {}
    for number, one in found.items():
        for notice in one.warnings:
            if notice.code == WANTED_TRACK:
                continue
            message = f"audio track {number}: {notice.message}"
            same = said.setdefault((notice.code, notice.message), notice)
            if same is notice:
                yield msgspec.structs.replace(notice, message=message)


def _left_out(number: int, error: RecordingError) -> Notice:
    return Notice(
        code="audio_track_left_out",
        message=f"audio track {number} was left out: {error.message}",
        stage="prepare",
    )
