"""Checks an overview that a model wrote; items that break a rule are dropped."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct

from dalston_sdk.language_model.checking import AnswerError, strip_fences
from dalston_sdk.translating import has_invisible

LIMITS: Mapping[str, int] = {
    "title": 160,
    "summary": 3000,
    "chapter": 160,
    "chapter's summary": 800,
    "action item": 500,
    "owner": 120,
}
"""Longest texts, in characters."""

MAX_CHAPTERS = 30
MAX_ACTION_ITEMS = 60


class AnsweredChapter(Struct, frozen=True):
    """A chapter, by the id of the segment at which it begins; the summary may be empty."""

    segment: int
    title: str
    summary: str = ""


class AnsweredItem(Struct, frozen=True):
    """An action item, by the id of the segment in which it is said; the owner may be empty."""

    segment: int
    text: str
    owner: str = ""


class _Answer(Struct, frozen=True):
    title: str | None = None
    summary: str | None = None
    chapters: tuple[AnsweredChapter, ...] | None = None
    action_items: tuple[AnsweredItem, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class CheckedOverview:
    """The items of an answer that may be kept.

    Attributes:
        title, summary, chapters, action_items: The items; None or empty where they are missing.
        dropped: Reasons by name, for wanted items that are missing.
    """

    title: str | None = None
    summary: str | None = None
    chapters: tuple[AnsweredChapter, ...] = ()
    action_items: tuple[AnsweredItem, ...] = ()
    dropped: Mapping[str, str] = field(default_factory=dict)

    def to_builtins(self) -> dict[str, Any]:
        """Return the items that are not empty, for JSON."""
        return {
            name: msgspec.to_builtins(value)
            for name in ("title", "summary", "chapters", "action_items")
            if (value := getattr(self, name))
        }


@dataclass(frozen=True, kw_only=True)
class AllowedIds:
    """The segment ids that an answer may name.

    Attributes:
        chapters: For the beginnings of chapters, in time order.
        action_items: For action items.
    """

    chapters: Sequence[int]
    action_items: Collection[int]


def check_overview(answer: str, wanted: Sequence[str], allowed: AllowedIds) -> CheckedOverview:
    """Parse an answer and keep the wanted items that pass the checks.

    Raises:
        AnswerError: It does not have the requested JSON form, or no item may be kept.
    """
    try:
        found = msgspec.json.decode(strip_fences(answer), type=_Answer)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise AnswerError("the answer is not JSON of the form asked for") from error
    checked = {name: _checked(name, getattr(found, name), allowed) for name in wanted}
    dropped = {name: str(each) for name, each in checked.items() if isinstance(each, AnswerError)}
    if len(dropped) == len(checked):
        raise AnswerError("; ".join(dict.fromkeys(dropped.values())))
    kept = {name: each for name, each in checked.items() if name not in dropped}
    return CheckedOverview(**kept, dropped=dropped)


def _checked(name: str, value: Any, allowed: AllowedIds) -> Any:  # noqa: ANN401 - one of the answer's
    """Return the checked item, or the error that says why it is dropped."""
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


def _chapters(
    found: Sequence[AnsweredChapter], known: Sequence[int]
) -> tuple[AnsweredChapter, ...]:
    _check_number(found, MAX_CHAPTERS)
    place = {number: index for index, number in enumerate(known)}
    _check_ids([chapter.segment for chapter in found], place)
    places = [place[chapter.segment] for chapter in found]
    if places != sorted(set(places)):
        raise AnswerError("the chapters in the answer are not in order")
    return tuple(
        AnsweredChapter(
            segment=each.segment,
            title=_text(each.title, "chapter"),
            summary=_text(each.summary, "chapter's summary", may_be_empty=True),
        )
        for each in found
    )


def _action_items(
    found: Sequence[AnsweredItem], known: Collection[int]
) -> tuple[AnsweredItem, ...]:
    _check_number(found, MAX_ACTION_ITEMS)
    _check_ids([item.segment for item in found], known)
    return tuple(
        AnsweredItem(
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
    """Return the text in one line, or raise AnswerError."""
    text = " ".join(answered.split())
    if not text and not may_be_empty:
        raise AnswerError(f"the {what} in the answer is empty")
    if has_invisible(text):
        raise AnswerError(f"the {what} in the answer has characters that cannot be seen")
    if len(text) > LIMITS[what]:
        raise AnswerError(f"the {what} in the answer is longer than {LIMITS[what]} characters")
    return text
