"""What the server reads of forms, refuses, and answers in OpenAI's shapes."""

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import AsyncExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.datastructures import Headers
from starlette.requests import Request
from tests.support.run_options import run_options
from tests.support.transcripts import segment, transcript

from dalston_cli.errors import (
    ConfigurationError,
    DalstonError,
    EngineUnavailableError,
    InputError,
    ModelUnavailableError,
    UsageError,
)
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.writer import WordsMissingError
from dalston_cli.options.callers import CALLER_SETTINGS
from dalston_cli.pipeline.environment import RecentFacts
from dalston_cli.pipeline.request import OutputTarget
from dalston_cli.server.access import RateLimit
from dalston_cli.server.errors import RequestRefusedError, explained, no_such
from dalston_cli.server.once import StreamAnswer
from dalston_cli.server.openai_reply import english_name, reply_to
from dalston_cli.server.openai_request import AudioRequest, Task, read_request
from dalston_cli.server.options import not_installed
from dalston_cli.server.progress import Progress
from dalston_cli.server.tokens import FILE_NAME, Caller, Callers, TokenFile, TokenFileError
from dalston_cli.server.upload import UploadRoom, receive_form

Fields = list[tuple[str, str]]


@pytest.mark.parametrize(
    ("fields", "settings"),
    [
        pytest.param([("model", "turbo")], {"model": "turbo"}, id="a model of ours"),
        pytest.param([("model", "whisper-1")], {}, id="theirs is that of the settings"),
        pytest.param(
            [("model", "gpt-4o-transcribe-diarize")], {"diarize": True}, id="theirs that diarizes"
        ),
        pytest.param(
            [("model", "a"), ("language", "de"), ("prompt", "Hallo"), ("temperature", "0.2")],
            {"model": "a", "language": "de", "initial_prompt": "Hallo", "temperature": (0.2,)},
            id="all",
        ),
        pytest.param(
            [("model", "a"), ("temperature", "0"), ("prompt", ""), ("language", "")],
            {"model": "a"},
            id="empty ones, and 0, are none",
        ),
        pytest.param(
            [("model", "a"), ("languages[]", "en"), ("languages[]", "de"), ("keywords[]", "Ada")],
            {"model": "a", "languages": ("en", "de"), "hotwords": ("Ada",)},
            id="lists",
        ),
        pytest.param(
            [("model", "a"), ("response_format", "diarized_json"), ("chunking_strategy", "auto")],
            {"model": "a", "diarize": True},
            id="diarized",
        ),
    ],
)
def test_fields_become_settings(fields: Fields, settings: dict[str, object]) -> None:
    assert read_request(fields, "transcribe").settings == settings


@pytest.mark.parametrize(
    ("task", "field", "value"),
    [
        ("translate", "language", "de"),
        ("translate", "response_format", "diarized_json"),
        ("transcribe", "chunking_strategy", '{"type": "server_vad"}'),
        ("transcribe", "known_speaker_names[]", "Ada"),
        ("transcribe", "stream", "perhaps"),
        ("transcribe", "timestamp_granularities[]", "phoneme"),
        ("transcribe", "model", "twice"),
    ],
)
def test_fields_without_effect_are_refused(task: Task, field: str, value: str) -> None:
    sent: Fields = [("model", "a"), (field, value)]
    if field == "model":
        sent.append(("response_format", "json"))
        sent.append(("response_format", "json"))
    with pytest.raises(RequestRefusedError):
        read_request(sent, task)
    with pytest.raises(RequestRefusedError, match="model is missing"):
        read_request([], task)


def test_times_are_those_that_are_asked_for() -> None:
    verbose: Fields = [("model", "a"), ("response_format", "verbose_json")]
    asked = read_request(verbose, "transcribe")
    assert (asked.words, asked.segments) == (False, True)
    only_words = read_request([*verbose, ("timestamp_granularities[]", "word")], "transcribe")
    assert (only_words.words, only_words.segments) == (True, False)
    assert only_words.settings["word_timestamps"] is True


def test_no_setting_of_machine_files_or_money_is_a_callers() -> None:
    forbidden = {
        *("device", "launcher", "store", "pull", "offline", "runner", "scheduler", "on_finish"),
        *("output_dir", "docx_template", "hotwords_file", "speakers_from", "refine", "max_cost"),
        *("weights_mirror", "mux", "embed_audio", "overwrite"),
    }
    assert not forbidden & CALLER_SETTINGS
    assert {
        "model",
        "language",
        "diarize",
        "clip",
        "vad",
        "max_line_width",
        "emotion",
        "layout",
        "verbatim",
        "pauses",
    } <= CALLER_SETTINGS


def test_facts_are_looked_up_once_in_a_moment() -> None:
    now, looked = [0.0], []

    def look() -> Any:
        looked.append(now[0])
        return len(looked)

    facts: Any = RecentFacts(clock=lambda: now[0])
    assert [facts.context(look), facts.context(look)] == [1, 1]
    now[0] = 1.9
    assert facts.context(look) == 1
    facts.forget()
    assert facts.context(look) == 2
    now[0] = 4.0
    assert facts.context(look) == 3
    assert looked == [0.0, 1.9, 4.0]


def test_runs_that_differ_in_outputs_share_what_plans_them() -> None:
    contexts = iter(range(9))

    def planner(output: str, **changes: Any) -> Any:
        options = run_options(output=OutputTarget(folder=Path(output)), **changes)
        return facts.planner(options, lambda: next(contexts))

    facts: Any = RecentFacts(clock=lambda: 0.0)
    one, two, cpu = planner("a"), planner("b"), planner("a", device="cpu")
    assert (one is two, cpu is one, cpu is planner("c", device="cpu")) == (True, False, True)
    facts.forget()
    assert planner("a") is not one
    assert next(contexts) == 2


def verbose(**changes: Any) -> AudioRequest:
    return AudioRequest(task="transcribe", settings={}, reply="verbose_json", **changes)


def test_words_are_never_made_up() -> None:
    spoken = transcript([segment("hello there", 0.0, 1.0)])
    untimed = msgspec.structs.replace(
        spoken,
        segments=tuple(msgspec.structs.replace(each, words=()) for each in spoken.segments),
    )
    with pytest.raises(WordsMissingError):
        reply_to(verbose(words=True), untimed, RenderOptions())
    body = msgspec.json.decode(reply_to(verbose(), untimed, RenderOptions()).body)
    assert "words" not in body
    assert body["segments"][0]["avg_logprob"] is None
    assert body["segments"][0]["text"] == "hello there"


@pytest.mark.parametrize(("tag", "name"), [("en", "english"), ("de", "german"), (None, "unknown")])
def test_languages_have_english_names(tag: str | None, name: str) -> None:
    assert english_name(tag) == name


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (UsageError("a"), 400, "invalid_request_error"),
        (InputError("a"), 422, "invalid_request_error"),
        (EngineUnavailableError("a"), 503, "server_error"),
        (ModelUnavailableError("a"), 404, "invalid_request_error"),
        (ConfigurationError("a"), 503, "server_error"),
        (DalstonError("a"), 500, "server_error"),
        (no_such("job"), 404, "invalid_request_error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_errors_have_openais_shape(error: DalstonError, status: int, kind: str) -> None:
    answer = explained(error)
    assert answer.status_code == status
    body = msgspec.json.decode(answer.body)["error"]
    assert set(body) == {"message", "type", "param", "code"}
    assert body["type"] == kind


def test_a_rate_is_a_bucket_for_each_caller() -> None:
    now = [0.0]
    rate = RateLimit(2, clock=lambda: now[0])
    assert [rate.wait_s("a") for _ in range(3)] == [0, 0, 30]
    assert rate.wait_s("b") == 0
    now[0] = 29.0
    assert rate.wait_s("a") == pytest.approx(1)
    now[0] = 30.0
    assert rate.wait_s("a") == 0
    assert RateLimit(None).wait_s("a") == 0


def test_tokens_are_kept_as_digests_for_this_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    file = TokenFile(folder)
    secret = file.add("web", ("transcribe",), (tmp_path,))
    kept = folder / FILE_NAME
    assert kept.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert secret not in kept.read_text()
    assert len(secret) >= 40

    callers = Callers(file, folder, None)
    caller = callers.caller(f"Bearer {secret}")
    assert caller == Caller(
        name="web", scopes=frozenset({"transcribe"}), folders=(tmp_path.resolve(),)
    )
    for wrong in ("", secret, f"Basic {secret}", f"Bearer {secret}x", "Bearer "):
        assert callers.caller(wrong) is None
    file.remove("web")
    assert callers.caller(f"Bearer {secret}") is None

    kept.write_text("[{")
    with pytest.raises(TokenFileError):
        file.all()


def test_the_first_token_counts_at_once_and_the_last_one_as_long(tmp_path: Path) -> None:
    """A server that began without tokens must not stay open once there is one."""
    file = TokenFile(tmp_path)
    anyone = Caller(name="anyone", scopes=frozenset({"jobs"}))
    callers = Callers(file, tmp_path, anyone)
    assert callers.caller("") == anyone
    secret = file.add("web", ("transcribe",), ())
    assert callers.caller("") is None
    assert callers.caller(f"Bearer {secret}") is not None
    file.remove("web")
    assert callers.caller("") is None


async def test_work_that_is_begun_anew_is_followed_from_its_beginning() -> None:
    progress = Progress()
    progress.warn("a", "first")
    progress.end()
    assert [number async for number, _, _ in progress.follow(40)] == [1]
    assert [number async for number, _, _ in progress.follow(1)] == []


def form(body: bytes, *, boundary: str = "b", length: int | None = None) -> Request:
    """A request with a body that comes in pieces of seven bytes."""
    pieces = [body[at : at + 7] for at in range(0, len(body), 7)]
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    if length is not None:
        headers["content-length"] = str(length)

    async def receive() -> dict[str, Any]:
        more = len(pieces) > 1
        return {"type": "http.request", "body": pieces.pop(0), "more_body": more}

    scope = {"type": "http", "method": "POST", "headers": Headers(headers).raw}
    return Request(scope, receive)


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def part(name: str, value: str, filename: str | None = None) -> str:
    named = f'; filename="{filename}"' if filename is not None else ""
    return f'--b\r\ncontent-disposition: form-data; name="{name}"{named}\r\n\r\n{value}\r\n'


async def test_a_form_is_received_in_any_order(tmp_path: Path) -> None:
    sent = part("model", "a") + part("file", "sound", "../../etc/talk.mp3") + part("x[]", "ü")
    room = UploadRoom(100)
    received = await receive_form(form(f"{sent}--b--\r\n".encode()), tmp_path, room, 50)
    assert received.fields == [("model", "a"), ("x[]", "ü")]
    assert received.path == tmp_path / "upload"
    assert received.path.read_bytes() == b"sound"
    assert received.name == "talk.mp3"
    assert room.used_bytes == 5
    received.discard(room)
    assert (room.used_bytes, files_in(tmp_path)) == (0, [])


async def test_a_name_may_be_written_as_mail_has_it(tmp_path: Path) -> None:
    """As the library requests does it for names that are not ASCII."""
    named = "filename*=utf-8''Gespr%C3%A4ch%20mit%2FAda.wav"
    head = f'--b\r\nContent-Disposition: form-data; name="file"; {named}\r\n\r\n'
    sent = head.encode() + b"sound\r\n--b--\r\n"
    received = await receive_form(form(sent), tmp_path, UploadRoom(100), 50)
    assert (received.name, received.fields) == ("Ada.wav", [])
    assert received.file().read_bytes() == b"sound"


async def test_a_file_that_is_empty_is_called_so(tmp_path: Path) -> None:
    for sent, problem in (
        (part("file", "", "talk.wav"), "talk.wav is empty"),
        (part("model", "a"), "the field file is missing"),
    ):
        whole = f"{sent}--b--\r\n".encode()
        received = await receive_form(form(whole), tmp_path, UploadRoom(100), 50)
        with pytest.raises(RequestRefusedError, match=problem):
            received.file()


async def test_what_a_request_holds_is_let_go_though_its_caller_is_gone() -> None:
    """A caller may go before the first event is asked for."""
    let_go: list[bool] = []

    async def events() -> AsyncIterator[dict[str, str]]:
        yield {"data": "never asked for"}

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(_: MutableMapping[str, Any]) -> None:
        raise OSError

    answer = StreamAnswer(events())
    answer.stack = AsyncExitStack()
    answer.stack.callback(let_go.append, True)
    with pytest.raises((OSError, ExceptionGroup)):
        await answer({"type": "http", "method": "POST"}, receive, send)
    assert let_go == [True]


_TWO = part("file", "a", "a.wav") + part("file", "b", "b.wav")


@pytest.mark.parametrize(
    ("make", "status"),
    [
        pytest.param(lambda: form(f"{_TWO}--b--\r\n".encode()), 400, id="two files"),
        pytest.param(lambda: form(part("file", "x" * 9, "a").encode()), 400, id="cut off"),
        pytest.param(lambda: form(b"nonsense"), 400, id="no form"),
        pytest.param(lambda: form(b"x", boundary=""), 415, id="no boundary"),
        pytest.param(
            lambda: form((part("file", "x" * 60, "a.wav") + "--b--\r\n").encode()), 413, id="large"
        ),
        pytest.param(lambda: form(b"x", length=10**9), 413, id="said to be large"),
        pytest.param(
            lambda: form((part("file", "x" * 48, "a.wav") + "--b--\r\n").encode()), 507, id="full"
        ),
        pytest.param(
            lambda: form((part("voice", "x", "a.wav") + "--b--\r\n").encode()), 400, id="field"
        ),
    ],
)
async def test_a_bad_form_leaves_nothing(
    make: Callable[[], Request], status: int, tmp_path: Path
) -> None:
    most_bytes = 50 if status == HTTPStatus.INSUFFICIENT_STORAGE else 40
    room = UploadRoom(45)
    with pytest.raises(RequestRefusedError) as refused:
        await receive_form(make(), tmp_path, room, most_bytes)
    assert refused.value.status == status
    assert (room.used_bytes, files_in(tmp_path)) == (0, [])


def test_all_models_that_are_missing_are_pulled_by_one_command() -> None:
    one, several = not_installed("small"), not_installed("small", "align-en")
    assert one.message == "the model small is not installed on the server"
    assert several.message == "the models small, align-en are not installed on the server"
    assert several.hint == "there: dalston models pull small align-en"
