"""Queries: what a person types, made into one of SQLite's full-text search.

    budget                  the word, whatever its case and accents
    budget tax              both, in one passage
    "next year"             a phrase
    tax*                    words that begin so
    NEAR(merger bank, 5)    both, with at most 5 words between them; 10 without a number
    tax OR levy, tax NOT levy, (a OR b) c
    speaker:Ada             said by a speaker whose name has this word; also speaker:"Ada Lovelace"
    date:2024-05            of a day, month, year, or span: date:2024-05..2024-07

Words are quoted before SQLite sees them, so that no sign in them is taken for its syntax.

Reference:
    https://sqlite.org/fts5.html, "Full-text Query Syntax".
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from dalston_cli.errors import UsageError
from dalston_cli.search.dates import words_of_span
from dalston_cli.search.indexed_text import indexed, normalized

_EXAMPLE = """dalston search '"next year" tax* speaker:Ada date:2024-05'"""
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<near>NEAR\s*\() | (?P<open>\() | (?P<close>\))
      | (?P<filter>(?:speaker|date):)(?P<value>"[^"]*"|[^\s()"]*)
      | "(?P<phrase>[^"]*)"(?P<phrase_star>\*)?
      | (?P<quote>")
      | (?P<word>[^\s()"]+)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_NEAR = re.compile(r"(?P<inner>[^()]*)\)")
_NEAR_PART = re.compile(r'"(?P<phrase>[^"]*)"(?P<phrase_star>\*)?|(?P<word>[^\s",]+)')
_DISTANCE = re.compile(r",\s*(\d{1,4})\s*$")
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_MOST_TOKENS = 200
_MOST_NESTED = 50
"""Brackets; SQLite's own limit is not far above."""
_USUAL_DISTANCE = 10


class QuerySyntaxError(UsageError):
    """A query cannot be understood."""

    code = "query_syntax"

    def __init__(self, query: str, problem: str) -> None:
        super().__init__(
            f"the query {query!r} cannot be understood: {problem}", hint=f"for example: {_EXAMPLE}"
        )


class _Token(NamedTuple):
    kind: str
    text: str


def match_expression(query: str) -> str:
    """Return the expression for ``MATCH`` that a query means.

    Raises:
        QuerySyntaxError: It cannot be understood; the hint has an example.
        DateFilterError: Its date is none.
    """
    try:
        query.encode()
    except UnicodeEncodeError as error:  # bytes of a terminal with another encoding
        raise QuerySyntaxError(query, "it is not UTF-8") from error
    tokens, filters = _tokens(query)
    parts = []
    if tokens:
        parser = _Parser(query, tokens)
        parts.append(f"{{text}} : ({parser.whole()})")
    for name, values in filters.items():
        if values:
            parts.append(f"{{{name}}} : ({' OR '.join(values)})")
    if not tokens and not filters["speaker"]:
        raise QuerySyntaxError(query, "it has no word to search for")
    return " AND ".join(parts)


def _tokens(query: str) -> tuple[list[_Token], dict[str, list[str]]]:
    """Split a query into what is searched for, and values of filters, ready for ``MATCH``."""
    tokens: list[_Token] = []
    filters: dict[str, list[str]] = {"speaker": [], "day": []}
    place = 0
    text = query.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None or found["quote"]:
            raise QuerySyntaxError(query, "a quotation mark has no other")
        place = found.end()
        if found["near"] and found["near"].startswith("NEAR"):
            inner = _NEAR.match(text, place)
            if inner is None:
                raise QuerySyntaxError(query, "NEAR( has no end, or brackets inside")
            place = inner.end()
            tokens.append(_Token("term", _near(query, inner["inner"])))
        elif found["near"]:
            tokens += [_Token("term", _term(query, "near")), _Token("open", "(")]
        elif found["filter"]:
            _add_filter(query, filters, found["filter"].lower(), found["value"].strip('"'))
        else:
            tokens.append(_token(query, found))
        if len(tokens) > _MOST_TOKENS:
            raise QuerySyntaxError(query, f"it has more than {_MOST_TOKENS} words")
    return tokens, filters


def _token(query: str, found: re.Match[str]) -> _Token:
    if found["open"]:
        return _Token("open", "(")
    if found["close"]:
        return _Token("close", ")")
    if found["phrase"] is not None:
        return _Token("term", _term(query, found["phrase"], star=bool(found["phrase_star"])))
    word = found["word"]
    if word in _OPERATORS:
        return _Token("operator", word)
    if word.startswith("-") and word.strip("-"):
        raise QuerySyntaxError(query, f"to leave out {word[1:]!r}, write NOT {word[1:]}")
    return _Token("term", _term(query, word.rstrip("*"), star=word.endswith("*")))


def _add_filter(query: str, filters: dict[str, list[str]], name: str, value: str) -> None:
    if not value:
        raise QuerySyntaxError(query, f"{name} has no value")
    if name == "speaker:":
        filters["speaker"].append(_term(query, value.rstrip("*"), star=value.endswith("*")))
    else:
        filters["day"] += [f'"{word}"' for word in words_of_span(value)]


def _near(query: str, inner: str) -> str:
    distance = _DISTANCE.search(inner)
    words = [
        _term(query, one["phrase"], star=bool(one["phrase_star"]))
        if one["phrase"] is not None
        else _term(query, one["word"].rstrip("*"), star=one["word"].endswith("*"))
        for one in _NEAR_PART.finditer(inner[: distance.start()] if distance else inner)
    ]
    if len(words) < 2:  # noqa: PLR2004 - one word is near to nothing
        raise QuerySyntaxError(query, "NEAR( ) wants two words, such as NEAR(merger bank, 5)")
    return f"NEAR({' '.join(words)}, {distance[1] if distance else _USUAL_DISTANCE})"


def _term(query: str, text: str, *, star: bool = False) -> str:
    """Return a phrase of SQLite's; a word that it would split is a phrase, too."""
    if not any(letter.isalnum() for letter in text):
        raise QuerySyntaxError(query, f"{text!r} has no letter or digit")
    quoted = indexed(normalized(text)).replace('"', '""')
    return f'"{quoted}" *' if star else f'"{quoted}"'


class _Parser:
    """A recursive descent: ``any`` of ``all`` of terms; NOT binds as AND does, from the left.

    No brackets are added around that: for SQLite, where NOT binds more, it means the same, and its
    parser has room for few of them.
    """

    def __init__(self, query: str, tokens: Sequence[_Token]) -> None:
        self._query = query
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def whole(self) -> str:
        """Return the expression of all tokens."""
        expression = self._any()
        if self._place < len(self._tokens):
            raise self._error("a bracket is closed that none has opened")
        return expression

    def _any(self) -> str:
        parts = [self._all()]
        while self._takes("OR"):
            parts.append(self._all())
        return " OR ".join(parts)

    def _all(self) -> str:
        expression = self._one()
        while (kind := self._kind()) in {"term", "open"} or self._next() in {"AND", "NOT"}:
            operator = "AND" if kind in {"term", "open"} else self._next()
            if kind == "operator":
                self._place += 1
            expression += f" {operator} {self._one()}"
        return expression

    def _one(self) -> str:
        kind, text = self._kind(), self._next()
        if kind == "term":
            self._place += 1
            return text
        if kind == "open":
            self._place += 1
            self._depth += 1
            if self._depth > _MOST_NESTED:
                raise self._error(f"it has more than {_MOST_NESTED} brackets in one another")
            inner = self._any()
            self._depth -= 1
            if self._kind() != "close":
                raise self._error("a bracket is not closed")
            self._place += 1
            return f"({inner})"
        where = f"before {text}" if text else "at its end"
        raise self._error(f"a word is missing {where}")

    def _takes(self, operator: str) -> bool:
        if self._kind() == "operator" and self._next() == operator:
            self._place += 1
            return True
        return False

    def _kind(self) -> str:
        return self._tokens[self._place].kind if self._place < len(self._tokens) else ""

    def _next(self) -> str:
        return self._tokens[self._place].text if self._place < len(self._tokens) else ""

    def _error(self, problem: str) -> QuerySyntaxError:
        return QuerySyntaxError(self._query, problem)
