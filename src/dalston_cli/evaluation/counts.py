"""Errors in words and characters: jiwer aligns and counts, here it is kept what can be summed."""

from collections.abc import Sequence
from typing import Literal, Self

from msgspec import Struct

from dalston_cli.evaluation.needs import library

Kind = Literal["equal", "substitute", "delete", "insert"]


class Counts(Struct, frozen=True, kw_only=True):
    """Errors, and what they are counted against.

    Attributes:
        length: Words, or characters, of the reference.
        substitutions, deletions, insertions: Wrong, missing and added ones.
    """

    length: int
    substitutions: int
    deletions: int
    insertions: int

    @property
    def errors(self) -> int:
        """All errors."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float | None:
        """Errors over the length of the reference; None where that is empty."""
        return self.errors / self.length if self.length else None

    def __add__(self, other: Self) -> "Counts":
        """Return the counts of both together."""
        return Counts(
            length=self.length + other.length,
            substitutions=self.substitutions + other.substitutions,
            deletions=self.deletions + other.deletions,
            insertions=self.insertions + other.insertions,
        )


class Step(Struct, frozen=True):
    """A part of an alignment: the words of both sides, of which one may be empty."""

    kind: Kind
    reference: tuple[str, ...]
    hypothesis: tuple[str, ...]


def count_words(reference: str, hypothesis: str) -> tuple[Counts, tuple[Step, ...]]:
    """Compare the words of two normalised texts; return counts and alignment."""
    said, heard = reference.split(), hypothesis.split()
    if not said or not heard:  # the library takes no empty reference
        return _all_missing_or_added(said, heard), _one_step(said, heard)
    output = library("jiwer").process_words(reference, hypothesis)
    steps = tuple(
        Step(
            chunk.type,
            tuple(said[chunk.ref_start_idx : chunk.ref_end_idx]),
            tuple(heard[chunk.hyp_start_idx : chunk.hyp_end_idx]),
        )
        for chunk in output.alignments[0]
    )
    return _of(output, len(said)), steps


def count_characters(reference: str, hypothesis: str) -> Counts:
    """Compare the characters of two normalised texts, without the spaces between words."""
    said, heard = "".join(reference.split()), "".join(hypothesis.split())
    if not said or not heard:
        return _all_missing_or_added(said, heard)
    return _of(library("jiwer").process_characters(said, heard), len(said))


def total(counts: Sequence[Counts]) -> Counts:
    """Return the sum, which is nothing for nothing."""
    none = Counts(length=0, substitutions=0, deletions=0, insertions=0)
    return sum(counts, none)


def _of(output: object, length: int) -> Counts:
    """Return the library's counts."""
    names = ("substitutions", "deletions", "insertions")
    return Counts(length=length, **{name: getattr(output, name) for name in names})


def _all_missing_or_added(said: Sequence[str], heard: Sequence[str]) -> Counts:
    return Counts(length=len(said), substitutions=0, deletions=len(said), insertions=len(heard))


def _one_step(said: Sequence[str], heard: Sequence[str]) -> tuple[Step, ...]:
    if not said and not heard:
        return ()
    return (Step("delete" if said else "insert", tuple(said), tuple(heard)),)
