"""References of a recording: the files beside it that have its name."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from tests.support.scoring import normalise


@dataclass(frozen=True)
class Span:
    """Something with a name, in seconds: a word, or a turn of a speaker."""

    start: float
    end: float
    name: str


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A recording and what is known of it.

    Attributes:
        text: Normalised; None where there is no ``.txt``.
        turns: From ``.rttm``; none where there is no such file.
        words: From ``.ctm``, normalised; none where there is no such file.
    """

    recording: Path
    duration_s: float
    text: str | None
    turns: tuple[Span, ...]
    words: tuple[Span, ...]


def read_references(folder: Path) -> list[Reference]:
    """Every WAV file in ``folder`` of which something is known, by name."""
    found = [read_reference(path) for path in sorted(folder.glob("*.wav"))]
    return [each for each in found if each.text or each.turns or each.words]


def read_reference(recording: Path) -> Reference:
    """Read ``.txt`` (with or without ``Name: ``), ``.rttm`` and ``.ctm`` beside a WAV file."""
    with av.open(str(recording)) as file:
        assert file.duration is not None  # a WAV file's header says it
        duration_s = file.duration / av.time_base
    turns = tuple(_turns(recording.with_suffix(".rttm")))
    return Reference(
        recording=recording,
        duration_s=duration_s,
        text=_text(recording.with_suffix(".txt"), {turn.name for turn in turns}),
        turns=turns,
        words=tuple(_words(recording.with_suffix(".ctm"))),
    )


def _text(path: Path, speakers: set[str]) -> str | None:
    if not path.exists():
        return None
    lines = [line.partition(": ") for line in path.read_text(encoding="utf-8").splitlines()]
    # A colon may be part of what is said, but not after the name of somebody who speaks.
    said = [rest if name in speakers else f"{name} {rest}" for name, _, rest in lines]
    return normalise(" ".join(said))


def _turns(path: Path) -> Iterator[Span]:
    for fields in _rows(path):
        if fields[0] == "SPEAKER":
            start = float(fields[3])
            yield Span(start, start + float(fields[4]), fields[7])


def _words(path: Path) -> Iterator[Span]:
    for _, _, onset, duration, word, *_ in _rows(path):
        yield Span(float(onset), float(onset) + float(duration), normalise(word))


def _rows(path: Path) -> Iterator[list[str]]:
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith(";;"):
                yield line.split()
