"""Colours, signs and bars, and lines that fit a terminal."""

import io

import pytest
from rich.cells import cell_len

from dalston_cli.console.bar import bar, fitted, line_with_bar
from dalston_cli.console.look import Look, Signs, Span, Style, wrapped
from dalston_cli.console.recording_lines import folder_of_all, outputs_text


class Terminal(io.TextIOWrapper):
    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("is_terminal", "environ", "colour", "redraws"),
    [
        pytest.param(True, {}, True, True, id="a terminal"),
        pytest.param(True, {"NO_COLOR": "1"}, False, True, id="NO_COLOR"),
        pytest.param(True, {"NO_COLOR": ""}, True, True, id="an empty NO_COLOR says nothing"),
        pytest.param(True, {"TERM": "dumb"}, False, False, id="a dumb terminal"),
        pytest.param(True, {"TERM": "dumb", "FORCE_COLOR": "1"}, True, False, id="dumb, forced"),
        pytest.param(False, {}, False, False, id="a pipe"),
        pytest.param(False, {"FORCE_COLOR": "1"}, True, False, id="a pipe, forced"),
        pytest.param(False, {"FORCE_COLOR": "0"}, False, False, id="a pipe, not forced"),
        pytest.param(False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False, id="both"),
    ],
)
def test_colours_are_used_where_they_are_wanted(
    is_terminal: bool, environ: dict[str, str], colour: bool, redraws: bool
) -> None:
    look = Look.of(Terminal() if is_terminal else io.StringIO(), environ)
    assert (look.colour, look.redraws) == (colour, redraws)


def test_a_stream_without_signs_gets_words() -> None:
    signs = Look.of(Terminal("ascii"), {}).signs
    assert (signs.done, signs.failed, signs.arrow) == ("done:", "failed:", "->")
    assert text_of(bar(0.5, 8, signs)) == "####----"


def test_a_painted_line_ends_every_colour() -> None:
    line = (Span("✓", Style.GOOD), Span(" a"), Span("", Style.DIM))
    assert Look.of(Terminal(), {}).paint(line) == "\x1b[32m✓\x1b[0m a"
    assert Look.of(Terminal(), {"NO_COLOR": "1"}).paint(line) == "✓ a"


@pytest.fixture
def signs() -> Signs:
    return Look.of(Terminal(), {}).signs


def text_of(line: object) -> str:
    assert isinstance(line, tuple)
    return "".join(span.text for span in line)


@pytest.mark.parametrize(
    ("part", "shown"), [(0, "────"), (None, "────"), (0.4, "━╸──"), (0.5, "━━──"), (1.0, "━━━━")]
)
def test_a_bar_has_half_columns(signs: Signs, part: float | None, shown: str) -> None:
    assert text_of(bar(part, 4, signs)) == shown


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        pytest.param(60, "Preparing x  ━━━━━━━━━━──────────  5/10 MB  3 s", id="all"),
        pytest.param(40, "Preparing x  ━━━━━━──────  5/10 MB  3 s", id="a short bar"),
        pytest.param(30, "Preparing x  5/10 MB  3 s", id="no bar"),
        pytest.param(20, "Preparing x  3 s", id="no bytes"),
    ],
)
def test_what_does_not_fit_goes(signs: Signs, columns: int, shown: str) -> None:
    line = line_with_bar(
        "Preparing x", 0.5, ["5/10 MB", "3 s"], columns=columns, look=signs, most=20
    )
    assert cell_len(text_of(line)) < columns
    assert text_of(line) == shown


@pytest.mark.parametrize(
    ("name", "columns", "shown"),
    [
        ("talk.wav", 10, "talk.wav  "),
        ("a/long/talk.wav", 9, "…talk.wav"),
        ("日本語.wav", 8, "…語.wav "),
    ],
)
def test_a_long_name_keeps_its_end(signs: Signs, name: str, columns: int, shown: str) -> None:
    assert fitted(name, columns, signs) == shown
    assert cell_len(shown) == columns


def test_a_long_line_is_broken_between_words_and_never_within_a_path() -> None:
    path = "/a/path/that/is/longer/than/the/line"
    [mark, text] = wrapped([Span("error:"), Span(f" cannot write {path} now")], 20)
    assert mark == Span("error:")
    assert text.text.splitlines() == [" cannot write", f"  {path}", "  now"]
    quoted = [Span("error:"), Span(" uv ended:\n  a line of uv that is long enough")]
    assert wrapped(quoted, 20) == quoted


@pytest.mark.parametrize(
    ("outputs", "shown"),
    [
        pytest.param(("out/a.txt", "out/a.srt"), "out/ (txt, srt)", id="a folder"),
        pytest.param(("a.txt",), "./ (txt)", id="the working folder"),
        pytest.param(("/x/a.speakers.json",), "/x/ (speakers.json)", id="a long extension"),
        pytest.param(("out/a.wav.txt",), "out/ (wav.txt)", id="an extension that was kept"),
        pytest.param(("out/b.txt",), "out/b.txt", id="another name"),
        pytest.param(("x/a.txt", "y/a.srt"), "x/a.txt, y/a.srt", id="two folders"),
        pytest.param(("/a.txt",), "/ (txt)", id="the root"),
        pytest.param(("s3://b/o/a.txt",), "s3://b/o/ (txt)", id="a bucket"),
    ],
)
def test_transcripts_are_told_by_their_folder(outputs: tuple[str, ...], shown: str) -> None:
    assert outputs_text("in/a.wav", outputs) == shown


@pytest.mark.parametrize(
    ("recordings", "folder"),
    [
        pytest.param(["in/x/a.wav", "in/y/b.wav"], "in", id="a folder"),
        pytest.param(["a.wav", "in/b.wav"], "", id="the working folder"),
        pytest.param(["s3://talks/x/a.wav", "s3://talks/y/b.wav"], "s3://talks", id="a bucket"),
        pytest.param(["s3://one/a.wav", "s3://two/b.wav"], None, id="two buckets"),
        pytest.param(["s3://one/a.wav", "in/b.wav"], None, id="here and elsewhere"),
        pytest.param(["/in/a.wav", "in/b.wav"], None, id="absolute and not"),
    ],
)
def test_the_folder_of_all_recordings(recordings: list[str], folder: str | None) -> None:
    assert folder_of_all(recordings) == folder
