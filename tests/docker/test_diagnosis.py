"""``dalston doctor`` with a real daemon."""

import json
import os

import pytest
from tests.docker.daemon import IMAGE

from dalston_cli import app
from dalston_cli.launchers.docker import diagnosis
from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.launchers.docker.diagnosis import diagnose_docker


def test_a_daemon_that_is_fit(docker_daemon: str, capsys: pytest.CaptureFixture[str]) -> None:
    app.main(["doctor", "--json"])
    findings = {one["name"]: one for one in json.loads(capsys.readouterr().out)["data"]}
    docker = findings["docker"]
    assert docker["status"] == "ok"
    assert docker["message"].startswith("Docker ")
    assert docker["message"].endswith(f" at {docker_daemon}")
    assert findings["docker connection"]["message"].startswith("over Unix sockets")
    assert findings["docker limits"]["status"] == "ok"
    assert {"docker disk", "docker gpu", "docker images"} <= set(findings)


@pytest.mark.parametrize(
    ("limit", "status"), [("_NO_DISK_BYTES", "fail"), ("_LITTLE_DISK_BYTES", "warn")]
)
def test_a_full_disk(
    docker_daemon: str, limit: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnosis, "_LITTLE_DISK_BYTES", 10**18)
    monkeypatch.setattr(diagnosis, limit, 10**18)
    daemon = Daemon({"DOCKER_HOST": docker_daemon})
    found = {one.name: one for one in diagnose_docker(daemon, required=True)}
    assert found["docker disk"].status == status
    assert "dalston engines prune" in str(found["docker disk"].hint)


def test_images_are_listed_by_their_names(docker_daemon: str) -> None:
    daemon = Daemon({"DOCKER_HOST": docker_daemon})
    labels = {"dalston.engine": "seen", "dalston.variant": "cpu", "dalston.digest": "0" * 64}
    labels |= {"dalston.python": "cpython-3.11"}
    container = daemon.client.containers.create(os.environ[IMAGE], ["true"])
    try:
        changes = [f"LABEL {name}={value}" for name, value in labels.items()]
        container.commit("dalston/seen", "1.0-cpu", changes=changes)
    finally:
        container.remove()
    try:
        found = {one.name: one for one in diagnose_docker(daemon, required=True)}
    finally:
        daemon.client.images.remove("dalston/seen:1.0-cpu")
    assert "dalston/seen:1.0-cpu" in found["docker images"].message
