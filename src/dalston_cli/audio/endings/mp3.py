"""The end of an MP3: what its first frame counts, and whether its last frame is whole.

Reference: the Xing, Info and VBRI headers.
"""

from dalston_cli.audio.endings.framed import last_frame_is_cut, mpeg_frame
from dalston_cli.audio.endings.tags import end_of_sound, start_of_sound
from dalston_cli.audio.file_bytes import FileBytes

_SEARCH_BYTES = 4096
_SLACK_BYTES = 4096
"""Encoders disagree on which tags they count."""

_HAS_FRAMES, _HAS_BYTES = 1, 2


def mp3_is_cut(file: FileBytes) -> bool:
    """Return True if bytes that the header counts are missing, or the last frame is too short."""
    start, end = start_of_sound(file), end_of_sound(file)
    counted = counted_bytes(file, start)
    if counted is not None and end - start + _SLACK_BYTES < counted:
        return True
    return last_frame_is_cut(file, mpeg_frame, end)


def counted_bytes(file: FileBytes, start: int) -> int | None:
    """Return the bytes of sound that a header in the first frame counts; None without one."""
    frame = file.at(start, _SEARCH_BYTES)
    for mark in (b"Xing", b"Info"):
        place = frame.find(mark)
        if place >= 0:
            flags = int.from_bytes(frame[place + 4 : place + 8])
            if not flags & _HAS_BYTES:
                return None
            place += 8 + (4 if flags & _HAS_FRAMES else 0)
            return int.from_bytes(frame[place : place + 4])
    place = frame.find(b"VBRI")
    return int.from_bytes(frame[place + 10 : place + 14]) if place >= 0 else None
