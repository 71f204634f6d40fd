"""What a model writes about a transcript: title, summary, chapters, action items.

A recording of up to about an hour is shown whole. A longer one is read in parts, side by side, and
what was noted about each goes into one more question.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from asking import Asker
from checking import AnswerError
from chunks import Chunk, cut, estimate_tokens
from cleanup import no_usable_answer
from cost import Demand
from overview_checking import Allowed, Noted, check_overview
from overview_prompt import notes_prompt, overview_schema, overview_system, segments_prompt
from questions import THOUGHTS, Question, Reply

from dalston_sdk.wire import ActionItem, Chapter, Notice, RefineOptions, RefineRequest, Segment

NAMES = {
    "title": "there is no title",
    "summary": "there is no summary",
    "chapters": "there are no chapters",
    "action_items": "there are no action items",
}
"""What can be wanted, and how it is said that it is missing."""

PART_TOKENS = 18_000
"""Of text in one question, as ``estimate_tokens`` counts them: about an hour of speech."""

PART_SEGMENTS = 1000

_SHORTEST_ANSWER = 1024
_LONGEST_ANSWER = 8192
_NOT_WRITTEN = "not_written"


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What was written.

    Attributes:
        notices: Why something that was wanted is missing, or does not cover everything.
    """

    title: str | None = None
    summary: str | None = None
    chapters: tuple[Chapter, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    notices: tuple[Notice, ...] = ()


def wanted_of(options: RefineOptions) -> tuple[str, ...]:
    """What the options ask to be written."""
    return tuple(name for name in NAMES if getattr(options, name))


async def write_overview(request: RefineRequest, asker: Asker) -> Overview:
    """Have everything written that the options ask for; nothing where nothing was said.

    Raises:
        EngineError: As ``Asker.ask``; ``internal`` where nothing that was answered can be kept.
        CancelledError: Nobody waits for it any more.
    """
    return await _Writing(request, asker).run()


class _Writing:
    def __init__(self, request: RefineRequest, asker: Asker) -> None:
        self._asker = asker
        self._options = request.options
        self._language = request.language
        self._wanted = wanted_of(request.options)
        self._parts = cut(request.segments, max_tokens=PART_TOKENS, max_segments=PART_SEGMENTS)
        self._spoken = [segment for part in self._parts for segment in part.segments]
        self._notices: list[Notice] = []

    async def run(self) -> Overview:
        if not self._parts:
            return Overview()
        many = len(self._parts) > 1
        wanted = self._wanted_of_parts() if many else self._wanted
        questions = [self._part_question(part, wanted) for part in self._parts]
        demands = [question.demand for question in questions]
        if many:
            demands.append(self._demand_of_notes(questions))
        self._asker.require(demands)
        parts = self._noted(await self._asker.ask(questions), wanted)
        noted = await self._joined(parts) if many else parts[0]
        for name, reason in noted.left_out.items():
            self._notices.append(Notice(code=_NOT_WRITTEN, message=f"{NAMES[name]}: {reason}"))
        return Overview(
            title=noted.title,
            summary=noted.summary,
            chapters=tuple(self._chapters(noted)),
            action_items=tuple(self._action_items(noted)),
            notices=tuple(self._notices),
        )

    def _wanted_of_parts(self) -> tuple[str, ...]:
        """A title is found for the whole only, from the summaries of its parts."""
        lists = tuple(name for name in self._wanted if name in ("chapters", "action_items"))
        return self._wanted if lists == self._wanted else ("summary", *lists)

    def _part_question(self, part: Chunk, wanted: Sequence[str]) -> Question:
        text = segments_prompt(part.segments)
        return Question(
            system=overview_system(self._options, self._language, wanted),
            text=text,
            schema=overview_schema(wanted),
            max_tokens=_max_tokens(text),
            duration_s=part.duration_s,
        )

    def _notes_question(self, text: str) -> Question:
        return Question(
            system=overview_system(self._options, self._language, self._wanted, of_notes=True),
            text=text,
            schema=overview_schema(self._wanted),
            max_tokens=_max_tokens(text),
        )

    def _demand_of_notes(self, questions: Sequence[Question]) -> Demand:
        """What the last question can take: it is shown what the others have written at most."""
        empty = self._notes_question("").demand
        written = sum(question.max_tokens for question in questions)
        return Demand(num_bytes=empty.num_bytes + written, max_tokens=THOUGHTS + _LONGEST_ANSWER)

    def _noted(self, replies: Sequence[Reply], wanted: Sequence[str]) -> list[Noted]:
        """What was noted about each part that was answered well."""
        found = []
        reasons = []
        for part, reply in zip(self._parts, replies, strict=True):
            ids = [segment.id for segment in part.segments]
            try:
                allowed = Allowed(chapters=ids, action_items=ids)
                found.append(check_overview(reply.usable(), wanted, allowed))
            except AnswerError as error:
                reasons.append(str(error))
                self._notices.append(_not_read(part, str(error)))
        if not found:
            raise no_usable_answer(self._asker.model, reasons[0])
        return found

    async def _joined(self, parts: Sequence[Noted]) -> Noted:
        """One overview of the whole, from the notes about its parts."""
        [reply] = await self._asker.ask([self._notes_question(notes_prompt(parts))])
        allowed = Allowed(
            chapters=[chapter.segment for part in parts for chapter in part.chapters],
            action_items={item.segment for part in parts for item in part.action_items},
        )
        try:
            return check_overview(reply.usable(), self._wanted, allowed)
        except AnswerError as error:
            raise no_usable_answer(self._asker.model, str(error)) from error

    def _chapters(self, noted: Noted) -> Iterator[Chapter]:
        """Each lasts until the next one; its times are those of segments."""
        if not noted.chapters:
            return
        by_id = {segment.id: segment for segment in self._spoken}
        starts = [by_id[chapter.segment].start for chapter in noted.chapters]
        ends = [*starts[1:], max(segment.end for segment in self._spoken)]
        for chapter, start, end in zip(noted.chapters, starts, ends, strict=True):
            if start < end:  # people who speak at once may begin at once
                yield Chapter(
                    start=start, end=end, title=chapter.title, summary=chapter.summary or None
                )

    def _action_items(self, noted: Noted) -> Iterator[ActionItem]:
        by_id = {segment.id: segment for segment in self._spoken}
        for item in noted.action_items:
            said: Segment = by_id[item.segment]
            yield ActionItem(
                start=said.start, end=said.end, text=item.text, owner=item.owner or None
            )


def _max_tokens(text: str) -> int:
    return THOUGHTS + min(_LONGEST_ANSWER, _SHORTEST_ANSWER + estimate_tokens(text))


def _not_read(part: Chunk, reason: str) -> Notice:
    first, last = part.segments[0], part.segments[-1]
    return Notice(
        code=_NOT_WRITTEN,
        message=f"nothing was noted about segments {first.id} to {last.id}: {reason}",
        start=first.start,
        end=last.end,
    )
