"""``dalston serve`` holds to its description, whatever it is sent: Schemathesis sends it.

One check is left out, that what the description allows is accepted: a file that is no recording, or
an option without effect, is refused, and no schema can say which these are.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.served import Served, ServerHome, served

PROGRAM = Path(sys.executable).with_name("st")


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    home = ServerHome()
    home.environ["TOKEN_OF_ADA"] = home.token("ada")
    with served(home, "--jobs", "2") as server:
        yield server
        assert server.stop() == 0
    home.close()


def attack(server: Served, folder: Path, *words: str) -> None:
    command = [
        *(str(PROGRAM), "run", f"{server.url}/openapi.json", "--no-color", "--seed", "1", *words),
        *("--header", f"Authorization: Bearer {server.home.environ['TOKEN_OF_ADA']}"),
        *("--exclude-checks", "positive_data_acceptance", "--suppress-health-check", "all"),
    ]
    done = subprocess.run(
        command, cwd=folder, env=server.home.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-5000:]
    with server.client() as client:
        assert client.get("/health").status_code == 200


def test_jobs_hold_to_their_description(server: Served, tmp_path: Path) -> None:
    words = ("--phases", "fuzzing", "--max-examples", "3")
    attack(server, tmp_path, *words, "--include-path-regex", "^/v1/(jobs|formats)$")


@pytest.mark.slow  # hundreds of requests, and jobs that follow from each other
def test_many_requests_find_nothing(server: Served, tmp_path: Path) -> None:
    attack(server, tmp_path, "--max-examples", "15")


def test_a_refused_method_names_those_that_are_not(server: Served) -> None:
    with server.client(server.home.environ["TOKEN_OF_ADA"]) as client:
        refused = client.request("PATCH", "/v1/jobs")
        assert (refused.status_code, refused.json()["error"]["code"]) == (405, "refused")
        assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
