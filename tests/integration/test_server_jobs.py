"""Jobs of ``dalston serve``: from upload to transcript, kept over a kill, told, and forgotten."""

import base64
import hashlib
import hmac
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.pipeline_home import write_recording
from tests.support.remote_stores import WebFiles, web_server
from tests.support.served import Served, ServerHome, served

ENDED = {"done", "partial", "failed", "cancelled"}
KEY = b"0123456789abcdef0123456789abcdef"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"


class Receiver:
    """A caller's server: it refuses the first message, and takes the next ones."""

    def __init__(self) -> None:
        self.messages: list[tuple[dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.messages.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(500 if len(outer.messages) == 1 else 204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def home() -> Iterator[ServerHome]:
    home = ServerHome()
    yield home
    home.close()


@pytest.fixture(scope="module")
def talks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings that a caller may name, and what lies beside them."""
    folder = tmp_path_factory.mktemp("allowed") / "talks"
    write_recording(folder / "below" / "talk.wav", seconds=2)
    secret = write_recording(folder.parent / "secret.wav", seconds=1)
    (folder / "link.wav").symlink_to(secret)
    (folder / "up").symlink_to(folder.parent)
    return folder


@pytest.fixture(scope="module")
def web(home: ServerHome) -> Iterator[WebFiles]:
    files = WebFiles()
    authority = home.folder / "authority.pem"
    files.authority.cert_pem.write_to_path(str(authority))
    home.environ["SSL_CERT_FILE"] = str(authority)
    with web_server(files) as files:
        yield files


@pytest.fixture(scope="module")
def server(home: ServerHome, talks: Path, receiver: Receiver, web: WebFiles) -> Iterator[Served]:
    token = home.token("ada", "--allow-dir", talks)
    home.environ["TOKEN_OF_ADA"] = token
    hosts = ("--webhook-host", receiver.host, "--url-host", web.url.removeprefix("https://"))
    with served(home, "--jobs", "2", *hosts) as server:
        yield server
        assert server.stop() == 0


@pytest.fixture
def ada(server: Served) -> Iterator[httpx2.Client]:
    with server.client(server.home.environ["TOKEN_OF_ADA"]) as client:
        yield client


def upload(
    client: httpx2.Client, path: Path, *, key: str | None = None, **fields: Any
) -> httpx2.Response:
    headers = {} if key is None else {"idempotency-key": key}
    data = {name: json.dumps(value) for name, value in fields.items()}
    files = {"file": (path.name, path.read_bytes())}
    return client.post("/v1/jobs", files=files, data=data, headers=headers)


def job_when(
    client: httpx2.Client,
    number: str,
    is_so: Callable[[dict[str, Any]], object],
    timeout_s: float = 90,
) -> dict[str, Any]:
    deadline = time.monotonic() + timeout_s
    while True:
        job: dict[str, Any] = client.get(f"/v1/jobs/{number}").json()
        if is_so(job):
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.1)


def ended(client: httpx2.Client, number: str) -> dict[str, Any]:
    return job_when(client, number, lambda job: job["state"] in ENDED)


def running(client: httpx2.Client, number: str) -> dict[str, Any]:
    return job_when(client, number, lambda job: job["state"] == "running")


def test_a_job_goes_from_upload_to_every_format_and_is_forgotten(
    ada: httpx2.Client, home: ServerHome, tmp_path: Path
) -> None:
    talk = write_recording(tmp_path / "talk.wav", seconds=2, seed=1)
    answer = upload(ada, talk, options={"model": "speech", "diarize": True, "num_speakers": 2})
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert (job["name"], job["model"]) == ("talk.wav", "speech")
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"

    job = ended(ada, job["id"])
    assert (job["state"], job["duration_s"], job["error"]) == ("done", 2.0, None)
    place = f"/v1/jobs/{job['id']}"
    document = ada.get(f"{place}/transcript").json()
    assert document["recording"]["name"] == "talk.wav"
    assert [each["speaker"] for each in document["segments"]] == ["SPEAKER_00", "SPEAKER_01"]
    assert ada.get(f"{place}/transcript", params={"format": "srt"}).text.startswith("1\n00:00:00")
    assert "SPEAKER turn" not in ada.get(f"{place}/transcript", params={"format": "txt"}).text
    assert ada.get(f"{place}/transcript", params={"format": "rttm"}).text.startswith("SPEAKER ")
    for unknown in ("pdf", "txt,srt", ""):
        assert ada.get(f"{place}/transcript", params={"format": unknown}).status_code == 400

    folder = home.server_folder / "jobs" / job["id"]
    assert [each.name for each in folder.iterdir()] == ["out"]  # neither audio nor results
    assert ada.delete(place).status_code == 204
    assert not folder.exists()
    assert ada.get(place).status_code == 404


def test_events_tell_stages_and_end_with_the_job(ada: httpx2.Client, tmp_path: Path) -> None:
    talk = write_recording(tmp_path / "talk.wav", seconds=2, seed=2)
    job = upload(ada, talk, options={"model": "speech"}).json()
    kinds, last = [], ""
    with ada.stream("GET", f"/v1/jobs/{job['id']}/events") as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        for line in events.iter_lines():
            if line.startswith("event:"):
                kinds.append(line.removeprefix("event:").strip())
            if line.startswith("data:"):
                last = line.removeprefix("data:").strip()
    assert kinds[-1] == "job"
    assert {"stage_started", "stage_finished", "partial_text"} <= set(kinds)
    assert json.loads(last)["state"] == "done"


def test_a_path_below_an_allowed_folder_is_worked_on_in_place(
    ada: httpx2.Client, talks: Path
) -> None:
    for path in ("below/talk.wav", str(talks / "below" / "talk.wav")):
        job = ada.post("/v1/jobs", json={"path": path, "options": {"model": "speech"}}).json()
        assert ended(ada, job["id"])["state"] == "done"
    assert (talks / "below" / "talk.wav").exists()


@pytest.mark.parametrize(
    "path",
    [
        "../secret.wav",
        "link.wav",
        "up/secret.wav",
        "below/../../secret.wav",
        "/etc/passwd",
        "below",
        "nothing.wav",
        "a\x00b",
    ],
)
def test_no_other_path_is_opened(ada: httpx2.Client, path: str) -> None:
    refused = ada.post("/v1/jobs", json={"path": path, "options": {"model": "speech"}})
    assert refused.status_code == 404
    assert refused.json()["error"]["message"] == (
        "there is no such recording below the folders that this token may name"
    )


def test_a_recording_at_an_address_is_fetched(
    ada: httpx2.Client, web: WebFiles, home: ServerHome, talks: Path
) -> None:
    web.files["/show/talk.wav"] = (talks / "below" / "talk.wav").read_bytes()
    web.moved = {"/inside.wav": "https://169.254.169.254/latest"}
    options = {"model": "speech"}
    body = {"url": f"{web.url}/show/talk.wav?sig=secret", "options": options}
    answer = ada.post("/v1/jobs", json=body)
    assert answer.status_code == 202, answer.text
    job = ended(ada, answer.json()["id"])
    assert (job["state"], job["name"], job["error"]) == ("done", "talk.wav", None)
    assert "secret" not in str(job)
    folder = home.server_folder / "jobs" / job["id"]
    assert [each.name for each in folder.iterdir()] == ["out"]

    for path, problem in (("gone", "answers with 404"), ("inside", "no machine of the internet")):
        body = {"url": f"{web.url}/{path}.wav", "options": options}
        job = ended(ada, ada.post("/v1/jobs", json=body).json()["id"])
        assert (job["state"], job["error"]["code"]) == ("failed", "url_not_fetched")
        assert problem in job["error"]["message"]

    for url in ("https://127.0.0.1:1/a.wav", "http://1.1.1.1/a.wav", "a.wav"):
        refused = ada.post("/v1/jobs", json={"url": url, "options": options})
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "url")
    both = {"url": body["url"], "path": "below/talk.wav", "options": options}
    assert ada.post("/v1/jobs", json=both).status_code == 400


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "cuda"}, "it is the server's to set"),
        ({"on_finish": "rm -rf /"}, "it is the server's to set"),
        ({"output_dir": "/etc"}, "it is the server's to set"),
        ({"hotwords_file": "/etc/passwd"}, "it is the server's to set"),
        ({"refine": True}, "language models cost money"),
        ({"beem_size": 5}, "did you mean `beam_size`"),
        ({"beam_size": "many"}, "beam_size 'many': input should be"),
        ({"num_speakers": 2}, "does nothing without --diarize"),
        ({"model": "/etc"}, "there is no model `/etc`"),
        ({"initial_prompt": "x", "model": "pocketsphinx-en-us"}, "does not support"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_options_are_those_of_the_work(
    ada: httpx2.Client, talks: Path, options: dict[str, Any], message: str
) -> None:
    refused = ada.post("/v1/jobs", json={"path": "below/talk.wav", "options": options})
    assert refused.status_code in {400, 404}
    assert message in refused.json()["error"]["message"]


def test_a_repeated_request_is_the_same_job(ada: httpx2.Client, tmp_path: Path) -> None:
    talk = write_recording(tmp_path / "talk.wav", seconds=1, seed=3)
    first = upload(ada, talk, key="one", options={"model": "speech"})
    again = upload(ada, talk, key="one", options={"model": "speech"})
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    other = write_recording(tmp_path / "other.wav", seconds=1, seed=4)
    refused = upload(ada, other, key="one", options={"model": "speech"})
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "idempotency_key_reused"


def test_the_end_is_told_with_a_signature(
    ada: httpx2.Client, receiver: Receiver, tmp_path: Path
) -> None:
    talk = write_recording(tmp_path / "talk.wav", seconds=1, seed=5)
    webhook = {"url": f"http://{receiver.host}/hook?a=1", "secret": SECRET}
    job = upload(ada, talk, options={"model": "speech"}, webhook=webhook).json()
    assert SECRET not in str(job)
    deadline = time.monotonic() + 180
    while len(receiver.messages) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    (_, first), (headers, body) = receiver.messages
    assert first == body
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    signature = base64.b64encode(hmac.new(KEY, said, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{signature}"
    told = json.loads(body)
    assert (told["type"], told["data"]["id"]) == ("job.done", job["id"])


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0/",
        "http://2130706433/",
        "file:///etc/passwd",
        "http://user@example.org/",
    ],
)
def test_no_webhook_reaches_the_servers_own_network(
    ada: httpx2.Client, talks: Path, url: str
) -> None:
    webhook = {"url": url, "secret": SECRET}
    refused = ada.post("/v1/jobs", json={"path": "below/talk.wav", "webhook": webhook})
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "webhook.url"


def test_another_caller_sees_nothing_of_a_job(
    server: Served, ada: httpx2.Client, home: ServerHome, tmp_path: Path
) -> None:
    talk = write_recording(tmp_path / "talk.wav", seconds=1, seed=6)
    number = upload(ada, talk, options={"model": "speech"}).json()["id"]
    with server.client(home.token("grace")) as grace:
        for path in ("", "/transcript", "/events"):
            assert grace.get(f"/v1/jobs/{number}{path}").status_code == 404
        assert grace.delete(f"/v1/jobs/{number}").status_code == 404
        assert grace.get("/v1/jobs").json()["data"] == []
        named = grace.post("/v1/jobs", json={"path": "below/talk.wav"})
        assert named.status_code == 404
    assert ended(ada, number)["state"] == "done"


def test_a_failed_recording_says_why(ada: httpx2.Client, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    job = ended(ada, upload(ada, broken, options={"model": "speech"}).json()["id"])
    assert (job["state"], job["error"]["code"]) == ("failed", "not_media")
    refused = ada.get(f"/v1/jobs/{job['id']}/transcript")
    assert refused.status_code == 409


def test_a_killed_server_goes_on_and_a_removed_job_ends(tmp_path: Path) -> None:
    home = ServerHome({"RUN_S": "0.5"})
    talk = write_recording(tmp_path / "talk.wav", seconds=6)
    try:
        with served(home) as server, server.client() as client:
            number = upload(client, talk, options={"model": "speech"}, key="k").json()["id"]
            place = f"/v1/jobs/{number}"
            job_when(client, number, lambda job: job["stages"].get("transcribe"))
            server.process.kill()
            server.process.wait()
        with served(home) as server, server.client() as client:
            assert ended(client, number)["state"] == "done"
            text = client.get(f"{place}/transcript", params={"format": "txt"}).text
            assert len(text.split()) >= 6
            assert upload(client, talk, options={"model": "speech"}, key="k").json()["id"] == number

            slow = upload(client, write_recording(tmp_path / "slow.wav", seconds=60)).json()["id"]
            running(client, slow)
            assert client.delete(f"/v1/jobs/{slow}").status_code == 204
            assert not (home.server_folder / "jobs" / slow).exists()
            metrics = client.get("/metrics").text
            assert "dalston_recordings_in_work 0.0" in metrics

            left = upload(client, write_recording(tmp_path / "left.wav", seconds=4)).json()["id"]
            running(client, left)
            assert server.stop() == 0  # it is not lost by Ctrl-C either
        with served(home) as server, server.client() as client:
            assert ended(client, left)["state"] == "done"
            assert server.stop() == 0
    finally:
        home.close()


def test_a_queue_that_fails_stops_no_job_and_is_told(tmp_path: Path) -> None:
    home = ServerHome({"RUN_S": "1"})
    talks = [write_recording(tmp_path / f"{n}.wav", seconds=2, seed=n) for n in (1, 2)]
    try:
        with served(home, "--jobs", "1") as server, server.client() as client:
            numbers = [
                upload(client, talk, options={"model": "speech"}).json()["id"] for talk in talks
            ]
            running(client, numbers[0])
            with closing(sqlite3.connect(home.server_folder / "jobs.sqlite")) as other:
                other.execute("alter table jobs rename to elsewhere")
                refused = upload(client, talks[0])
                assert refused.status_code == 503
                assert refused.json()["error"]["code"] == "queue_unavailable"
                assert str(home.folder) not in refused.text
                assert client.get("/health").status_code == 503
                deadline = time.monotonic() + 180
                while "dalston_recordings_in_work 1.0" in client.get("/metrics").text:
                    assert time.monotonic() < deadline
                    time.sleep(0.1)  # the first job has ended, and cannot be noted as done
                other.execute("alter table elsewhere rename to jobs")
            for number in numbers:
                assert ended(client, number)["state"] == "done"
            assert client.get("/health").json() == {"status": "ok"}
            assert server.stop() == 0
    finally:
        home.close()
