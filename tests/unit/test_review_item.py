"""A transcript under review: what becomes of it when its files change under it."""

import os
from pathlib import Path

import msgspec
import pytest
from tests.support.calls import calls_of
from tests.support.indexed import correct, put
from tests.support.transcripts import segment

from dalston_cli.review.edits import SpeakerEdit, TextEdit
from dalston_cli.review.item import Item, StaleEditError
from dalston_cli.review.log import CorrectionsUnreadableError, CorrectionsUnwritableError
from dalston_cli.review.naming import corrections_path

SAID = [segment("we will meat there", 0.0, 4.0), segment("good bye", 5.0, 7.0, number=1)]


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    return put(tmp_path / "talk.json", SAID)


def shown(item: Item) -> list[str]:
    return [each.text for each in item.transcript().segments]


def as_link(corrections: Path) -> bytes:
    """Make the corrections a link, which can be read and is never written to; return its bytes."""
    target = corrections.with_name("elsewhere")
    corrections.rename(target)
    corrections.symlink_to(target)
    return target.read_bytes()


@pytest.mark.parametrize("how", ["torn", "other text"])
def test_what_cannot_be_written_is_shown_all_the_same(talk: Path, how: str) -> None:
    corrections = correct(talk, 0, "we will meet there")
    if how == "torn":
        corrections.write_bytes(corrections.read_bytes() + b'{"revision":2,"at')
    else:
        put(talk, [SAID[0], segment("good bye then", 5.0, 7.0, number=1)])
    data = as_link(corrections)

    item = Item(talk, lambda _: None)

    assert shown(item)[0] == "we will meet there"
    assert item.page(audio=None)["revision"] == (1 if how == "torn" else 2)
    with pytest.raises(CorrectionsUnwritableError):
        item.edit(1, TextEdit("s1", "bye"))
    assert corrections.read_bytes() == data


def test_an_edit_that_a_person_changed_in_the_file_counts(talk: Path) -> None:
    corrections = correct(talk, 0, "we will meet there")
    item = Item(talk, pytest.fail)
    assert shown(item)[0] == "we will meet there"

    corrections.write_bytes(corrections.read_bytes().replace(b"meet there", b"eat over there"))

    assert shown(item) == ["we will eat over there", "good bye"]
    item.edit(1, TextEdit("s1", "bye"))
    assert shown(item) == shown(Item(talk, pytest.fail)) == ["we will eat over there", "bye"]


def test_edits_that_fit_no_transcript_name_their_file(talk: Path) -> None:
    corrections = correct(talk, 1, "bye")
    data = corrections.read_bytes()
    other = msgspec.json.encode({"s7": segment("x", 0.0, 1.0)})
    was = data[data.index(b'"was":') + 6 : data.rindex(b"}")]
    corrections.write_bytes(data.replace(was, other))
    put(talk, [SAID[0]])

    with pytest.raises(CorrectionsUnreadableError, match="there is no segment s1") as caught:
        Item(talk, pytest.fail).page(audio=None)
    assert str(corrections) in caught.value.message


def test_an_edit_takes_as_much_work_after_many_as_after_few(tmp_path: Path) -> None:
    said = [segment(f"words {at}", at, at + 1.0, number=at) for at in range(300)]
    item = Item(put(tmp_path / "talk.json", said), pytest.fail)

    def edit(number: int) -> int:
        return calls_of(lambda: item.edit(number - 1, TextEdit(f"s{number}", f"word {number}")))

    work = [edit(number) for number in range(1, 201)]
    assert max(work[100:]) <= 1.5 * max(work[2:10])
    assert calls_of(lambda: item.changes(200)) <= max(work[2:10])


def test_what_another_server_does_between_edits_counts(talk: Path) -> None:
    first, second = Item(talk, pytest.fail), Item(talk, pytest.fail)
    first.edit(0, TextEdit("s0", "we will meet there"))
    with pytest.raises(StaleEditError):
        second.edit(0, TextEdit("s1", "bye"))
    second.edit(1, TextEdit("s1", "bye"))
    with pytest.raises(StaleEditError):
        first.edit(1, TextEdit("s1", "by"))
    reply = first.changes(1)
    assert ([each["id"] for each in reply.segments], reply.revision) == (["s1"], 2)
    first.edit(2, SpeakerEdit("s1", "Ada"))
    assert [each["name"] for each in second.changes(2).speakers] == ["Ada"]
    assert shown(first) == shown(second) == ["we will meet there", "bye"]


def test_corrections_with_the_size_and_the_time_of_others_are_seen(talk: Path) -> None:
    item = Item(talk, pytest.fail)
    item.edit(0, TextEdit("s0", "we will meet there"))
    corrections = corrections_path(talk)
    before = corrections.stat()
    other = corrections.with_name("other")
    other.write_bytes(corrections.read_bytes().replace(b"meet there", b"eats there"))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(corrections)

    assert shown(item)[0] == "we will eats there"
    item.edit(1, TextEdit("s1", "bye"))
    assert shown(Item(talk, pytest.fail)) == ["we will eats there", "bye"]
