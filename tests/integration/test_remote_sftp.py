"""Recordings by SFTP, from a real server on loopback: its host has to be known."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.test_remote_recordings import find
from tests.support.pipeline_home import PipelineHome, write_recording
from tests.support.sftp_server import PASSWORD, sftp_server

from dalston_cli.pipeline.remote import stores


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[PipelineHome]:
    made = PipelineHome()
    (made.base / ".ssh").mkdir()
    monkeypatch.setenv("HOME", str(made.base))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    stores.forget_all()
    yield made
    stores.forget_all()
    made.close()


def trust(home: PipelineHome) -> None:
    (home.base / ".ssh" / "known_hosts").write_bytes((home.base / "host-line").read_bytes())


async def test_a_folder_of_a_known_host_is_transcribed(home: PipelineHome, tmp_path: Path) -> None:
    write_recording(tmp_path / "in" / "a.wav")
    write_recording(tmp_path / "in" / "below" / "b.wav", seed=4)
    with sftp_server(tmp_path, home.base) as url:
        trust(home)
        report = await home.run(find(f"{url}/in", recursive=True))
        assert report.counts == {"done": 2}
        again = await home.run(find(f"{url}/in", recursive=True))
        stores.forget_all()
    assert again.counts == {"unchanged": 2}
    assert PASSWORD not in repr(home.events)
    assert (home.outputs / "below" / "b.txt").exists()


async def test_a_host_that_is_not_known_is_refused(home: PipelineHome, tmp_path: Path) -> None:
    write_recording(tmp_path / "a.wav")
    with sftp_server(tmp_path, home.base) as url:
        report = await home.run(find(f"{url}/a.wav"))
    [error] = report.errors
    assert error.code == "remote_denied"
    assert "known_hosts" in error.message
    assert "ssh-keyscan" in str(error.hint)


async def test_a_wrong_password_is_not_shown(home: PipelineHome, tmp_path: Path) -> None:
    write_recording(tmp_path / "a.wav")
    with sftp_server(tmp_path, home.base) as url:
        trust(home)
        report = await home.run(find(f"{url.replace(PASSWORD, 'guessed')}/a.wav"))
    [error] = report.errors
    assert error.code == "remote_denied"
    assert "guessed" not in f"{error} {home.events}"
