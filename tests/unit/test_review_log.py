"""The file of corrections: whole lines, one writer at a time, nothing lost."""

import resource
import threading
from pathlib import Path

import msgspec
import pytest
from tests.support.transcripts import segment

from dalston_cli.review.edits import CheckEdit, TextEdit
from dalston_cli.review.log import (
    Corrections,
    CorrectionsUnreadableError,
    CorrectionsUnwritableError,
    Entry,
    Subject,
    open_log,
    read_corrections,
)

SUBJECT = Subject(version=1, transcript="sha256:1", recording="talk.wav", language="en")
AT = "2026-01-01T00:00:00Z"


def entry(number: int, text: str = "x") -> Entry:
    return Entry(
        revision=number,
        at=AT,
        edit=TextEdit("s0", text),
        was={"s0": segment("was", 0, 1)} if number == 1 else {},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "talk.corrections.jsonl"


def test_lines_are_added_and_read_back(path: Path) -> None:
    with open_log(path) as log:
        assert log.read() is None
        log.append((SUBJECT, entry(1, "täxt\n\u2028")))
    before = path.read_bytes()
    with open_log(path) as log:
        log.append((entry(2),))
    assert path.read_bytes().startswith(before)
    assert read_corrections(path) == Corrections(
        subject=SUBJECT, entries=(entry(1, "täxt\n\u2028"), entry(2)), size=path.stat().st_size
    )
    assert len(path.read_bytes().splitlines()) == 3


def test_nothing_is_left_where_nothing_was_added(path: Path) -> None:
    with open_log(path) as log:
        assert log.read() is None
    assert not path.exists()


def test_no_file_has_no_corrections(path: Path) -> None:
    assert read_corrections(path) is None


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_line_that_was_cut_off_goes(path: Path, cut: int) -> None:
    with open_log(path) as log:
        log.append((SUBJECT, entry(1)))
    whole = path.read_bytes()
    path.write_bytes(whole + msgspec.json.encode(entry(2))[:cut])

    found = read_corrections(path)
    assert found is not None
    assert (len(found.entries), found.torn) == (1, cut)
    with open_log(path) as log:
        assert log.read() == found
        assert path.read_bytes() == whole
        log.append((entry(2, "again"),))
    again = read_corrections(path)
    assert again is not None
    assert (again.entries[-1], again.torn) == (entry(2, "again"), 0)


def test_a_first_line_that_was_cut_off_is_none(path: Path) -> None:
    path.write_bytes(msgspec.json.encode(SUBJECT)[:30])
    with open_log(path) as log:
        assert log.read() is None
        log.append((SUBJECT, entry(1)))
    assert read_corrections(path) is not None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{}", "line 2 is malformed"),
        (b'{"revision":1,"at":"x","edit":{"op":"text","segment":"s0"}}', "`text`"),
        (b'{"revision":1,"at":"x","edit":{"op":"boil"}}', "line 2 is malformed: Invalid value"),
        (b"\xff", "line 2 is malformed"),
        (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "line 2 is malformed"),
        (
            b'{"revision":1,"at":"","edit":{"op":"undo"},"was":{"a":{"id":0,"start":0,"end":1}}}',
            "line 2 is malformed",
        ),
        (b'{"dalston_corrections":9,"transcript":"","recording":""}', "a newer Dalston wrote it"),
    ],
)
def test_damage_elsewhere_is_explained_and_stays(path: Path, line: bytes, message: str) -> None:
    data = msgspec.json.encode(SUBJECT) + b"\n" + line + b"\n" + msgspec.json.encode(entry(1))
    path.write_bytes(data + b"\n")
    with pytest.raises(CorrectionsUnreadableError, match=message) as caught:
        read_corrections(path)
    assert str(path) in caught.value.message
    with open_log(path) as log, pytest.raises(CorrectionsUnreadableError):
        log.read()
    assert path.read_bytes() == data + b"\n"


@pytest.mark.parametrize("end", [b"", b"\n\n", b"\r\n \n"], ids=["none", "blank", "windows"])
def test_the_end_that_an_editor_left_costs_no_edit(path: Path, end: bytes) -> None:
    lines = [msgspec.json.encode(each) for each in (SUBJECT, entry(1))]
    path.write_bytes(b"\n".join(lines) + end)

    found = read_corrections(path)
    assert found is not None
    assert (found.entries, found.torn) == ((entry(1),), 0)
    with open_log(path) as log:
        before = log.read()
        assert before is not None
        assert (before.entries, before.torn) == (found.entries, 0)
        log.append((entry(2),))
    again = read_corrections(path)
    assert again is not None
    assert again.entries == (entry(1), entry(2))


def test_edits_before_any_transcript_are_no_corrections(path: Path) -> None:
    path.write_bytes(msgspec.json.encode(entry(1)) + b"\n")
    with pytest.raises(CorrectionsUnreadableError, match="its first line names no transcript"):
        read_corrections(path)


def test_a_new_first_line_begins_anew(path: Path) -> None:
    other = msgspec.structs.replace(SUBJECT, transcript="sha256:2", revision=1)
    mark = Entry(revision=2, at=AT, edit=CheckEdit("s0", checked=True))
    with open_log(path) as log:
        log.append((SUBJECT, entry(1)))
        log.append((other, mark))
    found = read_corrections(path)
    assert found is not None
    assert (found.subject, found.entries) == (other, (mark,))


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    path.symlink_to(target)
    with pytest.raises(CorrectionsUnwritableError), open_log(path):
        pass
    assert not target.exists()


def test_a_line_that_does_not_fit_is_taken_back(path: Path) -> None:
    with open_log(path) as log:
        log.append((SUBJECT, entry(1)))
    before, (soft, hard) = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    with open_log(path) as log:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, hard))
        try:
            with pytest.raises(CorrectionsUnwritableError, match=r"was not saved: File too large"):
                log.append((entry(2, "a text"),))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before


def test_two_writers_wait_for_each_other(path: Path) -> None:
    with open_log(path) as log:
        log.append((SUBJECT,))

    def add(first: int) -> None:
        for number in range(first, first + 25):
            with open_log(path) as log:
                found = log.read()
                assert found is not None
                last = found.entries[-1].revision if found.entries else 0
                log.append((entry(last + 1, f"{number}"),))

    threads = [threading.Thread(target=add, args=(first,)) for first in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read_corrections(path)
    assert found is not None
    assert [one.revision for one in found.entries] == list(range(1, 76))
