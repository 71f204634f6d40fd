"""The server, asked with a plain HTTP library: token, statuses, bodies."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest
from tests.support.fake_engine import MODEL, TOKEN, fake_line, run_all, write_wav

from dalston_sdk.client import EngineClient, EngineRequestError
from dalston_sdk.testing import EngineProcess
from dalston_sdk.wire import ErrorCode, Failed


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineProcess]:
    with EngineProcess(fake_line(tcp=True)) as process:
        yield process


@pytest.fixture
async def http(engine: EngineProcess) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx2.AsyncClient(
        base_url=url_of(engine), headers=headers, trust_env=False, timeout=10
    ) as client:
        yield client


def url_of(engine: EngineProcess) -> str:
    ready = msgspec.json.decode((engine.runtime_dir / "ready.json").read_bytes())
    return str(ready["url"])


def failure(answer: httpx2.Response) -> Failed:
    assert answer.headers["dalston-protocol"] == "1-1"
    return msgspec.json.decode(answer.content, type=Failed)


@pytest.mark.parametrize("token", [None, "x", "wrong", TOKEN + "x", "ü"])
async def test_without_the_token_nothing_is_told(engine: EngineProcess, token: str | None) -> None:
    headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    async with httpx2.AsyncClient(base_url=url_of(engine), trust_env=False) as client:
        for path in ("/health", "/models", "/nowhere"):
            answer = await client.get(path, headers=headers)
            assert answer.status_code == 401
            assert failure(answer).message == "the bearer token is missing or wrong"


async def test_the_client_says_that_the_token_is_wrong(
    engine: EngineProcess, tmp_path: Path
) -> None:
    async with EngineClient(url=url_of(engine), token="wrong") as client:
        with pytest.raises(EngineRequestError, match="token is missing or wrong"):
            await client.health()
        with pytest.raises(EngineRequestError, match="token is missing or wrong"):
            await run_all(client, write_wav(tmp_path / "a.wav"), share_path=True)


async def test_a_proxy_in_the_environment_is_not_used(
    engine: EngineProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with engine.client() as client:
        assert (await client.health()).engine == "fake"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/run", 405), ("POST", "/health", 405)],
)
async def test_an_endpoint_that_does_not_exist(
    http: httpx2.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await http.request(method, path)
    assert answer.status_code == status
    assert failure(answer).message == f"there is no {method} {path}"


@pytest.mark.parametrize("spoken", ["0", "2-3", "0-0", "new"])
async def test_a_client_of_another_protocol_is_refused(
    http: httpx2.AsyncClient, spoken: str
) -> None:
    headers = {"dalston-protocol": spoken}
    answer = await http.post("/run", headers=headers, content=b"x" * 3_000_000)
    refused = failure(answer)
    assert (answer.status_code, refused.code) == (400, ErrorCode.INVALID_REQUEST)
    assert refused.message == f"this engine speaks protocol 1-1, the client speaks {spoken}"
    assert "matching versions" in str(refused.hint)
    assert (await http.get("/health", headers=headers)).status_code == 200


@pytest.mark.parametrize("spoken", ["1", "0-1", "1-9", None])
async def test_a_client_of_a_known_protocol_is_let_in(
    http: httpx2.AsyncClient, spoken: str | None
) -> None:
    headers = {} if spoken is None else {"dalston-protocol": spoken}
    assert (await http.get("/models", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("body", "message", "hint"),
    [
        ({}, "Object missing required field `stage`", None),
        ({"stage": "dream", "model": {"runtime_id": "m"}}, "Invalid value 'dream'", None),
        ({"stage": "transcribe", "model": {}}, "required field `runtime_id` - at `$.model`", None),
        (
            {"stage": "transcribe", "model": {"runtime_id": "m"}, "options": {"beam_size": "5"}},
            "Expected `int | null`, got `str` - at `$.options.beam_size`",
            None,
        ),
        (
            {"stage": "transcribe", "model": {"runtime_id": "m"}, "options": {"beamsize": 5}},
            "unknown field `beamsize` - at `$.options`",
            "did you mean beam_size?",
        ),
        (
            {"stage": "transcribe", "model": {"runtime_id": "m"}, "options": {"qqq": 5}},
            "unknown field `qqq` - at `$.options`",
            "it supports batch_size, beam_size, initial_prompt,",
        ),
    ],
    ids=["empty", "stage", "model", "type", "near-miss", "unknown"],
)
async def test_a_request_that_is_not_understood(
    http: httpx2.AsyncClient, body: object, message: str, hint: str | None
) -> None:
    files = {"request": (None, msgspec.json.encode(body), "application/json")}
    answer = await http.post("/run", files=files)
    refused = failure(answer)
    assert (answer.status_code, refused.code) == (400, ErrorCode.INVALID_REQUEST)
    assert message in refused.message
    assert (refused.hint or "").startswith(hint or "")


@pytest.mark.parametrize(
    ("files", "content_type", "message"),
    [
        ({}, "application/json", "the body is not multipart/form-data"),
        ({}, "multipart/form-data", "the body is not multipart/form-data"),
        ({}, "multipart/form-data; boundary=x", "the multipart body is broken"),
        ({"other": (None, b"1")}, None, "unknown field 'other'"),
        ({"audio": ("a.wav", b"RIFF")}, None, "the form has no field 'request'"),
        (
            {"request": (None, b"{}"), "audio": ("a", b"x"), "audio_path": (None, b"/a")},
            None,
            "both 'audio' and 'audio_path'",
        ),
    ],
    ids=["json", "no-boundary", "broken", "unknown", "no-request", "both"],
)
async def test_a_form_that_is_not_understood(
    engine: EngineProcess,
    http: httpx2.AsyncClient,
    files: dict[str, tuple[str | None, bytes]],
    content_type: str | None,
    message: str,
) -> None:
    if content_type is not None:
        answer = await http.post("/run", content=b"xyz", headers={"content-type": content_type})
    else:
        answer = await http.post("/run", files=files)
    refused = failure(answer)
    assert (answer.status_code, refused.code) == (400, ErrorCode.INVALID_REQUEST)
    assert message in refused.message
    assert list(engine.runtime_dir.glob("audio-*")) == []


async def test_statuses_before_the_stream_starts(http: httpx2.AsyncClient, tmp_path: Path) -> None:
    good = {"stage": "transcribe", "model": {"runtime_id": "m"}}
    cases = [
        (good | {"options": {"patience": 2.0}}, {}, 422, "does not support patience"),
        (good, {}, 422, "the request came without audio"),
        (good, {"audio_path": "relative.wav"}, 422, "the audio's path is not absolute"),
        (good, {"audio_path": str(tmp_path)}, 422, "the audio is not a file"),
        (good, {"audio_path": "/dev/null"}, 422, "the audio is not a file"),
        (good, {"audio_path": "/nowhere.wav"}, 422, "cannot be opened: No such file"),
    ]
    for body, fields, status, message in cases:
        answer = await http.post("/run", files=form(body, fields))
        assert answer.status_code == status
        assert message in failure(answer).message


async def test_load_names_what_is_wrong(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/load", content=b'{"model": 3}')
    assert answer.status_code == 400
    assert failure(answer).message.endswith("got `int` - at `$.model`")


async def test_the_stream_is_ndjson(http: httpx2.AsyncClient, tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "audio.wav", seconds=1.0)
    request = {"stage": "transcribe", "model": {"runtime_id": MODEL.runtime_id}}
    answer = await http.post("/run", files=form(request, {"audio_path": str(wav)}))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["dalston-protocol"] == "1-1"
    kinds = [msgspec.json.decode(line)["type"] for line in answer.text.splitlines()]
    assert kinds[-3:] == ["progress", "partial", "result"]


def form(body: object, fields: dict[str, str]) -> dict[str, tuple[None, bytes]]:
    parts = {"request": msgspec.json.encode(body)}
    parts |= {name: value.encode() for name, value in fields.items()}
    return {name: (None, value) for name, value in parts.items()}
