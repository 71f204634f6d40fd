"""Types of a recording: what its file is, what it says of itself, and the tracks of several files.

Times (``start``, ``end``) are float seconds from the start of the recording. Fields with their
default value are omitted in JSON.
"""

from typing import Literal

from msgspec import Struct


class Chapter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a recording with its own subject: from its file, or written by a language model.

    Attributes:
        start, end: A language model's are those of segments; a chapter ends where the next one
            begins, if not before.
    """

    start: float
    end: float
    title: str
    summary: str | None = None


DateOrigin = Literal["bext", "quicktime", "container", "tags"]
"""The part of a file that has a date: the Broadcast Wave chunk, QuickTime's creation date, the
time at which the container was begun, tags such as those of ID3 and Vorbis."""


class RecordingDate(Struct, frozen=True, kw_only=True):
    """The date of a recording, as its file has it.

    Attributes:
        at: As ISO 8601: ``2024-05-17``, ``2024-05-17T09:30:00``, or with a zone behind it.
        source: Where it was found.
    """

    at: str
    source: DateOrigin


StartSource = Literal["info", "bext", "length", "sound", "created", "none"]
"""How the start of a track is known: by a file beside it, by time references of Broadcast Wave
files, because all are equally long, by sound that several picked up, by the times at which the
files were created, or not at all."""


class RecordingTrack(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file of a recording that has one for each speaker.

    Attributes:
        channel: Its number, as segments have it.
        file: Its name.
        speaker: Who is recorded, by its name.
        start: Where it begins in the recording.
        start_source: How that is known.
    """

    channel: int
    file: str
    speaker: str
    duration_s: float
    start: float
    start_source: StartSource


class RecordingInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Properties of the recording's file, and the digest of its bytes.

    Attributes:
        name: Path as the user gave it (undecodable bytes replaced); ``-`` for standard input.
        digest: ``sha256:<hex>`` of the file's bytes.
        duration_s: Length of the decoded audio.
        container_duration_s: Length that the container declares; None if it declares none.
        clip_start, clip_end: The part that was transcribed, if only a part was.
        left_out: Start and end of what was left out between several parts, in seconds.
        columns: The columns of a manifest that are the user's own, by name.
        title: From the file's tags; None where it has none.
        recorded: Its date, from the file's metadata; None where that has none that can be right.
        chapters: Of the file, on the recording's clock, in order.
        tracks: The files of a recording that has one for each speaker.
    """

    name: str
    digest: str
    duration_s: float
    sample_rate: int
    num_channels: int
    container: str
    codec: str
    container_duration_s: float | None = None
    clip_start: float | None = None
    clip_end: float | None = None
    left_out: tuple[tuple[float, float], ...] = ()
    columns: dict[str, str | int | float | bool] = {}
    title: str | None = None
    recorded: RecordingDate | None = None
    chapters: tuple[Chapter, ...] = ()
    tracks: tuple[RecordingTrack, ...] = ()
