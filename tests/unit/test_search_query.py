"""Queries: what they become for SQLite, and what is refused."""

import sqlite3
from datetime import date

import msgspec
import pytest
from tests.support.transcripts import recording

from dalston_cli.search.dates import DateFilterError, day_of, words_of_span
from dalston_cli.search.query import QuerySyntaxError, match_expression
from dalston_sdk.wire import RecordingDate

_A = '"a"'
EXPRESSIONS = {
    "budget": '{text} : ("budget")',
    "budget tax": '{text} : ("budget" AND "tax")',
    '"next year"': '{text} : ("next year")',
    "tax*": '{text} : ("tax" *)',
    '"next ye"*': '{text} : ("next ye" *)',
    "NEAR(merger bank, 5)": '{text} : (NEAR("merger" "bank", 5))',
    'NEAR("our merger" bank*)': '{text} : (NEAR("our merger" "bank" *, 10))',
    "tax OR levy": '{text} : ("tax" OR "levy")',
    "tax NOT levy": '{text} : ("tax" NOT "levy")',
    "a OR b NOT c d": '{text} : ("a" OR "b" NOT "c" AND "d")',
    "(a OR b) c": '{text} : (("a" OR "b") AND "c")',
    "don't AND co-op": '{text} : ("don\'t" AND "co-op")',
    "speaker:Ada": '{speaker} : ("Ada")',
    'x speaker:"Ada L" speaker:Bob': '{text} : ("x") AND {speaker} : ("Ada L" OR "Bob")',
    "x date:2024-05-17": '{text} : ("x") AND {day} : ("20240517")',
    "x DATE:2024": '{text} : ("x") AND {day} : ("2024")',
    "and or near": '{text} : ("and" AND "or" AND "near")',
    "a " * 200: f"{{text}} : ({' AND '.join(200 * [_A])})",
    "(" * 50 + "a" + ")" * 50: f"{{text}} : ({'(' * 50}{_A}{')' * 50})",
    "北京*": '{text} : ("\x1f北\x1f京\x1f" *)',
}


@pytest.mark.parametrize("query", EXPRESSIONS)
def test_a_query_becomes_an_expression_that_sqlite_takes(query: str) -> None:
    expression = match_expression(query)

    assert expression == EXPRESSIONS[query]
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5 (text, speaker, day)")
        found = connection.execute("SELECT * FROM words WHERE words MATCH ?", [expression])
        assert found.fetchall() == []
    connection.close()


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ('"next year', "a quotation mark has no other"),
        ("(a b", "a bracket is not closed"),
        ("(" * 51 + "a" + ")" * 51, "more than 50 brackets"),
        ("caf\udce9", "it is not UTF-8"),
        ("a b)", "a bracket is closed that none has opened"),
        ("a OR", "a word is missing at its end"),
        ("AND a", "a word is missing before AND"),
        ("NEAR(a)", "wants two words"),
        ("NEAR(a b", "NEAR( has no end"),
        ("!!!", "has no letter or digit"),
        ("", "it has no word to search for"),
        ("date:2024", "it has no word to search for"),
        ("speaker: x", "speaker: has no value"),
        ("tax -levy", "write NOT levy"),
        ("a " * 201, "more than 200 words"),
    ],
)
def test_what_cannot_be_understood_is_answered_with_an_example(query: str, problem: str) -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        match_expression(query)

    assert problem in raised.value.message
    assert "dalston search '" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ("2024", ["2024"]),
        ("2024-02", ["202402"]),
        ("2024-02-28..2024-03", ["20240228", "20240229", "202403"]),
        ("2023-11..2025-01-02", ["202311", "202312", "2024", "20250101", "20250102"]),
        ("2198-12..", ["219812", "2199"]),
        ("..1900-01-02", ["19000101", "19000102"]),
    ],
)
def test_a_span_is_few_words(span: str, words: list[str]) -> None:
    assert [*words_of_span(span)] == words


@pytest.mark.parametrize("span", ["..", "soon", "2024-13", "2024-02-30", "2025..2024", "0001"])
def test_what_is_no_date_is_refused(span: str) -> None:
    with pytest.raises(DateFilterError, match="is no date"):
        match_expression(f"x date:{span}")


@pytest.mark.parametrize(
    ("name", "columns", "at", "expected"),
    [
        ("a.wav", {}, "2024-05-17T09:30:00Z", (date(2024, 5, 17), "recording")),
        ("2023-01-02 a.wav", {}, "2024-05-17", (date(2023, 1, 2), "name")),
        ("a.wav", {"Date": "2022-02-03"}, "2024-05-17", (date(2022, 2, 3), "column")),
        ("a.wav", {}, None, (date(1970, 1, 1), "file")),
        ("a.wav", {}, "soon", (date(1970, 1, 1), "file")),
    ],
)
def test_the_day_of_a_recording(
    name: str, columns: dict[str, str | int | float | bool], at: str | None, expected: object
) -> None:
    found = None if at is None else RecordingDate(at=at, source="container")
    info = msgspec.structs.replace(recording(), name=name, columns=columns, recorded=found)

    assert day_of(info, 0.0) == expected
