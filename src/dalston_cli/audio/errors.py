"""The reasons why a recording cannot be used: one class each, with its own code.

They cross the pipe from the decoding process as code, message and hint; ``revive`` makes the
same class of them again.
"""

import shlex
from collections.abc import Sequence
from typing import ClassVar, Self

from dalston_cli.errors import DalstonError, InputError


class RecordingError(InputError):
    """A recording cannot be used."""

    code = "recording"

    @classmethod
    def restored(cls, message: str, hint: str | None) -> Self:
        """Return an error whose message was built in another process."""
        error = cls.__new__(cls)
        DalstonError.__init__(error, message, hint=hint)
        return error


class _SimpleError(RecordingError):
    """A recording cannot be used, and its name is all that there is to say."""

    text: ClassVar[str]
    """The message; ``{name}`` stands for the recording."""
    remedy: ClassVar[str]
    """The hint; ``{quoted}`` stands for the recording's name as a shell takes it."""
    remedy_elsewhere: ClassVar[str] = ""
    """The hint for an address, where commands of this machine are of no use; empty for the same."""

    def __init__(self, name: str) -> None:
        remedy = self.remedy_elsewhere if "://" in name else ""
        super().__init__(
            self.text.format(name=name),
            hint=(remedy or self.remedy).format(quoted=shlex.quote(name)),
        )


class RecordingMissingError(_SimpleError, FileNotFoundError):
    """There is no such file."""

    code = "recording_missing"
    text = "{name} does not exist"
    remedy = "check the path, and quote odd characters"


class RecordingIsDirectoryError(_SimpleError, IsADirectoryError):
    """A folder stands where a file was expected."""

    code = "recording_is_directory"
    text = "{name} is a directory, not a recording"
    remedy = "for all that is in it: dalston transcribe --recursive -- {quoted}"


class RecordingUnreadableError(RecordingError, PermissionError):
    """The system refuses to read the file."""

    code = "recording_unreadable"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"{name} cannot be read: {reason}",
            hint=f"look at its permissions: ls -l -- {shlex.quote(name)}",
        )


class RecordingChangedError(_SimpleError):
    """The file is not the same any more as when its digest was taken."""

    code = "recording_changed"
    text = "{name} changed while it was read"
    remedy = "wait until it is complete (ls -l -- {quoted}), then run the same command again"
    remedy_elsewhere = "wait until it is complete, then run the same command again"


class NotRegularFileError(_SimpleError):
    """A pipe, a socket or a device: it cannot be read twice or from the middle."""

    code = "not_regular_file"
    text = "{name} is a pipe or a device, not a file"
    remedy = "hand it over on standard input: dalston transcribe - < {quoted}"


class RecordingEmptyError(_SimpleError):
    """The file has no bytes."""

    code = "recording_empty"
    text = "{name} is empty (0 bytes)"
    remedy = "copy or record it again"


class NotMediaError(_SimpleError):
    """The content is in no container that can be recognised."""

    code = "not_media"
    text = "{name} is not a recording, or is damaged beyond recognition"
    remedy = "see what it is: file -- {quoted}"
    remedy_elsewhere = "fetch it, and see what it is with the command file"


class IncompleteFileError(_SimpleError):
    """The container lacks its index, because its end was never written or copied."""

    code = "recording_incomplete"
    text = "{name} was cut off: its index, at the end of the file, is missing"
    remedy = "copy or export it again"


class NoAudioStreamError(RecordingError):
    """A video without sound, a picture, or subtitles."""

    code = "no_audio_stream"

    def __init__(self, name: str, kinds: tuple[str, ...]) -> None:
        holds = f", only {' and '.join(kinds)}" if kinds else ""
        super().__init__(
            f"{name} has no audio stream{holds}", hint="record or export it again with its sound"
        )


class TrackMissingError(RecordingError):
    """The audio track that was asked for does not exist."""

    code = "audio_track_missing"

    def __init__(self, name: str, wanted: int | str, languages: Sequence[str]) -> None:
        has = "one audio track" if len(languages) == 1 else f"{len(languages)} audio tracks"
        listed = ", ".join(
            f"{number} ({language or 'language unknown'})"
            for number, language in enumerate(languages)
        )
        which = f"no track {wanted}" if isinstance(wanted, int) else f"none in {wanted!r}"
        super().__init__(
            f"{name} has {has} and {which}; tracks count from 0",
            hint=f"use one of these with --audio-track, or all: {listed}",
        )


class UnknownCodecError(RecordingError):
    """The container is known, the codec within is not."""

    code = "unknown_codec"

    def __init__(self, name: str, container: str) -> None:
        super().__init__(
            f"{name} is a {container} file whose audio codec is not known",
            hint=f"convert it first: ffmpeg -i {shlex.quote(f'file:{name}')} converted.wav",
        )


class SampleRateError(RecordingError):
    """A header that claims a sample rate which no recording of speech has."""

    code = "sample_rate"

    def __init__(self, name: str, sample_rate: int) -> None:
        super().__init__(
            f"{name} claims a sample rate of {sample_rate:,} Hz: its header is damaged",
            hint="export it again, or repair the header: "
            f"sox -r 16000 {shlex.quote(name)} repaired.wav",
        )


class EncryptedError(_SimpleError):
    """Copy protection or encryption."""

    code = "recording_encrypted"
    text = "{name} is encrypted (copy protection)"
    remedy = "export it without copy protection"


class CorruptError(RecordingError):
    """The container opens, yet nothing in it can be decoded."""

    code = "recording_corrupt"

    def __init__(self, name: str, num_errors: int, reason: str) -> None:
        super().__init__(
            f"{name} is corrupt: nothing could be decoded ({num_errors} errors; {reason})",
            hint="copy or export it again",
        )


class NoSamplesError(_SimpleError):
    """A header without sound."""

    code = "no_samples"
    text = "{name} holds no sound (0 samples)"
    remedy = "copy or record it again"


class NonFiniteSamplesError(_SimpleError):
    """Floating-point audio that is not-a-number or infinite throughout."""

    code = "non_finite_samples"
    text = "{name} holds no sound: every sample is not a number (NaN) or infinite"
    remedy = "export it again, as 16-bit PCM for instance"


class TooShortError(RecordingError):
    """Too little sound to hold a word."""

    code = "recording_too_short"

    def __init__(self, name: str, duration_s: float, minimum_s: float) -> None:
        super().__init__(
            f"{name} holds {duration_s * 1000:.0f} ms of sound, and {minimum_s * 1000:.0f} ms is "
            "the least that can hold a word",
            hint="leave it out, or copy or record it again",
        )


class ClipTooShortError(RecordingError):
    """The part that was asked for holds too little sound for a word."""

    code = "clip_too_short"

    def __init__(self, name: str, duration_s: float, minimum_s: float) -> None:
        super().__init__(
            f"the clip of {name} holds {duration_s * 1000:.0f} ms of sound, and"
            f" {minimum_s * 1000:.0f} ms is the least that can hold a word",
            hint="choose a longer --clip",
        )


class TooLongError(RecordingError):
    """More sound than a WAV file can hold."""

    code = "recording_too_long"

    def __init__(self, name: str, maximum_s: float) -> None:
        super().__init__(
            f"{name} is longer than {maximum_s / 3600:.0f} hours",
            hint="transcribe it in parts: --clip 0:00:00-24:00:00, then --clip 24:00:00-",
        )


class ChannelMissingError(RecordingError):
    """The channel that was asked for does not exist."""

    code = "channel_missing"

    def __init__(self, name: str, channel: int, num_channels: int) -> None:
        has = "one channel" if num_channels == 1 else f"{num_channels} channels"
        super().__init__(
            f"{name} has {has} and no channel {channel}; channels count from 0",
            hint=f"use --channels 0{f' to {num_channels - 1}' if num_channels > 1 else ''}, or mix",
        )


class ClipOutsideError(RecordingError):
    """The clip begins after the recording's end."""

    code = "clip_outside"

    def __init__(self, name: str, start: float, duration_s: float) -> None:
        super().__init__(
            f"--clip begins at {start:g} s, but {name} ends at {duration_s:.2f} s",
            hint=f"choose a start before that: --clip 0-{duration_s:.2f}",
        )


def leaves() -> tuple[type[RecordingError], ...]:
    """Return every class of error that is raised."""
    simple, others = _SimpleError.__subclasses__(), RecordingError.__subclasses__()
    return (*simple, *(leaf for leaf in others if leaf is not _SimpleError))


def revive(code: str, message: str, hint: str | None) -> RecordingError:
    """Return the error of that code, with a message that was built in another process."""
    for leaf in leaves():
        if leaf.code == code:
            return leaf.restored(message, hint)
    return RecordingError.restored(message, hint)
