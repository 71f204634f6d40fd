"""Finding recordings: their names, their order, and what is skipped."""

import io
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from dalston_cli.errors import DalstonError, InputError, UsageError
from dalston_cli.pipeline.endpoints import file_of
from dalston_cli.pipeline.events import WarningRaised
from dalston_cli.pipeline.intake.folder_scan import looks_like_media
from dalston_cli.pipeline.intake.inputs import InputSources, RecordingFinder
from dalston_cli.pipeline.request import RecordingRequest


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(*names: str) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


class Found:
    """The recordings that sources name, and the warnings on the way."""

    def __init__(self, sources: InputSources, stdin: bytes = b"") -> None:
        self.warnings: list[WarningRaised] = []
        finder = RecordingFinder(
            sources=sources, stdin=io.BytesIO(stdin), on_warning=self.warnings.append
        )
        self.requests: list[RecordingRequest] = list(finder.find())
        self.passed_over = dict(finder.passed_over)

    @property
    def relative(self) -> list[str]:
        return [str(request.relative) for request in self.requests]

    @property
    def codes(self) -> list[str]:
        return [warning.code for warning in self.warnings]


def find(*inputs: str, recursive: bool = False) -> Found:
    return Found(InputSources(inputs=inputs, recursive=recursive))


TREE = ("talks/b.MP3", "talks/a.wav", "talks/notes.txt", "talks/.c.wav", "talks/day/d.mkv")


@pytest.mark.parametrize(
    ("inputs", "recursive", "expected"),
    [
        pytest.param(["talks"], False, ["a.wav", "b.MP3"], id="direct-children-sorted"),
        pytest.param(["talks/"], False, ["a.wav", "b.MP3"], id="slash"),
        pytest.param(["talks"], True, ["a.wav", "b.MP3", "day/d.mkv"], id="recursive"),
        pytest.param(["talks/notes.txt"], False, ["notes.txt"], id="a-named-file-ends-in-anything"),
        pytest.param(["talks/*"], False, ["a.wav", "b.MP3", "day/d.mkv"], id="pattern"),
        pytest.param(["talks/*.txt"], False, ["notes.txt"], id="pattern-with-ending"),
        pytest.param(["talks/**/*.m*"], False, ["day/d.mkv"], id="pattern-keeps-case"),
        pytest.param(["**/*.mkv"], False, ["talks/day/d.mkv"], id="pattern-from-here"),
        pytest.param(["talks/**"], False, ["a.wav", "b.MP3", "day/d.mkv"], id="double-star"),
        pytest.param(["gone.wav"], False, ["gone.wav"], id="a-missing-file-is-its-own-failure"),
        pytest.param(["-"], False, ["stdin"], id="standard-input"),
    ],
)
def test_what_is_found(inputs: list[str], recursive: bool, expected: list[str]) -> None:
    touch(*TREE)
    assert find(*inputs, recursive=recursive).relative == expected


def test_an_absolute_pattern(folder: Path) -> None:
    touch(*TREE)
    assert find(f"{folder}/talks/*.wav").relative == ["a.wav"]


@pytest.mark.parametrize("name", ["take[1].wav", "what?.wav", "50*.wav", "a*b/[x].mp3"])
def test_a_name_that_exists_is_no_pattern(name: str) -> None:
    touch(name, "take1.wav", "50x.wav")
    assert [str(file_of(request.source)) for request in find(name).requests] == [name]


@pytest.mark.parametrize(
    "name", [b"caf\xe9.wav", b"two\nlines.wav", b"-dash.wav", "\U0001f3a4 'q\".wav".encode()]
)
def test_any_name_is_found_in_a_folder(name: bytes, folder: Path) -> None:
    inner = os.fsencode(folder / "in")
    Path(os.fsdecode(inner)).mkdir()
    Path(os.fsdecode(os.path.join(inner, name))).touch()  # noqa: PTH118 - bytes
    (request,) = find("in").requests
    file = file_of(request.source)
    assert file is not None
    assert os.fsencode(file.name) == name
    assert request.name.encode() == b"in/" + name.decode(errors="replace").encode()
    assert request.size == 0


def test_a_folder_named_like_a_recording_is_reported() -> None:
    touch("in/a.wav")
    Path("in/x.wav").mkdir()
    for recursive in (False, True):
        assert find("in", recursive=recursive).relative == ["a.wav", "x.wav"]
    touch("in/x.wav/b.wav")
    assert find("in", recursive=True).relative == ["a.wav", "x.wav/b.wav"]
    assert find("in").relative == ["a.wav", "x.wav"]


def test_an_empty_folder_that_is_named_like_a_recording() -> None:
    Path("x.wav").mkdir()
    assert find("x.wav").relative == ["x.wav"]


def test_the_output_folder_below_is_not_scanned() -> None:
    touch("in/a.wav", "in/out/old.wav")
    sources = InputSources(inputs=("in",), recursive=True, output_folder=Path("in/out"))
    assert Found(sources).relative == ["a.wav"]
    same = InputSources(inputs=("in",), recursive=True, output_folder=Path("in"))
    assert Found(same).relative == ["a.wav", "out/old.wav"]


def test_loops_of_links_end() -> None:
    touch("in/a.wav", "in/day/b.wav")
    Path("in/day/up").symlink_to("..", target_is_directory=True)
    Path("in/day/self").symlink_to("self")
    assert find("in", recursive=True).relative == ["a.wav", "day/b.wav"]
    assert find("in/**/*.wav").relative == ["a.wav", "day/b.wav"]


def test_a_file_under_two_names_is_taken_once() -> None:
    touch("a.wav")
    Path("link.wav").symlink_to("a.wav")
    found = find("a.wav", "./a.wav", "link.wav")
    assert found.relative == ["a.wav"]
    assert found.codes == ["named_twice", "named_twice"]
    assert found.warnings[1].message == "link.wav was named before; it is transcribed once"


def test_a_pattern_without_match_is_a_warning_beside_others() -> None:
    touch("a.wav")
    found = find("a.wav", "*.mp3")
    assert found.relative == ["a.wav"]
    assert found.codes == ["pattern_without_match"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser reads every folder")
def test_a_folder_that_cannot_be_read_is_a_warning() -> None:
    touch("in/a.wav", "in/locked/b.wav")
    Path("in/locked").chmod(0)
    try:
        found = find("in", recursive=True)
    finally:
        Path("in/locked").chmod(0o700)
    assert (found.relative, found.codes) == (["a.wav"], ["folder_unreadable"])


@pytest.mark.parametrize(
    ("content", "null", "expected"),
    [
        pytest.param(b"a.wav\nb.wav\n", False, ["a.wav", "b.wav"], id="lines"),
        pytest.param(b"a.wav\r\n\r\nb.wav", False, ["a.wav", "b.wav"], id="windows-lines"),
        pytest.param(b"a\nx.wav\0b.wav\0", True, ["a\nx.wav", "b.wav"], id="nul"),
        pytest.param(b"*.wav\n", False, ["*.wav"], id="no-patterns"),
    ],
)
@pytest.mark.parametrize("from_stdin", [False, True])
def test_names_from_a_list(
    content: bytes, null: bool, expected: list[str], from_stdin: bool
) -> None:
    Path("names").write_bytes(content)
    source = "-" if from_stdin else "names"
    found = Found(InputSources(files_from=source, null=null), content if from_stdin else b"")
    assert found.relative == expected


def test_names_with_null_want_the_option() -> None:
    with pytest.raises(InputError, match="hold NUL") as caught:
        Found(InputSources(files_from="-"), b"a.wav\0b.wav\0")
    assert caught.value.hint == "add --null: --files-from - --null"


def test_long_lists_are_read_in_blocks() -> None:
    names = [f"{number:06}-{'x' * 90}.wav" for number in range(2_000)]
    found = Found(InputSources(files_from="-"), "\n".join(names).encode())
    assert found.relative == names


@pytest.mark.parametrize(
    ("sources", "kind", "message"),
    [
        pytest.param(InputSources(), UsageError, "nothing to transcribe", id="nothing-named"),
        pytest.param(InputSources(inputs=("in",)), InputError, "no recordings found", id="no"),
        pytest.param(InputSources(inputs=("*.xyz",)), InputError, r"found in \*\.xyz", id="glob"),
        pytest.param(InputSources(files_from="none"), InputError, "cannot read", id="no-list"),
        pytest.param(
            InputSources(inputs=("-",), files_from="-"), UsageError, "standard input", id="twice"
        ),
    ],
)
def test_what_ends_the_search(
    sources: InputSources, kind: type[DalstonError], message: str
) -> None:
    Path("in").mkdir()
    with pytest.raises(kind, match=message) as caught:
        Found(sources)
    assert caught.value.hint


def test_recursive_is_hinted_at_only_where_it_could_help() -> None:
    hints = []
    for recursive in (False, True):
        with pytest.raises(InputError) as caught:
            find(".", recursive=recursive)
        hints.append("--recursive" in (caught.value.hint or ""))
    assert hints == [True, False]


def all_of(kind: Iterable[str]) -> list[bool]:
    return [looks_like_media(name) for name in kind]


def test_endings() -> None:
    assert all(all_of(["a.wav", "A.MP3", "b.c.Opus", "film.mkv", "x.MOV"]))
    assert not any(all_of(["a.txt", "a.srt", "a.json", "wav", "a.ts", "a.wav.part", ".wav"]))
