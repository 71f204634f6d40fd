"""Tags that stand behind the sound of MP3, AAC, FLAC, WavPack and others.

Reference: ID3v1, APEv2 and Lyrics3 v2.
"""

from dalston_cli.audio.file_bytes import FileBytes

_MAX_TAGS = 8
_ID3V1 = 128
_APE = 32
_LYRICS = 15


def end_of_sound(file: FileBytes) -> int:
    """Return the offset behind which there are only tags."""
    end = file.size
    for _ in range(_MAX_TAGS):
        length = _tag_before(file, end)
        if not 0 < length < end:
            break
        end -= length
    return end


def start_of_sound(file: FileBytes) -> int:
    """Return the offset behind the ID3v2 tags at the start."""
    start = 0
    for _ in range(_MAX_TAGS):
        head = file.at(start, 10)
        if head[:3] != b"ID3" or len(head) < 10:  # noqa: PLR2004 - the tag's header
            break
        start += 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
    return start


def _tag_before(file: FileBytes, end: int) -> int:
    """Return the length of the tag that ends here; 0 where none does."""
    if file.at(end - _ID3V1, 3) == b"TAG":
        return _ID3V1
    footer = file.at(end - _APE, _APE)
    if footer[:8] == b"APETAGEX":
        has_header = footer[23] & 0x80
        return int.from_bytes(footer[12:16], "little") + (_APE if has_header else 0)
    lyrics = file.at(end - _LYRICS, _LYRICS)
    if lyrics[6:] == b"LYRICS200" and lyrics[:6].isdigit():
        return int(lyrics[:6]) + _LYRICS
    return 0
