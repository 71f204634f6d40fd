"""Reads references in the formats of NIST: STM, CTM and RTTM, and plain text.

Reference:
    NIST SCTK, sclite: STM and CTM formats; NIST, RT-09 Evaluation Plan, appendix A: RTTM.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from dalston_cli.evaluation.material import Material, Span, Utterance
from dalston_cli.formats.read import text_of
from dalston_cli.formats.readers.errors import MalformedFileError

_IGNORED = "ignore_time_segment_in_scoring"
_STM_FIELDS, _CTM_FIELDS, _RTTM_FIELDS = 5, 5, 8
_NOT_SPOKEN = {"<na>", "@", "(%hesitation)"}
_SPEAKER_LINE = re.compile(r"\s*([^\s:][^:]{0,39}):\s+(.*)")
_COMES_BACK = 2


def read_stm(path: Path) -> Iterator[tuple[str, Material]]:
    """Yield each recording of an STM file, by its name in the file.

    Raises:
        MalformedFileError: A line is not one of STM.
    """
    found: dict[str, list[Utterance]] = {}
    for number, line in _rows(path):
        fields = line.split(None, _STM_FIELDS)
        if len(fields) < _STM_FIELDS:
            raise MalformedFileError(path, number, "a line of STM has at least five fields")
        start, end = _number(path, number, fields[3]), _number(path, number, fields[4])
        if end < start:
            raise MalformedFileError(path, number, f"it ends at {end:g} and starts at {start:g}")
        text = re.sub(r"^<[^>]*>\s*", "", fields[5]) if len(fields) > _STM_FIELDS else ""
        said = found.setdefault(fields[0], [])
        if text.strip().lower() != _IGNORED:
            said.append(Utterance(text=text.strip(), speaker=fields[2], start=start, end=end))
    for name, each in found.items():
        ordered = tuple(sorted(each, key=lambda one: (one.start or 0.0, one.end or 0.0)))
        turns = tuple(
            Span(start=one.start or 0.0, end=one.end or 0.0, name=one.speaker or "")
            for one in ordered
            if one.text
        )
        yield (
            name,
            Material(name=name, files=(path,), utterances=ordered, has_text=True, turns=turns),
        )


def read_ctm(path: Path) -> Iterator[tuple[str, Material]]:
    """Yield each recording of a CTM file.

    Raises:
        MalformedFileError: A line is not one of CTM.
    """
    found: dict[str, list[Span]] = {}
    for number, line in _rows(path):
        fields = line.split()
        if len(fields) < _CTM_FIELDS:
            raise MalformedFileError(path, number, "a line of CTM has at least five fields")
        start, length = _number(path, number, fields[2]), _number(path, number, fields[3])
        words = found.setdefault(fields[0], [])
        if fields[4].lower() not in _NOT_SPOKEN:
            words.append(Span(start=start, end=start + length, name=fields[4]))
    for name, spans in found.items():
        ordered = tuple(sorted(spans, key=lambda one: (one.start, one.end)))
        said = tuple(Utterance(text=one.name, start=one.start, end=one.end) for one in ordered)
        yield (
            name,
            Material(name=name, files=(path,), utterances=said, has_text=True, words=ordered),
        )


def read_rttm(path: Path) -> Iterator[tuple[str, Material]]:
    """Yield each recording of an RTTM file: its turns.

    Raises:
        MalformedFileError: A line is not one of RTTM.
    """
    found: dict[str, list[Span]] = {}
    for number, line in _rows(path):
        fields = line.split()
        if fields[0] != "SPEAKER":
            continue
        if len(fields) < _RTTM_FIELDS:
            raise MalformedFileError(path, number, "a line of RTTM has at least eight fields")
        start, length = _number(path, number, fields[3]), _number(path, number, fields[4])
        found.setdefault(fields[1], []).append(
            Span(start=start, end=start + length, name=fields[7])
        )
    for name, spans in found.items():
        yield name, Material(name=name, files=(path,), turns=tuple(spans))


def read_text(path: Path) -> Iterator[tuple[str, Material]]:
    """Yield the recording of a text: lines, with ``Name: `` before those of a speaker or not.

    What is before a colon is a speaker where half of the lines have one, or where it comes back.
    """
    lines = [line for line in text_of(path).splitlines() if line.strip()]
    matches = [_SPEAKER_LINE.fullmatch(line) for line in lines]
    names = [match[1].strip() for match in matches if match]
    mostly = 2 * len(names) >= len(lines)
    speakers = {name for name in names if mostly or names.count(name) >= _COMES_BACK}
    said: list[Utterance] = []
    for line, match in zip(lines, matches, strict=True):
        if match and match[1].strip() in speakers:
            said.append(Utterance(text=match[2], speaker=match[1].strip()))
        else:  # the speaker goes on
            speaker = said[-1].speaker if said else None
            said.append(Utterance(text=line.strip(), speaker=speaker))
    name = path.stem
    yield name, Material(name=name, files=(path,), utterances=tuple(said), has_text=True)


def _rows(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if line.strip() and not line.startswith(";;"):
            yield number, line


def _number(path: Path, line: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise MalformedFileError(path, line, f"{text!r} is no number of seconds") from None
    if not 0 <= value < float("inf"):
        raise MalformedFileError(path, line, f"{text!r} is no time in a recording")
    return value


READERS: dict[str, Callable[[Path], Iterator[tuple[str, Material]]]] = {
    ".stm": read_stm,
    ".ctm": read_ctm,
    ".rttm": read_rttm,
    ".txt": read_text,
}
"""By the ending of files."""
