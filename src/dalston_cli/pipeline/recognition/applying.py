"""Names of known voices as corrections beside a transcript, whose own JSON stays as it is."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from dalston_cli.pipeline.recognition.matching import Matched
from dalston_cli.review.edits import RenameEdit
from dalston_cli.review.item import Item, StaleEditError
from dalston_cli.review.naming import corrections_path


class Applied(Struct, frozen=True, kw_only=True):
    """What was written of one transcript's names.

    Attributes:
        corrections: The file.
        written: Names by label.
        left: Why others were not written, by label.
    """

    corrections: Path
    written: dict[str, str]
    left: dict[str, str]


def write_names(matched: Matched, tell: Callable[[str], None]) -> Applied:
    """Write the names that were found into the corrections of a transcript.

    A speaker without any text has none, and one whom a person called otherwise meanwhile keeps
    that name. A name that another speaker has is not given, or the two would become one.

    Raises:
        CorrectionsUnreadableError: The corrections are damaged.
        CorrectionsUnwritableError: They cannot be written.
    """
    item = Item(matched.transcript, tell)
    written, left = {}, {}
    for label, name in matched.names.items():
        if reason := _renamed(item, label, name):
            left[label] = reason
        else:
            written[label] = name
    path = corrections_path(matched.transcript)
    return Applied(corrections=path, written=written, left=left)


def _renamed(item: Item, label: str, name: str) -> str:
    """Give a speaker a name; return why not, empty if it was given."""
    while True:
        speakers = {segment.speaker for segment in item.transcript().segments}
        if label not in speakers:
            return "no text is this speaker's"
        if name in speakers:
            return f"another speaker is called {name}"
        try:
            item.edit(item.changes(0).revision, RenameEdit(label, name))
        except StaleEditError:
            continue  # a person corrected it in this moment: look again
        return ""
