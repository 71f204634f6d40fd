"""Recordings by SFTP, from a real server on loopback: its host has to be known."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.test_remote_recordings import find
from tests.support.pipeline_home import PipelineHome, write_recording
from tests.support.sftp_server import PASSWORD, USER, sftp_server

from dalston_cli.pipeline.events import WarningRaised
from dalston_cli.pipeline.intake.inputs import InputSources, RecordingFinder
from dalston_cli.pipeline.remote import stores
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import RemoteDeniedError, RemoteError


@pytest.fixture(autouse=True)
def _keys(home: PipelineHome, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (home.base / ".ssh").mkdir()
    monkeypatch.setenv("HOME", str(home.base))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    stores.forget_all()
    yield
    stores.forget_all()


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
    assert f"ssh-keyscan -p {url.rpartition(':')[2]} -H 127.0.0.1" in str(error.hint)


async def test_a_wrong_password_is_not_shown(home: PipelineHome, tmp_path: Path) -> None:
    write_recording(tmp_path / "a.wav")
    with sftp_server(tmp_path, home.base) as url:
        trust(home)
        report = await home.run(find(f"{url.replace(PASSWORD, 'guessed')}/a.wav"))
    [error] = report.errors
    assert error.code == "remote_denied"
    assert "guessed" not in f"{error} {home.events}"


async def test_a_folder_that_cannot_be_listed_is_told(home: PipelineHome, tmp_path: Path) -> None:
    write_recording(tmp_path / "in" / "a.wav")
    write_recording(tmp_path / "in" / "locked" / "b.wav")
    warnings: list[WarningRaised] = []

    def find_here(*inputs: str) -> list[str]:
        sources = InputSources(inputs=inputs, recursive=True)
        finder = RecordingFinder(sources=sources, stdin=io.BytesIO(), on_warning=warnings.append)
        return [each.name.rpartition("/")[2] for each in finder.find()]

    with sftp_server(tmp_path, home.base) as url:
        trust(home)
        assert find_here(f"{url}/in") == ["a.wav"]
        assert find_here(f"{url}/in/**/*.wav") == ["a.wav"]
        with pytest.raises(RemoteDeniedError, match="in/locked may not be used"):
            find_here(f"{url}/in/locked")
    shown = url.replace(f"{USER}:{PASSWORD}@", "")
    expected = f"cannot read the folder {shown}/in/locked: Permission denied"
    assert [each.message for each in warnings] == [expected] * 2


async def test_what_cannot_be_asked_for_is_not_taken_for_removed(
    home: PipelineHome, tmp_path: Path
) -> None:
    """A claim that stays would keep other machines from their work."""
    kept = tmp_path / "a.txt"
    kept.write_text("claimed")
    with sftp_server(tmp_path, home.base) as url:
        trust(home)
        address = Address(f"{url}/a.txt")
        store = stores.store_of(address)
        store.system.client.close()  # as if the connection had broken
        with pytest.raises(RemoteError):
            store.remove(address)
        with pytest.raises(RemoteError):
            store.create(address, b"ours")
        assert kept.exists()
        stores.forget_all()
        stores.store_of(address).remove(address)
        stores.store_of(address).remove(address)  # it is gone
        assert not kept.exists()
        stores.forget_all()


@pytest.mark.parametrize("name", ["what?.wav", "a#b.wav", "a?b#c%41.wav", "a[1].wav", "*.wav"])
async def test_any_name_is_fetched_as_it_is(home: PipelineHome, tmp_path: Path, name: str) -> None:
    write_recording(tmp_path / "in" / name, seed=1)
    write_recording(tmp_path / "in" / "a1.wav", seed=2)
    with sftp_server(tmp_path, home.base) as url:
        trust(home)
        report = await home.run(find(f"{url}/in/{name}"))
    assert report.counts == {"done": 1}
    assert [path.name for path in home.outputs.glob("*.txt")] == [f"{name[:-4]}.txt"]
