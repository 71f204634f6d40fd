"""Files that are to be written together, and noted in the journal together."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from dalston_cli.pipeline.endpoints import FileStamp
from dalston_cli.pipeline.outputs.place import OutputPlace
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.threads import to_its_end


class DueFile(Struct, frozen=True, kw_only=True):
    """A file that is to be written.

    Attributes:
        digest: Of its bytes.
        key: Of what it is made of.
        reference: Its name in the journal.
    """

    path: Path
    data: bytes
    digest: str
    key: str
    reference: str


async def write_together(
    due: Sequence[DueFile],
    place: OutputPlace,
    journal: Journal,
    *,
    overwrite: bool,
    recording: str | None,
) -> None:
    """Write files one after the other; the journal is told once before, and once after.

    Args:
        due: In the order in which they are written.
        place: Of all of them.
        journal: Is told what will be there, and then what is.
        overwrite: See ``OutputPlace.write``.
        recording: The digest of what they are transcripts of.

    Raises:
        DalstonError: One cannot be written; those before it are there, and noted.
    """
    if not due:
        return
    with journal.in_one_step():
        for one in due:
            journal.expect_output(one.reference, one.digest, one.key, recording=recording)
    written: list[tuple[DueFile, FileStamp]] = []

    def write() -> None:
        for one in due:
            stamp = place.write(one.path, one.data, overwrite=overwrite)
            written.append((one, stamp))

    try:
        await to_its_end(write)
    finally:
        with journal.in_one_step():
            for one, stamp in written:
                journal.confirm_output(one.reference, stamp, one.digest)
