"""Has a model write an overview of a transcript: title, summary, chapters, action items.

A recording of up to about an hour goes into one prompt. A longer one is split into parts with a
prompt each, and their overviews go into one more prompt.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from budget import MaxTokens
from checking import AnswerError
from chunks import Chunk, estimate_tokens, split_segments
from cleanup import no_usable_answer
from completion import THINKING_TOKENS, Completion, Prompt
from overview_checking import AllowedIds, CheckedOverview, check_overview
from overview_prompt import notes_prompt, overview_schema, overview_system, segments_prompt
from session import ModelSession

from dalston_sdk.wire import ActionItem, Chapter, Notice, RefineOptions, RefineRequest, Segment

MISSING = {
    "title": "there is no title",
    "summary": "there is no summary",
    "chapters": "there are no chapters",
    "action_items": "there are no action items",
}
"""The items of an overview, and the beginning of the notice where one is missing."""

PART_TOKENS = 18_000
"""Tokens of text in one prompt by ``estimate_tokens``: about an hour of speech."""

PART_SEGMENTS = 1000

_MIN_ANSWER_TOKENS = 1024
_MAX_ANSWER_TOKENS = 8192
_NOT_WRITTEN = "not_written"


@dataclass(frozen=True, kw_only=True)
class Overview:
    """A finished overview.

    Attributes:
        title, summary, chapters, action_items: Its items; None or empty if not wanted or missing.
        notices: One for each item that is missing, and for each part that is not covered.
    """

    title: str | None = None
    summary: str | None = None
    chapters: tuple[Chapter, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    notices: tuple[Notice, ...] = ()


def requested_items(options: RefineOptions) -> tuple[str, ...]:
    """Return the names of the items that the options ask for."""
    return tuple(name for name in MISSING if getattr(options, name))


async def write_overview(request: RefineRequest, session: ModelSession) -> Overview:
    """Write the items that the options ask for; an empty overview where there is no text.

    Raises:
        EngineError: As ``ModelSession.complete``; ``internal`` where no answer can be used.
        CancelledError: The request was cancelled.
    """
    return await _OverviewWriter(request, session).run()


class _OverviewWriter:
    def __init__(self, request: RefineRequest, session: ModelSession) -> None:
        self._session = session
        self._options = request.options
        self._language = request.language
        self._wanted = requested_items(request.options)
        self._parts = split_segments(
            request.segments, max_tokens=PART_TOKENS, max_segments=PART_SEGMENTS
        )
        self._segments = [segment for part in self._parts for segment in part.segments]
        self._notices: list[Notice] = []

    async def run(self) -> Overview:
        if not self._parts:
            return Overview()
        many = len(self._parts) > 1
        wanted = self._wanted_of_parts() if many else self._wanted
        prompts = [self._part_prompt(part, wanted) for part in self._parts]
        bounds = [prompt.upper_bound for prompt in prompts]
        if many:
            bounds.append(self._notes_bound(prompts))
        self._session.check_budget(bounds)
        parts = self._check_parts(await self._session.complete(prompts), wanted)
        checked = await self._join(parts) if many else parts[0]
        for name, reason in checked.dropped.items():
            self._notices.append(Notice(code=_NOT_WRITTEN, message=f"{MISSING[name]}: {reason}"))
        return Overview(
            title=checked.title,
            summary=checked.summary,
            chapters=tuple(self._chapters(checked)),
            action_items=tuple(self._action_items(checked)),
            notices=tuple(self._notices),
        )

    def _wanted_of_parts(self) -> tuple[str, ...]:
        """Return the items wanted of parts: summaries instead of a title."""
        lists = tuple(name for name in self._wanted if name in ("chapters", "action_items"))
        return self._wanted if lists == self._wanted else ("summary", *lists)

    def _part_prompt(self, part: Chunk, wanted: Sequence[str]) -> Prompt:
        text = segments_prompt(part.segments)
        return Prompt(
            system=overview_system(self._options, self._language, wanted),
            text=text,
            schema=overview_schema(wanted),
            max_tokens=_max_tokens(text),
            duration_s=part.duration_s,
        )

    def _notes_prompt(self, text: str) -> Prompt:
        return Prompt(
            system=overview_system(self._options, self._language, self._wanted, of_notes=True),
            text=text,
            schema=overview_schema(self._wanted),
            max_tokens=_max_tokens(text),
        )

    def _notes_bound(self, prompts: Sequence[Prompt]) -> MaxTokens:
        """Return the bound of the last prompt, which holds the answers to the others."""
        empty = self._notes_prompt("").upper_bound
        answers = sum(prompt.max_tokens for prompt in prompts)
        return MaxTokens(
            num_bytes=empty.num_bytes + answers, max_tokens=THINKING_TOKENS + _MAX_ANSWER_TOKENS
        )

    def _check_parts(
        self, completions: Sequence[Completion], wanted: Sequence[str]
    ) -> list[CheckedOverview]:
        """Return the overviews of the parts whose answers can be used."""
        found = []
        reasons = []
        for part, completion in zip(self._parts, completions, strict=True):
            ids = [segment.id for segment in part.segments]
            try:
                allowed = AllowedIds(chapters=ids, action_items=ids)
                found.append(check_overview(completion.require_text(), wanted, allowed))
            except AnswerError as error:
                reasons.append(str(error))
                self._notices.append(_not_covered(part, str(error)))
        if not found:
            raise no_usable_answer(self._session.model, reasons[0])
        return found

    async def _join(self, parts: Sequence[CheckedOverview]) -> CheckedOverview:
        """Have one overview written from those of the parts."""
        [completion] = await self._session.complete([self._notes_prompt(notes_prompt(parts))])
        allowed = AllowedIds(
            chapters=[chapter.segment for part in parts for chapter in part.chapters],
            action_items={item.segment for part in parts for item in part.action_items},
        )
        try:
            return check_overview(completion.require_text(), self._wanted, allowed)
        except AnswerError as error:
            raise no_usable_answer(self._session.model, str(error)) from error

    def _chapters(self, checked: CheckedOverview) -> Iterator[Chapter]:
        """Give each chapter the times of its segments; it lasts until the next one."""
        if not checked.chapters:
            return
        by_id = {segment.id: segment for segment in self._segments}
        starts = [by_id[chapter.segment].start for chapter in checked.chapters]
        ends = [*starts[1:], max(segment.end for segment in self._segments)]
        for chapter, start, end in zip(checked.chapters, starts, ends, strict=True):
            if start < end:  # overlapping segments may start together
                yield Chapter(
                    start=start, end=end, title=chapter.title, summary=chapter.summary or None
                )

    def _action_items(self, checked: CheckedOverview) -> Iterator[ActionItem]:
        by_id = {segment.id: segment for segment in self._segments}
        for item in checked.action_items:
            place: Segment = by_id[item.segment]
            yield ActionItem(
                start=place.start, end=place.end, text=item.text, owner=item.owner or None
            )


def _max_tokens(text: str) -> int:
    return THINKING_TOKENS + min(_MAX_ANSWER_TOKENS, _MIN_ANSWER_TOKENS + estimate_tokens(text))


def _not_covered(part: Chunk, reason: str) -> Notice:
    first, last = part.segments[0], part.segments[-1]
    return Notice(
        code=_NOT_WRITTEN,
        message=f"nothing was noted about segments {first.id} to {last.id}: {reason}",
        start=first.start,
        end=last.end,
    )
