"""Corrections of people beside a recording's outputs: every text but the JSON has them."""

from functools import cached_property
from pathlib import Path

from dalston_cli.formats.read import LARGEST_MB
from dalston_cli.formats.writer import Writer
from dalston_cli.pipeline.outputs.place import OutputPlace
from dalston_cli.pipeline.records.keys import digest_bytes
from dalston_cli.review.naming import SUFFIX
from dalston_sdk.wire import Transcript

_LARGEST = LARGEST_MB * 1_000_000
UNCORRECTED = frozenset({"json"})
"""Formats that stay the machine's."""


class CorrectionsBeside:
    """The corrections of one recording, read when they are asked for.

    Args:
        place: Where its outputs are.
        stem: Their name without an extension; None where they are printed.
    """

    def __init__(self, place: OutputPlace, stem: Path | None) -> None:
        self._place = place
        self._path = None if stem is None else stem.with_name(stem.name + SUFFIX)

    def key(self, writer: Writer) -> dict[str, str]:
        """Return what an output's key depends on, besides the machine's transcript."""
        if writer.name in UNCORRECTED or self._data is None:
            return {}
        return {"corrections": digest_bytes(self._data)}

    def corrected(self, transcript: Transcript) -> Transcript:
        """Return the corrected transcript; the same one where there is nothing.

        Raises:
            CorrectionsUnreadableError: The corrections cannot be used.
        """
        if self._data is None or self._path is None:
            return transcript
        from dalston_cli.review.replay import corrected_by  # noqa: PLC0415 - few recordings have any

        return corrected_by(transcript, self._path, self._data)

    @cached_property
    def _data(self) -> bytes | None:
        if self._path is None or not self._place.exists(self._path):
            return None
        return self._place.read_up_to(self._path, _LARGEST)
