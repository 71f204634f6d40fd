"""The record of a process in its runtime folder."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_cli.launchers.local.process import ProcessIdentity
from dalston_cli.launchers.local.record import RECORD_NAME, InstanceRecord, process_of, read_record

IDENTITIES = st.builds(
    ProcessIdentity,
    pid=st.integers(1, 2**22),
    started=st.floats(0, 1e12, allow_nan=False),
)
RECORDS = st.builds(
    InstanceRecord,
    engine=st.text(max_size=20),
    fingerprint=st.text("0123456789abcdef", min_size=8),
    replica=st.integers(0, 64),
    device=st.sampled_from(["cpu", "cuda:0"]),
    started_at=st.datetimes(timezones=st.just(UTC)),
    process=IDENTITIES,
    log=st.just(Path("/state/logs/fake/a.log")),
)


@given(RECORDS)
def test_what_is_written_is_read(record: InstanceRecord) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        record.write(folder)
        assert read_record(folder) == record
        assert len(list(folder.iterdir())) == 1
        assert process_of(record.to_instance(folder, "local")) == record.process


def test_an_empty_folder_says_nothing(tmp_path: Path) -> None:
    assert read_record(tmp_path) is None
    assert read_record(tmp_path / "gone") is None
    (tmp_path / "file").touch()
    assert read_record(tmp_path / "file") is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"engine": "fake", "started_at": 7}'],
    ids=["empty", "list", "keys missing", "another version"],
)
def test_what_is_not_understood_says_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / RECORD_NAME).write_text(text, encoding="utf-8")
    assert read_record(tmp_path) is None


def test_an_instance_listens_in_its_folder(tmp_path: Path) -> None:
    record = InstanceRecord(
        engine="fake",
        fingerprint="ab" * 32,
        replica=1,
        device="cpu",
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        process=ProcessIdentity(pid=7, started=1.5),
        log=tmp_path / "a.log",
    )
    instance = record.to_instance(tmp_path, "local")
    assert instance.address.socket == tmp_path / "engine.sock"
    assert instance.identity == "7@1.5"
