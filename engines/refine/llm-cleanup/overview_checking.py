"""Whether what a model wrote about a transcript may be kept; what breaks a rule is left out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from checking import AnswerError, has_unseen, unfenced
from msgspec import Struct

LIMITS: Mapping[str, int] = {
    "title": 160,
    "summary": 3000,
    "chapter": 160,
    "chapter's summary": 800,
    "action item": 500,
    "owner": 120,
}
"""Characters; more is no title, no summary, and so on."""

MOST_CHAPTERS = 30
MOST_ACTION_ITEMS = 60


class NotedChapter(Struct, frozen=True):
    """A chapter, by the id of the segment at which it begins; the summary may be empty."""

    segment: int
    title: str
    summary: str = ""


class NotedItem(Struct, frozen=True):
    """An action item, by the id of the segment in which it is said; the owner may be empty."""

    segment: int
    text: str
    owner: str = ""


class _Answer(Struct, frozen=True):
    title: str | None = None
    summary: str | None = None
    chapters: tuple[NotedChapter, ...] | None = None
    action_items: tuple[NotedItem, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Noted:
    """What of an answer may be kept.

    Attributes:
        left_out: Why something that was wanted is missing, per name.
    """

    title: str | None = None
    summary: str | None = None
    chapters: tuple[NotedChapter, ...] = ()
    action_items: tuple[NotedItem, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """What there is of it, for JSON."""
        return {
            name: msgspec.to_builtins(value)
            for name in ("title", "summary", "chapters", "action_items")
            if (value := getattr(self, name))
        }


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """Which ids an answer may name.

    Attributes:
        chapters: Where chapters may begin, in the order of time.
        action_items: Where action items may be said.
    """

    chapters: Sequence[int]
    action_items: Collection[int]


def check_overview(answer: str, wanted: Sequence[str], allowed: Allowed) -> Noted:
    """Read an answer and keep what may be kept, of what is wanted.

    Raises:
        AnswerError: It is not JSON of the form asked for, or nothing of it may be kept.
    """
    try:
        found = msgspec.json.decode(unfenced(answer), type=_Answer)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise AnswerError("the answer is not JSON of the form asked for") from error
    checked = {name: _checked(name, getattr(found, name), allowed) for name in wanted}
    left_out = {name: str(each) for name, each in checked.items() if isinstance(each, AnswerError)}
    if len(left_out) == len(checked):
        raise AnswerError("; ".join(dict.fromkeys(left_out.values())))
    kept = {name: each for name, each in checked.items() if name not in left_out}
    return Noted(**kept, left_out=left_out)


def _checked(name: str, value: Any, allowed: Allowed) -> Any:  # noqa: ANN401 - one of the answer's
    """What may be kept of it, or else why nothing may."""
    if value is None:
        return AnswerError("it is not in the answer")
    try:
        if name == "chapters":
            return _chapters(value, allowed.chapters)
        if name == "action_items":
            return _action_items(value, allowed.action_items)
        return _text(value, name)
    except AnswerError as error:
        return error


def _chapters(found: Sequence[NotedChapter], known: Sequence[int]) -> tuple[NotedChapter, ...]:
    _check_number(found, MOST_CHAPTERS)
    place = {number: index for index, number in enumerate(known)}
    _check_ids([chapter.segment for chapter in found], place)
    places = [place[chapter.segment] for chapter in found]
    if places != sorted(set(places)):
        raise AnswerError("the chapters in the answer are not in order")
    return tuple(
        NotedChapter(
            segment=each.segment,
            title=_text(each.title, "chapter"),
            summary=_text(each.summary, "chapter's summary", may_be_empty=True),
        )
        for each in found
    )


def _action_items(found: Sequence[NotedItem], known: Collection[int]) -> tuple[NotedItem, ...]:
    _check_number(found, MOST_ACTION_ITEMS)
    _check_ids([item.segment for item in found], known)
    return tuple(
        NotedItem(
            segment=each.segment,
            text=_text(each.text, "action item"),
            owner=_text(each.owner, "owner", may_be_empty=True),
        )
        for each in found
    )


def _check_number(found: Sequence[object], most: int) -> None:
    if len(found) > most:
        raise AnswerError(f"the answer has {len(found)} of them, and {most} are the most")


def _check_ids(named: Sequence[int], known: Collection[int]) -> None:
    if not set(named) <= set(known):
        raise AnswerError("the ids in the answer are not of those that were asked about")


def _text(answered: str, what: str, *, may_be_empty: bool = False) -> str:
    """One line of plain text."""
    text = " ".join(answered.split())
    if not text and not may_be_empty:
        raise AnswerError(f"the {what} in the answer is empty")
    if has_unseen(text):
        raise AnswerError(f"the {what} in the answer has characters that cannot be seen")
    if len(text) > LIMITS[what]:
        raise AnswerError(f"the {what} in the answer is longer than {LIMITS[what]} characters")
    return text
