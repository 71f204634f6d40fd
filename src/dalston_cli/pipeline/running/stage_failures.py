"""Optional stages that failed in one turn of a run: its later turns do without them, too.

They lie in the run's own folder: nothing of them is known to another run, which tries again.
"""

from pathlib import Path

import msgspec

from dalston_cli.pipeline.events import ErrorInfo


class StageFailures:
    """Keeps failures on disk, however many there are; ``folder`` is removed with the run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, job: int, stage: str, channel: int | None, failure: ErrorInfo) -> None:
        """Note why a stage failed."""
        self._folder.mkdir(exist_ok=True)
        self._file(job, stage, channel).write_bytes(msgspec.json.encode(failure))

    def noted(self, job: int, stage: str, channel: int | None) -> ErrorInfo | None:
        """Return why a stage failed; None where it did not."""
        try:
            return msgspec.json.decode(self._file(job, stage, channel).read_bytes(), type=ErrorInfo)
        except FileNotFoundError:
            return None

    def _file(self, job: int, stage: str, channel: int | None) -> Path:
        return self._folder / f"{job}-{stage}-{'mix' if channel is None else channel}.json"
