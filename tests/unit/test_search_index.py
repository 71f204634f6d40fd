"""The index: what is found in it, in which languages, and how it follows its folder."""

import os
import sqlite3
import stat
from pathlib import Path

import msgspec
import pytest
from tests.support.indexed import ask, correct, found, put
from tests.support.transcripts import dialogue, segment

from dalston_cli.collection.reading import NoSuchPlaceError, NoTranscriptsError
from dalston_cli.search.index import INDEX_NAME, place_of
from dalston_cli.search.kept import forget_recordings, kept_indexes
from dalston_cli.search.session import NoIndexError, NotAFolderError

LANGUAGES = [
    ("Die Straße führt über Köln.", "kOLN", True),
    ("Un café à Évry", "cafe evry", True),
    ("Il naïf", "NAÏF", True),
    ("我们明天去北京大学看书。", "北京", True),
    ("我们明天去北京大学看书。", "北京大学", True),
    ("我们明天去北京大学看书。", "京北", False),
    ("我们明天去北京大学看书。", "书", True),
    ("用Python写程序", "python", True),
    ("今日は東京の図書館で本を読みました。", "図書館", True),
    ("今日は東京の図書館で本を読みました。", "読みました", True),
    ("コンピュータを使う", "コンピュータ", True),
    ("สวัสดีครับ ผมชื่อสมชาย", "สมชาย", True),
    ("สวัสดีครับ ผมชื่อสมชาย", "สวสด", False),
    ("ສະບາຍດີ", "ບາຍ", True),
    ("हम हिन्दी बोलते हैं", "हिन्दी", True),
    ("हम हिन्दी बोलते हैं", "हन", False),
    ("학교에서 공부한다", "학교*", True),
    ("مرحبا كيف حالك", "حالك", True),
    ("Привет, Ёлка", "ПРИВЕТ", True),
    ("the co-op doesn't open", "co-op", True),
    ("the co-op doesn't open", "doesn't", True),
]


@pytest.mark.parametrize(("text", "query", "is_found"), LANGUAGES)
def test_every_script_is_found(text: str, query: str, *, is_found: bool, tmp_path: Path) -> None:
    put(tmp_path / "in/a.json", text)

    assert found(tmp_path / "state", query, tmp_path / "in") == ["a"] * is_found


def test_speakers_of_every_script_are_found(tmp_path: Path) -> None:
    put(tmp_path / "in/a.json", [segment("apple", 0.0, 1.0, speaker="田中太郎")])

    for query in ("speaker:田中", "speaker:太郎", "apple speaker:田中太郎"):
        answer, _ = ask(tmp_path / "state", query, tmp_path / "in")
        assert [hit.speaker for hit in answer.found.hits] == ["田中太郎"]


def test_many_words_that_leave_out_others_from_the_left(tmp_path: Path) -> None:
    put(tmp_path / "in/a.json", "apple pear")
    put(tmp_path / "in/b.json", "apple plum")

    for query, names in (("apple NOT plum", "a"), ("pear NOT plum apple NOT fig OR plum", "ab")):
        assert found(tmp_path / "state", query + " apple" * 150, tmp_path / "in") == [*names]


def test_a_hit_says_when_and_who_and_what_is_around(tmp_path: Path) -> None:
    said = [
        segment("We met the bank.", 0.0, 4.0, speaker="Ada"),
        segment("The merger is near, the bank said.", 4.0, 10.0, number=1, speaker="Ada"),
        segment("No merger, please.", 12.0, 14.0, number=2, speaker="Grace"),
    ]
    put(tmp_path / "in/b.json", said, name="2024-05-17 call.wav")

    answer, _ = ask(tmp_path / "state", 'speaker:ADA "merger is"', tmp_path / "in")

    [hit] = answer.found.hits
    assert (hit.speaker, hit.date, hit.date_source) == ("Ada", "2024-05-17", "name")
    assert hit.text == "We met the bank. The merger is near, the bank said."
    [match] = hit.matches
    assert hit.text[match.begin : match.end] == "merger is"
    words = said[1].words
    assert match.start == pytest.approx(words[1].start, abs=0.01)
    assert hit.at == match.start
    assert (hit.start, hit.end) == (0.0, 10.0)


def test_times_are_those_of_words_in_scripts_without_spaces(tmp_path: Path) -> None:
    put(tmp_path / "in/a.json", dialogue())

    answer, _ = ask(tmp_path / "state", "図書館", tmp_path / "in")

    assert answer.found.hits[0].at == pytest.approx(3.4)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("merger", ["a", "b"]),
        ('"merger bank"', []),
        ("NEAR(merger bank, 2)", ["b"]),
        ("merger NOT bank", ["a"]),
        ("merg* date:2024-05", ["a"]),
        ("merger date:2024-06..", ["b"]),
        ("speaker:Grace", ["b"]),
    ],
)
def test_filters_and_operators(query: str, names: list[str], tmp_path: Path) -> None:
    put(tmp_path / "in/a.json", "a merger", columns={"date": "2024-05-01"})
    said = [segment("the merger of the bank", 0.0, 3.0, speaker="Grace H")]
    put(tmp_path / "in/sub/b.json", said, columns={"Date": "2024-06-30T10:00"})

    assert found(tmp_path / "state", query, tmp_path / "in") == names


def test_the_index_follows_the_folder(tmp_path: Path) -> None:
    state, folder = tmp_path / "state", tmp_path / "in"
    first, second = put(folder / "a.json", "one apple"), put(folder / "b.json", "two apples")
    answer, _ = ask(state, "appl*", folder)
    assert (answer.changes[0].added, answer.num_transcripts) == (2, 2)

    answer, _ = ask(state, "appl*", folder)
    assert (answer.changes[0].added, answer.changes[0].changed, len(answer.found.hits)) == (0, 0, 2)

    os.utime(first, ns=(1, 1))  # touched, and the same
    second.unlink()
    answer, _ = ask(state, "appl*", folder)
    assert (answer.changes[0].changed, answer.changes[0].removed) == (0, 1)
    assert [hit.transcript.stem for hit in answer.found.hits] == ["a"]

    put(first, "one pear")
    answer, _ = ask(state, "pear", folder)
    assert (answer.changes[0].changed, len(answer.found.hits)) == (1, 1)
    assert found(state, "apple", folder) == []

    put(folder / "c.json", "an apple")
    assert ask(state, "apple", folder, updates=False)[0].found.hits == ()


@pytest.mark.parametrize("how", ["replaced", "rewritten"])
@pytest.mark.parametrize("settled", [True, False])
def test_another_text_of_the_same_size_and_time_is_seen(
    how: str, tmp_path: Path, *, settled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, folder = tmp_path / "state", tmp_path / "in"
    path = put(folder / "a.json", "one apple")
    before = path.stat()
    with monkeypatch.context() as patch:
        if settled:  # the first search is of an old file, as most are
            patch.setattr("dalston_cli.file_state.time.time_ns", lambda: before.st_ctime_ns * 2)
        assert found(state, "apple", folder) == ["a"]

    other = put(tmp_path / "other/a.json", "one peach")
    if how == "replaced":
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.replace(path)
    else:
        path.write_bytes(other.read_bytes())
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)

    assert found(state, "apple", folder) == []
    assert found(state, "peach", folder) == ["a"]


def test_what_was_removed_is_nowhere_on_the_disk(tmp_path: Path) -> None:
    state, folder = tmp_path / "state", tmp_path / "in"
    put(folder / "a.json", "the unmistakable rhododendron")
    put(folder / "b.json", "another text")
    ask(state, "another", folder)
    place = place_of(state, folder)
    assert b"rhododendron" in (place / INDEX_NAME).read_bytes()

    (folder / "a.json").unlink()
    ask(state, "another", folder)

    assert all(b"rhododendron" not in each.read_bytes() for each in place.iterdir())


def test_forgetting_a_recording_removes_it_from_every_index(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for name in ("in", "copies"):
        put(tmp_path / name / "a.json", "the unmistakable rhododendron")
        put(tmp_path / name / "b.json", "another text")
        ask(state, "another", tmp_path / name)

    assert forget_recordings(state, ["sha256:a"]) == 2

    files = [each for each in (state / "search").rglob("*") if each.is_file()]
    assert files
    assert all(b"rhododendron" not in each.read_bytes() for each in files)
    assert ask(state, "another", tmp_path / "in", updates=False)[0].num_transcripts == 1


def test_only_its_user_can_read_it(tmp_path: Path) -> None:
    put(tmp_path / "in/a.json", "secret")
    ask(tmp_path / "state", "secret", tmp_path / "in")

    for path in (tmp_path / "state").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize("damage", ["garbage", "cut", "middle", "version", "values"])
def test_a_damaged_index_is_made_anew(damage: str, tmp_path: Path) -> None:
    state, folder = tmp_path / "state", tmp_path / "in"
    for number in range(40):
        put(folder / f"a{number}.json", f"apple number {number} " * 20)
    ask(state, "apple", folder)
    path = place_of(state, folder) / INDEX_NAME
    data = path.read_bytes()
    if damage == "garbage":
        path.write_bytes(b"no database at all" * 100)
    elif damage == "cut":
        path.write_bytes(data[: len(data) // 3])
    elif damage == "middle":
        path.write_bytes(data[:8192] + bytes(len(data) - 8192 - 4096) + data[-4096:])
    else:
        with sqlite3.connect(path) as connection:
            if damage == "version":
                connection.execute("PRAGMA user_version = 99")
            else:
                connection.execute("UPDATE passages SET times = x'010203'")
        connection.close()

    answer, told = ask(state, "apple", folder)

    assert len(answer.found.hits) == 20
    assert answer.num_transcripts == 40
    assert "the search index was damaged and is made anew" in told[0]


@pytest.mark.parametrize("how", ["cut", "deep", "early", "late"])
def test_other_json_is_passed_over_and_damaged_transcripts_are_named(
    how: str, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    put(folder / "a.json", "apple")
    (folder / "package.json").write_text('{"name": "apple"}')
    damage = "[" * 100_000 + "]" * 100_000 if how == "deep" else '"apple'
    if how in {"cut", "deep"}:
        (folder / "bad.json").write_text(f'{{"dalston_transcript_version": 1, "text": {damage}')
    else:
        early = {"start": -5.0} if how == "early" else {"start": 1e300, "end": 1e300}
        said = segment("apple", 0.0, 1.0)
        word = msgspec.structs.replace(said.words[0], **early)
        put(folder / "bad.json", [msgspec.structs.replace(said, words=(word,))])

    for _ in range(2):  # it is named again, though it is not read again
        answer, _ = ask(tmp_path / "state", "apple", folder)
        assert [hit.transcript.name for hit in answer.found.hits] == ["a.json"]
        [problem] = answer.changes[0].problems
        assert "bad.json is no sound transcript" in problem


def test_a_clock_that_was_wrong_costs_nothing(tmp_path: Path) -> None:
    os.utime(put(tmp_path / "in/a.json", "apple"), (1e12, 1e12))

    answer, _ = ask(tmp_path / "state", "apple", tmp_path / "in")

    assert [hit.date for hit in answer.found.hits] == ["2262-04-11"]


def test_folders_within_another_are_searched_once(tmp_path: Path) -> None:
    put(tmp_path / "in/sub/a.json", "apple")
    folders = (tmp_path / "in/sub", tmp_path / "in", tmp_path / "in/../in")

    assert found(tmp_path / "state", "apple", *folders) == ["a"]
    [kept] = kept_indexes(tmp_path / "state")
    assert kept.folder == tmp_path / "in"
    assert kept.is_needed


def test_what_cannot_be_searched_is_refused(tmp_path: Path) -> None:
    state, empty = tmp_path / "state", tmp_path / "empty"
    empty.mkdir()
    file = put(tmp_path / "in/a.json", "apple")
    with pytest.raises(NoSuchPlaceError, match="does not exist"):
        ask(state, "apple", tmp_path / "nowhere")
    with pytest.raises(NotAFolderError, match="is no folder"):
        ask(state, "apple", file)
    with pytest.raises(NoTranscriptsError, match="there is no transcript in"):
        ask(state, "apple", empty)
    with pytest.raises(NoIndexError, match="has no index yet"):
        ask(state, "apple", tmp_path / "in", updates=False)


def test_many_hits_are_shown_in_order_and_not_ranked(tmp_path: Path) -> None:
    said = [segment("apple", 5.0 * n, 5.0 * n + 1, number=n) for n in range(5_005)]
    put(tmp_path / "in/a.json", said, duration_s=30_000.0)

    answer, _ = ask(tmp_path / "state", "apple", tmp_path / "in")

    assert (answer.found.is_ranked, answer.found.total) == (False, 5_001)
    assert [hit.start for hit in answer.found.hits[:2]] == [0.0, 5.0]


def test_corrected_text_is_what_is_found(tmp_path: Path) -> None:
    state, folder = tmp_path / "state", tmp_path / "in"
    path = put(folder / "a.json", "we will meat at noon")
    assert found(state, "meat", folder) == ["a"]

    corrections = correct(path, 0, "we will meet at noon")

    assert found(state, "meat", folder) == []
    answer, _ = ask(state, "meet", folder)
    assert [hit.text for hit in answer.found.hits] == ["we will meet at noon"]
    correct(path, 0, "we will meet at three")
    assert found(state, "noon", folder) == []
    assert found(state, "three", folder) == ["a"]

    corrections.write_text("no corrections\n")
    put(folder / "b.json", "another")
    answer, _ = ask(state, "me*", folder)
    assert answer.found.hits == ()
    assert "a.json is left out" in answer.changes[0].problems[0]
    corrections.unlink()
    assert found(state, "meat", folder) == ["a"]
