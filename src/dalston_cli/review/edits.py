"""Edits: what a person does to a transcript, one at a time."""

from typing import Annotated

from msgspec import Meta, Struct

from dalston_cli.errors import InputError

_Text = Annotated[str, Meta(max_length=100_000)]
_Name = Annotated[str, Meta(min_length=1, max_length=200)]
_Position = Annotated[int, Meta(ge=0, le=1_000_000)]


class EditRefusedError(InputError):
    """An edit does not fit the transcript."""

    code = "edit_refused"


class _Edit(Struct, frozen=True, tag_field="op", forbid_unknown_fields=True):
    """Fields of every edit."""


class TextEdit(_Edit, frozen=True, tag="text"):
    """Give a segment another text."""

    segment: _Name
    text: _Text


class SplitEdit(_Edit, frozen=True, tag="split"):
    """Make two segments of one; ``word`` is the position of the second one's first word."""

    segment: _Name
    word: _Position


class MergeEdit(_Edit, frozen=True, tag="merge"):
    """Make one segment of a segment and the one after it."""

    segment: _Name


class SpeakerEdit(_Edit, frozen=True, tag="speaker"):
    """Say who speaks in a segment."""

    segment: _Name
    speaker: _Name


class RenameEdit(_Edit, frozen=True, tag="rename"):
    """Give a speaker another name; one that another speaker has makes one of the two."""

    speaker: _Name
    to: _Name


class CheckEdit(_Edit, frozen=True, tag="check"):
    """Mark a segment as right, or take the mark away."""

    segment: _Name
    checked: bool


class UndoEdit(_Edit, frozen=True, tag="undo"):
    """Take the last edit back that was not taken back yet."""


class RedoEdit(_Edit, frozen=True, tag="redo"):
    """Do again what was taken back last."""


OfOneSegment = TextEdit | SplitEdit | MergeEdit | SpeakerEdit | CheckEdit
Change = OfOneSegment | RenameEdit
Edit = Change | UndoEdit | RedoEdit
