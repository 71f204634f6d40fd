"""``instance.json``: the record of a local engine's process in its runtime folder."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dalston_cli.atomic_file import write_whole
from dalston_cli.launchers.base import Address, EngineInstance
from dalston_cli.launchers.folder_launcher import SOCKET_NAME
from dalston_cli.launchers.local.process import ProcessIdentity

RECORD_NAME = "instance.json"


@dataclass(frozen=True, kw_only=True)
class InstanceRecord:
    """One local engine's process."""

    engine: str
    fingerprint: str
    replica: int
    device: str
    started_at: datetime
    process: ProcessIdentity
    log: Path

    def to_instance(self, folder: Path, launcher: str) -> EngineInstance:
        """Return it as the pool sees it; ``folder`` is its runtime folder."""
        return EngineInstance(
            engine=self.engine,
            launcher=launcher,
            fingerprint=self.fingerprint,
            replica=self.replica,
            device=self.device,
            identity=f"{self.process.pid}@{self.process.started}",
            address=Address(socket=folder / SOCKET_NAME),
            started_at=self.started_at,
        )

    def write(self, folder: Path) -> None:
        """Write it into ``folder`` in one step."""
        fields = {name: value for name, value in vars(self).items() if name != "process"}
        fields |= {"pid": self.process.pid, "process_started": self.process.started}
        fields |= {"started_at": self.started_at.isoformat(), "log": str(self.log)}
        write_whole(folder / RECORD_NAME, json.dumps(fields).encode() + b"\n")


def read_record(folder: Path) -> InstanceRecord | None:
    """Read the record in ``folder``; None if there is none (yet), or it cannot be understood."""
    try:
        found = json.loads((folder / RECORD_NAME).read_bytes())
        return InstanceRecord(
            engine=found["engine"],
            fingerprint=found["fingerprint"],
            replica=found["replica"],
            device=found["device"],
            started_at=datetime.fromisoformat(found["started_at"]),
            process=ProcessIdentity(pid=found["pid"], started=found["process_started"]),
            log=Path(found["log"]),
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (KeyError, TypeError, ValueError):
        return None  # another version's, or not ours


def process_of(instance: EngineInstance) -> ProcessIdentity:
    """Return the process that ``InstanceRecord.to_instance`` named."""
    pid, _, started = instance.identity.partition("@")
    return ProcessIdentity(pid=int(pid), started=float(started))
