"""Has a model write an overview of a transcript: title, summary, chapters, action items.

A recording of up to about an hour goes into one prompt. A longer one is split into parts with a
prompt each, and their overviews go into one more prompt.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dalston_sdk.language_model.budget import MaxTokens
from dalston_sdk.language_model.checking import AnswerError
from dalston_sdk.language_model.cleanup import no_usable_answer
from dalston_sdk.language_model.completion import Completion, Prompt
from dalston_sdk.language_model.overview_checking import AllowedIds, CheckedOverview, check_overview
from dalston_sdk.language_model.overview_prompt import (
    notes_prompt,
    overview_schema,
    overview_system,
    segments_prompt,
)
from dalston_sdk.language_model.session import ModelSession
from dalston_sdk.language_model.text_chunks import Chunk, estimate_tokens, split_segments
from dalston_sdk.wire import ActionItem, Chapter, Notice, RefineOptions, RefineRequest, Segment

MISSING = {
    "title": "there is no title",
    "summary": "there is no summary",
    "chapters": "there are no chapters",
    "action_items": "there are no action items",
}
"""The items of an overview, and the beginning of the notice where one is missing."""

_MIN_ANSWER_TOKENS = 1024
_MAX_ANSWER_TOKENS = 8192
_FEWEST_JOINED = 2
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
            request.segments,
            max_tokens=session.profile.part_tokens,
            max_segments=session.profile.part_segments,
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
        answered = await self._session.complete_chunks(
            self._parts, lambda part: self._part_prompt(part, wanted)
        )
        parts = self._check_parts(answered, wanted)
        checked = await self._join(parts, self._wanted) if len(answered) > 1 else parts[0]
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
            max_tokens=self._max_tokens(text),
            duration_s=part.duration_s,
        )

    def _notes_prompt(self, text: str, wanted: Sequence[str]) -> Prompt:
        return Prompt(
            system=overview_system(self._options, self._language, wanted, of_notes=True),
            text=text,
            schema=overview_schema(wanted),
            max_tokens=self._max_tokens(text),
        )

    def _notes_bound(self, prompts: Sequence[Prompt]) -> MaxTokens:
        """Return the bound of the last prompt, which holds the answers to the others."""
        empty = self._notes_prompt("", self._wanted).upper_bound
        answers = sum(prompt.max_tokens for prompt in prompts)
        max_tokens = self._session.profile.thinking_tokens + _MAX_ANSWER_TOKENS
        return MaxTokens(num_bytes=empty.num_bytes + answers, max_tokens=max_tokens)

    def _max_tokens(self, text: str) -> int:
        answer = min(_MAX_ANSWER_TOKENS, _MIN_ANSWER_TOKENS + estimate_tokens(text))
        return self._session.profile.thinking_tokens + answer

    def _check_parts(
        self, answered: Sequence[tuple[Chunk, Completion]], wanted: Sequence[str]
    ) -> list[CheckedOverview]:
        """Return the overviews of the parts whose answers can be used."""
        found = []
        reasons = []
        for part, completion in answered:
            allowed = AllowedIds(chapters=part.ids, action_items=part.ids)
            try:
                found.append(check_overview(completion.require_text(), wanted, allowed))
            except AnswerError as error:
                reasons.append(str(error))
                self._notices.append(_not_covered(part, str(error)))
        if not found:
            raise no_usable_answer(self._session.profile.name, reasons[0])
        return found

    async def _join(
        self, parts: Sequence[CheckedOverview], wanted: Sequence[str]
    ) -> CheckedOverview:
        """Have one overview written from those of the parts; too many are joined in two steps."""
        prompt = self._notes_prompt(notes_prompt(parts), wanted)
        [completion] = await self._session.complete([prompt])
        if completion.is_too_long and len(parts) > _FEWEST_JOINED:
            middle = len(parts) // 2
            between = self._wanted_of_parts()
            halves = [
                await self._join(half, between) if len(half) > 1 else half[0]
                for half in (parts[:middle], parts[middle:])
            ]
            return await self._join(halves, wanted)
        allowed = AllowedIds(
            chapters=[chapter.segment for part in parts for chapter in part.chapters],
            action_items={item.segment for part in parts for item in part.action_items},
        )
        try:
            return check_overview(completion.require_text(), wanted, allowed)
        except AnswerError as error:
            raise no_usable_answer(self._session.profile.name, str(error)) from error

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


def _not_covered(part: Chunk, reason: str) -> Notice:
    first, last = part.segments[0], part.segments[-1]
    return Notice(
        code=_NOT_WRITTEN,
        message=f"nothing was noted about segments {first.id} to {last.id}: {reason}",
        start=first.start,
        end=last.end,
    )
