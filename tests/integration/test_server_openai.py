"""OpenAI's addresses of ``dalston serve``, asked by its client and as other programs do."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pysubs2
import pytest
from tests.support.pipeline_home import write_recording
from tests.support.served import Served, ServerHome, served

TEXT = "word 0 word 1"


@pytest.fixture(scope="module")
def home() -> Iterator[ServerHome]:
    home = ServerHome()
    yield home
    home.close()


@pytest.fixture(scope="module")
def token(home: ServerHome) -> str:
    return home.token("tester")


@pytest.fixture(scope="module")
def server(home: ServerHome, token: str) -> Iterator[Served]:
    with served(home, "--max-upload", "1", "--jobs", "2") as server:
        yield server
        assert server.stop() == 0


@pytest.fixture
def client(server: Served, token: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=token, max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("talks") / "talk.wav", seconds=2)


def words_of(text: str) -> list[str]:
    return text.split()


def test_every_format_is_what_the_official_client_reads(client: openai.OpenAI, talk: Path) -> None:
    ask: Any = client.audio.transcriptions.create
    plain = ask(file=talk, model="speech").text
    assert len(words_of(plain)) >= 2
    assert ask(file=talk, model="whisper-1", response_format="text") == f"{plain}\n"

    verbose = ask(
        file=talk,
        model="speech",
        response_format="verbose_json",
        language="en",
        timestamp_granularities=["word", "segment"],
    )
    assert (verbose.language, verbose.duration, verbose.text) == ("english", 2.0, plain)
    assert [each.word for each in verbose.words] == words_of(plain)
    assert [(each.start, each.end) for each in verbose.segments] == [(0.0, 1.0), (1.0, 2.0)]
    only_words = ask(
        file=talk,
        model="speech",
        response_format="verbose_json",
        timestamp_granularities=["word"],
    )
    assert only_words.segments is None

    for kind in ("srt", "vtt"):
        cues = pysubs2.SSAFile.from_string(ask(file=talk, model="speech", response_format=kind))
        assert " ".join(each.plaintext for each in cues).split() == words_of(plain)

    diarized = ask(file=talk, model="gpt-4o-transcribe-diarize", response_format="diarized_json")
    assert [each.speaker for each in diarized.segments] == ["SPEAKER_00", "SPEAKER_01"]
    assert diarized.text == plain


def test_text_comes_in_events_of_the_official_client(client: openai.OpenAI, talk: Path) -> None:
    ask: Any = client.audio.transcriptions.create
    events = list(ask(file=talk, model="speech", stream=True))
    kinds = [each.type for each in events]
    assert kinds == ["transcript.text.delta"] * 2 + ["transcript.text.done"]
    assert "".join(each.delta for each in events[:-1]) == events[-1].text

    said = ask(file=talk, model="speech", stream=True, response_format="diarized_json")
    segments = [each for each in said if each.type == "transcript.text.segment"]
    assert [each.speaker for each in segments] == ["SPEAKER_00", "SPEAKER_01"]

    with pytest.raises(openai.APIError, match="divides by zero"):
        list(ask(file=talk, model="fails", stream=True))


@pytest.mark.parametrize(
    ("changes", "param", "message"),
    [
        pytest.param({"model": "nonsense"}, "model", "no model `nonsense`", id="no model"),
        pytest.param({"model": "../../etc"}, "model", "no model", id="a folder"),
        pytest.param({"model": "large-v3"}, "model", "not installed", id="not installed"),
        pytest.param({"temperature": 0.5}, None, "temperature", id="engine without it"),
        pytest.param({"temperature": 7}, "temperature", "from 0 to 1", id="no temperature"),
        pytest.param(
            {"language": "klingonish"}, "language", "language 'klingonish'", id="no language"
        ),
        pytest.param({"response_format": "pdf"}, "response_format", "is one of", id="no format"),
        pytest.param({"include": ["logprobs"]}, "include", "not supported", id="logprobs"),
        pytest.param(
            {"timestamp_granularities": ["word"]},
            "timestamp_granularities[]",
            "only verbose_json",
            id="times without verbose",
        ),
        pytest.param({"extra_body": {"beams": 5}}, "beams", "no field 'beams'", id="unknown"),
        pytest.param(
            {"stream": True, "response_format": "srt"}, "stream", "srt", id="subtitles in events"
        ),
    ],
)
def test_what_cannot_be_honoured_is_refused(
    client: openai.OpenAI, talk: Path, changes: dict[str, Any], param: str | None, message: str
) -> None:
    ask: Any = client.audio.transcriptions.create
    with pytest.raises(openai.APIStatusError) as refused:
        ask(**{"file": talk, "model": "speech"} | changes)
    assert refused.value.status_code in {400, 404}
    body: Any = refused.value.body
    assert body["param"] == param
    assert message in body["message"]


def test_a_file_that_is_no_recording_is_the_callers_fault(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.transcriptions.create(file=("notes.mp3", b"no music"), model="speech")
    body: Any = refused.value.body
    assert (body["param"], body["type"]) == ("file", "invalid_request_error")
    assert "notes.mp3" in body["message"]


def test_a_model_that_cannot_translate_says_so(client: openai.OpenAI, talk: Path) -> None:
    with pytest.raises(openai.BadRequestError, match="cannot translate"):
        client.post(
            "/audio/translations",
            cast_to=object,
            body={"model": "speech"},
            files={"file": talk.read_bytes()},
            options={"headers": {"content-type": "multipart/form-data"}},
        )


@pytest.mark.parametrize(
    ("data", "read"),
    [
        pytest.param({"model": "whisper-1"}, "text", id="Open WebUI"),
        pytest.param({"model": "whisper-1", "language": "en"}, "text", id="Open WebUI, language"),
        pytest.param(
            {"model": "whisper-1", "language": "en-US", "temperature": "0", "prompt": ""},
            "text",
            id="Home Assistant",
        ),
        pytest.param(
            {
                "model": "whisper-1",
                "language": "en",
                "response_format": "verbose_json",
                "timestamp_granularities[]": ["word", "segment"],
            },
            "segments",
            id="a subtitle editor",
        ),
    ],
)
def test_forms_of_other_programs_are_read(
    server: Served, token: str, talk: Path, data: dict[str, Any], read: str
) -> None:
    with server.client(token) as program:
        files = {"file": ("speech.wav", talk.read_bytes())}
        answer = program.post("/v1/audio/transcriptions", data=data, files=files)
    assert answer.status_code == 200, answer.text
    assert answer.json()[read]
    assert answer.headers["dalston-model"] == "speech"


def test_nothing_is_kept_of_a_request(client: openai.OpenAI, home: ServerHome, talk: Path) -> None:
    client.audio.transcriptions.create(file=talk, model="speech")
    assert list((home.server_folder / "once").iterdir()) == []


def test_a_file_that_is_too_large_is_refused(client: openai.OpenAI, home: ServerHome) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        client.audio.transcriptions.create(file=("long.wav", bytes(1_100_000)), model="speech")
    assert refused.value.status_code == 413
    assert list((home.server_folder / "once").iterdir()) == []


def test_models_are_those_that_are_installed(client: openai.OpenAI) -> None:
    names = {each.id for each in client.models.list()}
    assert {"speech", "silent", "whisper-1", "pair"} <= names
    assert not {"faster-whisper-large-v3", "whisperx-large-v3"} & names
    pair = client.models.retrieve("pair").model_dump()
    assert (pair["name"], pair["models"]) == ("Two models", ["speech", "speakers"])
    assert client.models.retrieve("speech").owned_by == "dalston"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nothing")


def test_the_state_of_server_and_engines(server: Served, token: str) -> None:
    with server.client(token) as program:
        engines = program.get("/v1/engines").json()["data"]
        status = program.get("/v1/system/status").json()
        metrics = program.get("/metrics").text
    [fake] = [each for each in engines if each["name"] == "fake"]
    assert [each["state"] for each in fake["running"]] == ["ready"]
    assert status["limits"]["most_bytes"] == 1_000_000
    assert 'dalston_requests_total{path="/v1/audio/transcriptions",status="200"}' in metrics
    assert 'dalston_recordings_total{status="done"}' in metrics
    assert str(os.fspath(server.home.folder)) not in str((engines, status))


@pytest.mark.parametrize(
    ("path", "scope"), [("/v1/engines", "status"), ("/metrics", "status"), ("/v1/models", None)]
)
def test_a_token_has_its_scope_and_ends_at_once(
    server: Served, home: ServerHome, path: str, scope: str | None
) -> None:
    name = f"narrow{len(path)}"
    narrow = home.token(name, "--scope", "transcribe")
    with server.client(narrow) as program:
        allowed = program.get(path)
        assert allowed.status_code == (200 if scope is None else 403)
        assert home.run("tokens", "rm", name).returncode == 0
        assert program.get(path).status_code == 401


def test_without_a_token_there_are_health_and_the_description_alone(server: Served) -> None:
    with server.client() as program:
        assert program.get("/health").json() == {"status": "ok"}
        assert program.get("/openapi.json").json()["openapi"] == "3.1.0"
        assert "<title>dalston serve</title>" in program.get("/docs").text
        for path in ("/v1/models", "/metrics", "/v1/engines"):
            refused = program.get(path)
            assert refused.status_code == 401
            assert refused.json()["error"]["type"] == "authentication_error"


def test_another_machine_is_not_served_without_a_token() -> None:
    home = ServerHome()
    try:
        done = home.run("serve", "--host", "0.0.0.0", "--port", "0")
        assert done.returncode == 2
        assert "dalston tokens add NAME" in done.stderr
    finally:
        home.close()


def test_pages_elsewhere_do_not_reach_a_server_without_tokens(talk: Path) -> None:
    home = ServerHome()
    try:
        with served(home) as server, server.client() as program:
            assert program.get("/v1/models").status_code == 200
            other = {"host": "attacker.example:8300"}
            assert program.get("/v1/models", headers=other).status_code == 421
            page = {"origin": "https://attacker.example"}
            assert program.get("/v1/models", headers=page).status_code == 403
            second = home.run("serve", "--port", "0")
            assert second.returncode == 5
            assert "another dalston serve" in second.stderr
            assert server.stop() == 0
    finally:
        home.close()


def test_a_caller_that_goes_ends_its_work(talk: Path) -> None:
    home = ServerHome({"RUN_S": "30"})
    try:
        with served(home) as server, server.client() as program:
            files = {"file": ("talk.wav", talk.read_bytes())}
            with pytest.raises(httpx2.TimeoutException):
                program.post(
                    "/v1/audio/transcriptions", data={"model": "speech"}, files=files, timeout=10
                )
            once, deadline = home.server_folder / "once", time.monotonic() + 180
            while list(once.iterdir()) and time.monotonic() < deadline:
                time.sleep(0.1)
            assert not list(once.iterdir())
            assert "dalston_recordings_in_work 0.0" in program.get("/metrics").text
            assert server.stop() == 0
    finally:
        home.close()
