"""``dalston review`` over HTTP, in a process of its own: what it serves, saves and refuses."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec
import pytest
from tests.support.pipeline_home import write_recording
from tests.support.review_server import ReviewServer, edit, review_server, write_transcript
from tests.support.transcripts import recording, segment, transcript

from dalston_cli.formats.read import read_transcript
from dalston_cli.review.replay import corrected_beside
from dalston_sdk.wire import Transcript


def talk(name: str, *texts: str) -> Transcript:
    segments = [
        segment(text, 2.0 * at, 2.0 * at + 1.5, number=at, speaker=f"SPEAKER_{at % 2:02}")
        for at, text in enumerate(texts or ("we will meat there", "bring an umbrella", "bye"))
    ]
    made = transcript(segments)
    return msgspec.structs.replace(made, recording=recording(name), key="sha256:1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Transcripts with a recording each, and what else can lie in a folder."""
    folder = tmp_path_factory.mktemp("interviews")
    for name in ("ada", "deep/grace", "tabs", "lines", "undone", "again"):
        write_transcript(folder / f"{name}.json", talk(f"{name}.wav"))
        write_recording(folder / f"{name}.wav", seconds=1)
    secret = folder.parent / "secret.json"
    write_transcript(secret, talk("/etc/passwd", "a secret"))
    (folder / "link.json").symlink_to(secret)
    (folder / "notes.json").write_text('{"a": 1}')
    write_transcript(folder / "thief.json", talk("../secret.wav"))
    write_recording(folder.parent / "secret.wav", seconds=1)
    write_transcript(folder / "linked.json", talk("linked.wav"))
    (folder / "linked.wav").symlink_to(folder.parent / "secret.wav")
    write_transcript(folder / "page.json", talk("page.html"))
    (folder / "page.html").write_text("<script>alert(1)</script>")
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ReviewServer]:
    with review_server(folder) as server:
        yield server
        assert server.stop() == 0


@pytest.fixture
def tab(server: ReviewServer) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


def page(tab: httpx2.Client, item: str) -> Any:
    answer = tab.get("/api/transcript", params={"item": item})
    assert answer.status_code == 200, answer.text
    return answer.json()


def texts(document: Any) -> list[str]:
    return [each["text"] for each in document["segments"]]


def on_disk(folder: Path, name: str) -> Transcript:
    document = folder / f"{name}.json"
    return corrected_beside(read_transcript(document), document)


def test_the_list_has_transcripts_and_no_other_files(tab: httpx2.Client) -> None:
    items = {one["id"]: one for one in tab.get("/api/items").json()}
    names = ["ada", "again", "deep/grace", "lines", "linked", "page", "tabs", "thief", "undone"]
    assert sorted(items) == [f"{name}.json" for name in names]
    assert items["ada.json"] == {
        "id": "ada.json",
        "title": "ada.wav",
        "duration": 30.0,
        "segments": 3,
        "checked": 0,
    }


def test_an_edit_is_saved_and_there_after_a_reload(tab: httpx2.Client, folder: Path) -> None:
    machine = (folder / "ada.json").read_bytes()
    before = page(tab, "ada.json")
    assert (before["id"], before["revision"], before["editable"]) == ("ada.json", 0, True)

    answer = edit(tab, "ada.json", 0, op="text", segment="s0", text="we will meet there")
    assert answer.status_code == 200
    changed = answer.json()
    assert (changed["revision"], texts(changed)) == (1, ["we will meet there"])
    [segment_] = changed["segments"]
    assert (segment_["id"], segment_["human"]) == ("s0", True)
    assert [word["human"] for word in segment_["words"]] == [False, False, True, False]
    kept = [word for word in segment_["words"] if not word["human"]]
    assert all(word in before["segments"][0]["words"] for word in kept)

    again = page(tab, "ada.json")
    assert (again["revision"], texts(again)[0]) == (1, "we will meet there")
    assert (folder / "ada.json").read_bytes() == machine
    lines = (folder / "ada.corrections.jsonl").read_text().splitlines()
    assert [next(iter(json.loads(line))) for line in lines] == ["dalston_corrections", "revision"]
    assert on_disk(folder, "ada").segments[0].text == "we will meet there"


def test_every_kind_of_edit_and_all_taken_back(tab: httpx2.Client, folder: Path) -> None:
    edits: list[dict[str, Any]] = [
        {"op": "split", "segment": "s0", "word": 2},
        {"op": "merge", "segment": "s0+1"},
        {"op": "speaker", "segment": "s2", "speaker": "Grace"},
        {"op": "rename", "speaker": "SPEAKER_00", "to": "Ada"},
        {"op": "check", "segment": "s2", "checked": True},
        {"op": "text", "segment": "s2", "text": "good bye"},
    ]
    before = page(tab, "undone.json")
    replies = [edit(tab, "undone.json", at, **one).json() for at, one in enumerate(edits)]
    assert [each["revision"] for each in replies] == [1, 2, 3, 4, 5, 6]
    assert [one["id"] for one in replies[0]["segments"]] == ["s0", "s0+1"]
    assert replies[1]["removed"] == ["s1"]
    now = page(tab, "undone.json")
    assert [(one["id"], one["text"], one["speaker"]) for one in now["segments"]] == [
        ("s0", "we will", "Ada"),
        ("s0+1", "meat there bring an umbrella", "Ada"),
        ("s2", "good bye", "Grace"),
    ]
    assert now["segments"][2]["checked"]
    assert [one["name"] for one in now["speakers"]] == ["Ada", "Grace"]

    for revision in range(6, 12):
        assert edit(tab, "undone.json", revision, op="undo").status_code == 200
    assert page(tab, "undone.json") == before | {"revision": 12}
    refused = edit(tab, "undone.json", 12, op="undo")
    assert (refused.status_code, refused.json()) == (422, {"message": "there is nothing to undo"})
    assert on_disk(folder, "undone") == read_transcript(folder / "undone.json")
    assert edit(tab, "undone.json", 12, op="redo").json()["revision"] == 13


def test_two_tabs_and_two_servers_never_overwrite_each_other(
    server: ReviewServer, tab: httpx2.Client, folder: Path
) -> None:
    with review_server(folder / "tabs.json") as other, other.client() as second:
        assert page(tab, "tabs.json")["revision"] == page(second, "tabs.json")["revision"] == 0
        first = edit(tab, "tabs.json", 0, op="text", segment="s2", text="hello")
        assert first.status_code == 200
        late = edit(second, "tabs.json", 0, op="text", segment="s2", text="by by")
        assert (late.status_code, late.json()) == (409, {"revision": 1})
        seen = second.get("/api/changes", params={"item": "tabs.json", "since": 0}).json()
        assert (seen["revision"], texts(seen)) == (1, ["hello"])
        assert edit(second, "tabs.json", 1, op="merge", segment="s1").status_code == 200
        seen = tab.get("/api/changes", params={"item": "tabs.json", "since": 1}).json()
        assert (texts(seen), seen["removed"]) == (["bring an umbrella hello"], ["s2"])

        def press(client: httpx2.Client) -> int:
            """Edit as fast as a person cannot, each time by what the tab has seen."""
            done = 0
            for number in range(20):
                answer = client.get("/api/changes", params={"item": "tabs.json", "since": 0})
                text = f"{id(client)} {number}"
                made = edit(
                    client,
                    "tabs.json",
                    answer.json()["revision"],
                    op="text",
                    segment="s0",
                    text=text,
                )
                assert made.status_code in {200, 409}
                done += made.status_code == 200
            return done

        with ThreadPoolExecutor(2) as both:
            done = sum(both.map(press, (tab, second)))
        assert done >= 20
        assert page(tab, "tabs.json") == page(second, "tabs.json")
        assert page(tab, "tabs.json")["revision"] == 2 + done


def test_a_line_that_a_kill_cut_off_is_left_out(tmp_path: Path) -> None:
    document = write_transcript(tmp_path / "talk.json", talk("talk.wav"))
    with review_server(document) as server, server.client() as tab:
        edit(tab, "talk.json", 0, op="check", segment="s0", checked=True)
        server.process.kill()
    path = tmp_path / "talk.corrections.jsonl"
    path.write_bytes(path.read_bytes() + b'{"revision":2,"at":"2026')
    with review_server(document) as server, server.client() as tab:
        assert page(tab, "talk.json")["revision"] == 1
        assert edit(tab, "talk.json", 1, op="check", segment="s1", checked=True).is_success
        assert [one["checked"] for one in page(tab, "talk.json")["segments"]] == [True, True, False]
    assert [json.loads(line) for line in path.read_bytes().splitlines()][2]["revision"] == 2


def test_the_machine_transcribes_again_while_the_page_is_open(
    tab: httpx2.Client, folder: Path
) -> None:
    edit(tab, "again.json", 0, op="text", segment="s0", text="we will meet there")
    edit(tab, "again.json", 1, op="text", segment="s2", text="good bye")
    write_transcript(folder / "again.json", talk("again.wav", "we will meat over there", "hm"))
    since = tab.get("/api/changes", params={"item": "again.json", "since": 1}).json()
    assert since["reload"]
    now = page(tab, "again.json")
    assert texts(now) == ["we will meet over there", "hm"]
    assert any("good bye" in note for note in now["notes"])
    assert edit(tab, "again.json", now["revision"], op="undo").is_success
    assert texts(page(tab, "again.json"))[0] == "we will meat over there"


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{", 422, "this is no edit"),
        (b'{"revision": 0, "edit": {"op": "boil"}}', 422, "this is no edit"),
        (b'{"revision": 0, "edit": {"op": "text", "segment": "s0", "text": "\\ud800"}}', 422, ""),
        (b'{"revision": 0, "edit": {"op": "merge", "segment": "s9"}}', 422, "no segment s9"),
        (
            b'{"revision": 0, "edit": {"op": "rename", "speaker": "X", "to": "Y"}}',
            422,
            "no speaker",
        ),
        (b'{"revision": 0, "edit": {"op": "undo"}, "path": "/etc"}', 422, "this is no edit"),
        (b" " * 1_000_001, 413, "an edit has at most 1,000,000 bytes"),
    ],
)
def test_what_is_no_edit_is_refused(
    tab: httpx2.Client, folder: Path, body: bytes, status: int, message: str
) -> None:
    answer = tab.post("/api/edits", params={"item": "lines.json"}, content=body)
    assert answer.status_code == status
    assert message in answer.json()["message"]
    assert page(tab, "lines.json")["revision"] == 0


@pytest.mark.parametrize(
    "name",
    [
        "../secret.json",
        "link.json",
        "/etc/passwd",
        "notes.json/../ada.json",
        "ada.wav",
        "..%2fsecret.json",
        "ada.json\0",
        "",
    ],
)
def test_nothing_but_what_is_listed_is_opened(tab: httpx2.Client, name: str) -> None:
    for path in ("/api/transcript", "/api/audio", "/api/changes"):
        answer = tab.get(path, params={"item": name, "since": "0"})
        assert (answer.status_code, "secret" in answer.json()["message"]) == (404, False)
    assert edit(tab, name, 0, op="undo").status_code == 404


@pytest.mark.parametrize("name", ["thief.json", "linked.json"])
def test_no_recording_outside_of_the_folder_is_served(tab: httpx2.Client, name: str) -> None:
    assert page(tab, name)["audio"] is None
    answer = tab.get("/api/audio", params={"item": name})
    assert answer.status_code == 404


def test_a_page_that_a_transcript_names_is_shown_as_none(tab: httpx2.Client) -> None:
    answer = tab.get("/api/audio", params={"item": "page.json"})
    kind, sniffed = (answer.headers[name] for name in ("content-type", "x-content-type-options"))
    assert (answer.status_code, kind, sniffed) == (200, "application/octet-stream", "nosniff")


def test_paths_that_climb_lead_nowhere(server: ReviewServer) -> None:
    place = urlsplit(server.base)
    for path in (
        "/../../etc/passwd",
        "/js/../../document.py",
        "//etc/passwd",
        "/%2e%2e/secret.json",
    ):
        with socket.create_connection((place.hostname, place.port)) as connection:
            request = f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n\r\n"
            connection.sendall(request.encode())
            answer = connection.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 404")


def test_a_cookie_of_the_first_answer_opens_the_audio_and_nothing_else(
    server: ReviewServer, tab: httpx2.Client, folder: Path
) -> None:
    url = page(tab, "deep/grace.json")["audio"]
    answer = tab.get("/api/items")
    said = answer.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=Strict" in said
    cookie = {"cookie": said.partition(";")[0]}
    with server.client(with_token=False) as bare:
        heard = bare.get(url, headers=cookie)
        assert heard.content == (folder / "deep" / "grace.wav").read_bytes()
        assert heard.headers["content-type"] in {"audio/x-wav", "audio/wav"}
        assert bare.get(url).status_code == 401
        assert bare.get(url, headers={"cookie": "dalston_review_1=x"}).status_code == 401
        assert bare.get("/api/items", headers=cookie).status_code == 401
        assert edit(bare, "ada.json", 1, op="undo").status_code == 401


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=100-", 206, 100, None),
        ("bytes=-7", 206, -7, None),
        ("bytes=32000-99999999", 206, 32000, None),
        ("bytes=-99999999", 206, 0, None),
        (None, 200, 0, None),
    ],
)
def test_audio_in_ranges(
    tab: httpx2.Client, folder: Path, asked: str | None, status: int, start: int, end: int | None
) -> None:
    data = (folder / "ada.wav").read_bytes()
    headers = {"range": asked} if asked else {}
    answer = tab.get("/api/audio", params={"item": "ada.json"}, headers=headers)
    assert (answer.status_code, answer.content) == (status, data[start:end])
    if status == 206:
        first = start % len(data)
        last = first + len(answer.content) - 1
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(data)}"
    assert answer.headers["accept-ranges"] == "bytes"


def test_a_range_behind_the_end_is_refused(tab: httpx2.Client, folder: Path) -> None:
    size = (folder / "ada.wav").stat().st_size
    headers = {"range": f"bytes={size}-"}
    answer = tab.get("/api/audio", params={"item": "ada.json"}, headers=headers)
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{size}")


def test_only_this_page_from_this_machine_with_the_token(server: ReviewServer) -> None:
    with server.client(with_token=False) as bare:
        assert bare.get("/").status_code == 200
        assert bare.get("/api/items").status_code == 401
        wrong = {"authorization": f"Bearer {server.token[:-1]}"}
        assert bare.get("/api/items", headers=wrong).status_code == 401
    with server.client() as tab:
        for host in ("evil.example", f"evil.example:{urlsplit(server.base).port}", "127.0.0.1"):
            assert tab.get("/api/items", headers={"host": host}).status_code == 421
            assert tab.get("/", headers={"host": host}).status_code == 421
        port = urlsplit(server.base).port
        assert tab.get("/api/items", headers={"host": f"localhost:{port}"}).status_code == 200
        foreign = tab.get("/api/items", headers={"origin": "https://evil.example"})
        assert foreign.status_code == 403
        assert "access-control-allow-origin" not in foreign.headers
        assert tab.post("/api/items").status_code == 405


def test_headers_of_every_answer(server: ReviewServer, tab: httpx2.Client) -> None:
    for path in ("/", "/style.css", "/api/items", "/nothing"):
        headers = tab.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "server" not in headers


def test_it_listens_on_loopback_alone(server: ReviewServer) -> None:
    import psutil  # noqa: PLC0415 - for this test alone

    listening = [
        each.laddr.ip
        for each in psutil.Process(server.process.pid).net_connections(kind="inet")
        if each.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]
