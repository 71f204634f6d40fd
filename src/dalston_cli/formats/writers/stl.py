"""EBU STL subtitles, as broadcasters exchange them: a header, then blocks of 128 bytes.

Reference:
    EBU Tech 3264-E, Specification of the EBU Subtitling data exchange format.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.overview import heading_of
from dalston_cli.formats.script import clean
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.subtitles.cues import Cue, build_cues
from dalston_cli.formats.subtitles.iso6937 import encode
from dalston_cli.formats.subtitles.timecode import timecode
from dalston_sdk.wire import Transcript

_CODE_TABLES = {b"01": "iso8859_5", b"02": "iso8859_6", b"03": "iso8859_7", b"04": "iso8859_8"}
"""Cyrillic, Arabic, Greek and Hebrew; 00 is Latin."""
_LANGUAGES = {
    "bg": "77", "ca": "03", "cs": "06", "cy": "05", "da": "07", "de": "08", "el": "70",
    "en": "09", "es": "0A", "et": "0C", "eu": "0D", "fi": "27", "fr": "0F", "ga": "11",
    "he": "6C", "hr": "04", "hu": "1B", "is": "14", "it": "15", "lt": "1A", "lv": "18",
    "nl": "1D", "no": "1E", "pl": "20", "pt": "21", "ro": "22", "ru": "56", "sk": "25",
    "sl": "26", "sr": "24", "sv": "28", "tr": "29", "uk": "49", "ar": "7E", "fa": "5A",
}  # fmt: skip
_NEW_LINE, _UNUSED = b"\x8a", b"\x8f"
_TEXT_BYTES = 112
_LAST, _MOST_EXTENSIONS = 0xFF, 0xEF
_CENTRED = 2
_ROWS, _COLUMNS = 23, 40
_END_S = 24 * 3600
_NO_DATE = b"700101"
"""The same transcript gives the same bytes."""


def unwritable(transcript: Transcript) -> str | None:
    """Return why a transcript cannot be written; None if it can."""
    texts = {clean(segment.text) for segment in transcript.segments}
    names = {clean(segment.speaker) for segment in transcript.segments if segment.speaker}
    if _code_table([*texts, *names]) is None:
        return "its letters are of no code table, or of several"
    if any(segment.end >= _END_S for segment in transcript.segments):
        return "its times are those of a day, up to 23:59:59"
    return None


def render(transcript: Transcript, options: RenderOptions) -> bytes:
    """Return the file: Latin, Cyrillic, Arabic, Greek or Hebrew, at 25 or 29.97 frames a second."""
    names = SpeakerNames.of(transcript, options)
    cues = build_cues(transcript, options.subtitles, names.get)
    table = _code_table([clean(cue.text().replace("\n", " ")) for cue in cues]) or b"00"
    rate, first = options.video()
    blocks = [
        block
        for number, cue in enumerate(cues)
        for block in _blocks(number, cue, table=table, rate=rate, first=first)
    ]
    return _header(transcript, cues, len(blocks), table=table, options=options) + b"".join(blocks)


def _code_table(texts: Sequence[str]) -> bytes | None:
    """Return the first code table that has all letters."""
    for table in (b"00", *_CODE_TABLES):
        if all(_encoded(text, table) is not None for text in texts):
            return table
    return None


def _encoded(text: str, table: bytes) -> bytes | None:
    if table == b"00":
        return encode(text)
    try:
        return text.encode(_CODE_TABLES[table])
    except UnicodeEncodeError:
        return None


def _header(
    transcript: Transcript,
    cues: Sequence[Cue],
    num_blocks: int,
    *,
    table: bytes,
    options: RenderOptions,
) -> bytes:
    """Return the block of general information: 1,024 bytes."""
    rate, start = options.video()
    first = start + round(cues[0].start * rate) if cues else start
    title = clean(heading_of(transcript))
    language = _LANGUAGES.get((transcript.language or "").partition("-")[0], "00")
    fields = (
        (b"850", 3),
        (b"STL25.01" if rate == 25 else b"STL30.01", 8),  # noqa: PLR2004 - frames a second
        (b"0", 1),  # open subtitles
        (table, 2),
        (language.encode(), 2),
        (title.encode("cp850", "replace"), 32),
        (b"", 32 * 5),
        (b"", 16),
        (_NO_DATE * 2, 12),
        (b"00", 2),
        (b"%05d%05d001" % (num_blocks, len(cues)), 13),
        (b"%02d%02d1" % (_COLUMNS, _ROWS), 5),
        (_text_of(timecode(start, rate)) + _text_of(timecode(first, rate)), 16),
        (b"11", 2),
        (b"", 3 + 32 * 3),
        (b"", 75 + 576),
    )
    return b"".join(value[:width].ljust(width) for value, width in fields)


def _text_of(parts: Sequence[int]) -> bytes:
    return b"".join(b"%02d" % part for part in parts)


def _blocks(number: int, cue: Cue, *, table: bytes, rate: Fraction, first: int) -> Iterator[bytes]:
    """Yield a cue's blocks: one, or several where its text is longer than a block's."""
    start = first + round(cue.start * rate)
    end = max(first + round(cue.end * rate), start + 1)
    lines = cue.text().split("\n")
    text = _NEW_LINE.join(_encoded(line, table) or b"" for line in lines)
    parts = [text[at : at + _TEXT_BYTES] for at in range(0, len(text), _TEXT_BYTES)] or [b""]
    row = _ROWS - 2 * len(lines) + 1
    for index, part in enumerate(parts[: _MOST_EXTENSIONS + 1]):
        extension = _LAST if index == len(parts) - 1 else index
        head = bytes((0,)) + (number % 0x10000).to_bytes(2, "little") + bytes((extension, 0))
        times = bytes((*timecode(start, rate), *timecode(end, rate)))
        place = bytes((max(row, 1), _CENTRED, 0))
        yield head + times + place + part.ljust(_TEXT_BYTES, _UNUSED)
