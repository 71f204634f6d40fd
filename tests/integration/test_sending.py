"""``dalston transcribe --server``: another machine's server works, this one writes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.in_process import run_dalston
from tests.support.pipeline_home import write_recording
from tests.support.places import folder_variables
from tests.support.remote_stores import WebFiles, web_server
from tests.support.served import Served, ServerHome, served

from dalston_cli.sending import client as sending_client

NO_PAUSES = (0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    home = ServerHome()
    home.environ["TOKEN_OF_ADA"] = home.token("ada")
    with served(home, "--jobs", "2", "--max-waiting", "1") as server:
        yield server
        assert server.stop() == 0
    home.close()


class Machine:
    """A machine without an engine of its own."""

    def __init__(self, folder: Path, server: Served) -> None:
        self.folder = folder
        self.server = server
        self.environ = {
            **os.environ,
            **folder_variables(folder),
            "DALSTON_SERVER_TOKEN": server.home.environ["TOKEN_OF_ADA"],
        }
        self.talks = folder / "talks"
        self.out = folder / "out"

    def send(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        options = ("--server", self.server.url, "--model", "speech", "-r", "-o", self.out)
        return run_dalston("transcribe", self.talks, *options, *words, environ=self.environ)

    def written(self) -> set[str]:
        files = (path for path in self.out.rglob("*") if path.is_file())
        return {str(path.relative_to(self.out)) for path in files}

    def jobs(self) -> list[dict[str, Any]]:
        with self.server.client(self.environ["DALSTON_SERVER_TOKEN"]) as client:
            jobs: list[dict[str, Any]] = client.get("/v1/jobs").json()["data"]
            return jobs


@pytest.fixture
def machine(server: Served, tmp_path: Path) -> Machine:
    return Machine(tmp_path, server)


def statuses(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    events = map(json.loads, done.stdout.splitlines())
    return {
        Path(one["recording"]).name: one["status"]
        for one in events
        if one.get("event") == "job_finished"
    }


def test_a_folder_is_written_as_by_a_run_of_this_machine(
    machine: Machine, server: Served, tmp_path: Path
) -> None:
    write_recording(machine.talks / "one.wav", seconds=2, seed=1)
    write_recording(machine.talks / "below" / "two.wav", seconds=2, seed=2)
    shutil.copy(machine.talks / "one.wav", machine.talks / "same.wav")
    options = ("-f", "srt,json,rttm", "--diarize", "--num-speakers", "2", "--max-line-width", "20")

    done = machine.send(*options, "--json")
    assert done.returncode == 0, done.stderr
    names = ("one", "same", "below/two")
    assert machine.written() == {f"{name}.{e}" for name in names for e in ("srt", "json", "rttm")}
    kinds = {json.loads(line)["event"] for line in done.stdout.splitlines()}
    assert {"run_started", "job_started", "stage_started", "partial_text", "run_finished"} <= kinds
    assert machine.jobs() == []  # nothing stays there

    document = json.loads((machine.out / "below" / "two.json").read_text("utf-8"))
    assert document["recording"]["name"] == str(machine.talks / "below" / "two.wav")
    here = server.home.run(
        "transcribe", machine.talks, "-r", "-o", tmp_path / "here", "--model", "speech", *options
    )
    assert here.returncode == 0, here.stderr
    for name in ("one.srt", "below/two.srt", "below/two.rttm"):
        assert (machine.out / name).read_bytes() == (tmp_path / "here" / name).read_bytes()

    again = machine.send(*options, "--json")
    assert set(statuses(again).values()) == {"unchanged"}
    (machine.out / "one.srt").write_text("mine")
    edited = machine.send(*options)
    assert edited.returncode == 0
    assert "one.srt was edited" in edited.stderr
    assert (machine.out / "one.srt").read_text() == "mine"
    anew = machine.send(*options, "--overwrite", "--json")
    assert set(statuses(anew).values()) == {"done"}
    assert (machine.out / "one.srt").read_text() != "mine"


def test_one_bad_recording_costs_no_other(machine: Machine) -> None:
    write_recording(machine.talks / "good.wav", seconds=1, seed=3)
    (machine.talks / "bad.wav").write_bytes(b"no sound")
    assert machine.send("-f", "txt", "--json").returncode == 7
    done = machine.send("-f", "txt", "--json")  # a job that failed is made anew
    assert done.returncode == 7
    assert statuses(done) == {"good.wav": "unchanged", "bad.wav": "failed"}
    last = json.loads(done.stdout.splitlines()[-1])
    assert [each["code"] for each in last["errors"]] == ["not_media"]
    assert machine.written() == {"good.txt"}


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"--device": "cuda"}, 2, "--device cannot be used with --server"),
        ({"--title": None}, 2, "language models cost money"),
        ({"--dry-run": None}, 2, "a server plans for itself"),
        ({"--tracks": None}, 2, "one file of each recording"),
        ({"--model": "nonsense"}, 2, "there is no model `nonsense`"),
        ({"--model": "pocketsphinx-en-us", "--initial-prompt": "x"}, 2, "does not support"),
        ({"--server": "ftp://host"}, 2, "is no address of a server"),
        ({"--server": "https://ada:secret@host"}, 2, "has more than an address"),
        ({"--server": "http://1.1.1.1"}, 4, "without encryption"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else None,
)
def test_what_cannot_be_asked_for_is_refused(
    machine: Machine, given: dict[str, str | None], code: int, message: str
) -> None:
    write_recording(machine.talks / "a.wav", seconds=1, seed=4)
    options = {"--server": machine.server.url, "--model": "speech", "-o": str(machine.out)} | given
    words = [part for pair in options.items() for part in pair if part is not None]
    done = run_dalston("transcribe", machine.talks, *words, environ=machine.environ)
    assert message in done.stderr
    assert done.returncode == code, done.stderr
    assert "secret" not in done.stderr
    assert machine.written() == set()


def test_a_token_comes_from_a_variable_or_a_file(machine: Machine, tmp_path: Path) -> None:
    write_recording(machine.talks / "a.wav", seconds=1, seed=5)
    token = machine.environ.pop("DALSTON_SERVER_TOKEN")
    file = tmp_path / "token"
    refused = machine.send()
    assert refused.returncode == 4
    assert "the token is missing or wrong" in refused.stderr
    for text, problem in (("", "no token"), ("a\nb", "more than one line")):
        file.write_text(text)
        assert problem in machine.send("--server-token-file", file).stderr
    assert machine.send("--server-token-file", tmp_path / "none").returncode == 4
    file.write_text(f"{token}\n")
    assert machine.send("--server-token-file", file, "-f", "txt").returncode == 0
    alone = run_dalston(
        "transcribe", machine.talks, "--server-token-file", file, environ=machine.environ
    )
    assert (alone.returncode, "--server" in alone.stderr) == (2, True)


def test_nothing_and_something_else_at_the_address(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending_client, "PAUSES_S", NO_PAUSES)
    write_recording(machine.talks / "a.wav", seconds=1, seed=6)
    nothing = machine.send("--server", "http://127.0.0.1:9")
    assert nothing.returncode == 2  # it is given twice
    machine.server = Served(machine.server.home, machine.server.process, "http://127.0.0.1:9")
    silent = machine.send()
    assert (silent.returncode, "does not answer" in silent.stderr) == (5, True)
    files = WebFiles()
    authority = machine.folder / "authority.pem"
    files.authority.cert_pem.write_to_path(str(authority))
    machine.environ["SSL_CERT_FILE"] = str(authority)
    with web_server(files) as web:
        machine.server = Served(machine.server.home, machine.server.process, web.url)
        other = machine.send()
    assert (other.returncode, "is no dalston serve" in other.stderr) == (5, True)


def test_a_server_whose_limits_are_reached_is_waited_for(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending_client, "_BUSY_S", 0.01)
    numbers = range(10)
    for seed in numbers:
        write_recording(machine.talks / f"{seed}.wav", seconds=1, seed=10 + seed)
    done = machine.send("-f", "txt", "--jobs", str(len(numbers)), "--json")
    assert done.returncode == 0, done.stderr
    assert machine.written() == {f"{seed}.txt" for seed in numbers}
    told = [json.loads(line).get("code") for line in done.stdout.splitlines()]
    assert told.count("server_busy") <= 1  # none where the machine is too busy to send faster


@pytest.mark.slow  # a server of its own, with an engine that takes its time
def test_after_ctrl_c_the_same_job_goes_on(tmp_path: Path) -> None:
    home = ServerHome({"RUN_S": "1"})
    home.environ["TOKEN_OF_ADA"] = home.token("ada")
    try:
        with served(home) as server:
            machine = Machine(tmp_path, server)
            write_recording(machine.talks / "a.wav", seconds=4, seed=7)
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "dalston_cli", "transcribe", machine.talks),
                    *("-o", machine.out, "-f", "txt", "--server", server.url),
                    *("--model", "speech"),
                ],
                env=machine.environ,
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            deadline = time.monotonic() + 180
            while not any(job["state"] == "running" for job in machine.jobs()):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=180)
            assert process.returncode == 130
            assert "the server goes on" in said
            (job,) = machine.jobs()
            done = machine.send("-f", "txt", "--json")
            assert done.returncode == 0, done.stderr
            stages = [json.loads(line).get("stage") for line in done.stdout.splitlines()]
            assert "upload" not in stages
            assert machine.written() == {"a.txt"}
            assert machine.jobs() == []
            with server.client(machine.environ["DALSTON_SERVER_TOKEN"]) as client:
                assert client.get(f"/v1/jobs/{job['id']}").status_code == 404
    finally:
        home.close()
