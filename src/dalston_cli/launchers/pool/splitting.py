"""A slot that has a long recording transcribed by several replicas, where some have nothing to do.

The engine finds the speech of the whole recording once and packs the model's windows. Replicas then
decode parts of them, each as soon as it is free, and the engine makes one result of theirs: the one
that it would have made alone. A part of a replica that dies is done by another one.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Hashable, Sequence
from contextlib import aclosing
from pathlib import Path

from msgspec import structs

from dalston_cli.errors import DalstonError
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.parts import LONG_S, Part, length_s, plan_parts, write_part
from dalston_cli.launchers.pool.replicas import ReplicaSet
from dalston_cli.launchers.pool.slot import EngineSlot
from dalston_cli.threads import to_its_end
from dalston_sdk.wire import (
    FindSpeech,
    Finished,
    FoundSection,
    JoinParts,
    Partial,
    Progress,
    Request,
    Segment,
    StreamMessage,
    TranscribeRequest,
    TranscribeResult,
)

_RATE = 16_000


class SplittingSlot(EngineSlot):
    """A slot of one replica, which lends itself others that are idle."""

    async def run(
        self, request: Request, audio: Path | None
    ) -> AsyncGenerator[StreamMessage, None]:
        """Have one request worked on; see ``EngineSlot.run``."""
        stream = super().run(request, audio)
        work = request if isinstance(request, TranscribeRequest) else None
        if work is not None and audio is not None and await self._may_split(work, audio):
            stream = self._split(work, audio)
        async with aclosing(stream) as messages:
            async for message in messages:
                yield message

    async def _may_split(self, request: TranscribeRequest, audio: Path) -> bool:
        """Return True for a long recording beside whose replica others are idle."""
        replicas = self._replicas
        if request.part is not None or _kind(request) in replicas.kept_whole:
            return False
        if not replicas.has_idle or not all(each.health.splits for each in replicas.replicas):
            return False
        return await asyncio.to_thread(length_s, audio) >= LONG_S

    async def _split(
        self, request: TranscribeRequest, audio: Path
    ) -> AsyncGenerator[StreamMessage, None]:
        began = time.monotonic()
        found: Finished | None = None
        finding = structs.replace(request, part=FindSpeech())
        async with aclosing(super().run(finding, audio)) as stream:
            async for message in stream:
                if isinstance(message, Finished):
                    found = message
                else:
                    yield message
        sections = _result(found).sections
        if not sections:
            self._keep_whole(request, _result(found))
            async with aclosing(super().run(request, audio)) as stream:
                async for message in stream:
                    yield message
            return
        work = _Parts(self, self._replicas, self._limits, request, audio, sections)
        async with aclosing(work.messages()) as messages:
            async for message in messages:
                yield message
        joining = structs.replace(request, part=JoinParts(sections=sections, results=work.results))
        async with aclosing(super().run(joining, audio)) as stream:
            async for message in stream:
                if isinstance(message, Finished):
                    load_s = 0.0 if found is None else found.load_s
                    elapsed_s = time.monotonic() - began - load_s
                    yield structs.replace(message, elapsed_s=elapsed_s, load_s=load_s)
                elif not isinstance(message, Progress):
                    yield message

    def _keep_whole(self, request: TranscribeRequest, result: TranscribeResult) -> None:
        """Ask no more whether requests of this kind can be split, and tell once why not."""
        if not self._replicas.kept_whole:
            for notice in result.warnings:
                if notice.code == "not_split":
                    self._provisioner.report_trouble(notice.code, notice.message)
        self._replicas.kept_whole.add(_kind(request))


class _Parts:
    """The parts of one recording: those to do, and the results of those that are done.

    Args:
        slot: The recording's own, which does what no other replica does.
        replicas: All of them.
        limits: Of the slot; a replica that helps tries once.
        request: For the whole recording.
        audio: The whole recording.
        sections: As they were found.
    """

    def __init__(
        self,
        slot: EngineSlot,
        replicas: ReplicaSet,
        limits: PoolLimits,
        request: TranscribeRequest,
        audio: Path,
        sections: Sequence[FoundSection],
    ) -> None:
        self._slot = slot
        self._replicas = replicas
        self._once = structs.replace(limits, restarts=0, reacquires=0, recreations=0)
        self._request = request
        self._audio = audio
        self._sections = sections
        self._parts = plan_parts(sections, len(replicas.replicas))
        self._to_do = deque(range(len(self._parts)))
        self._done: dict[int, TranscribeResult] = {}
        self._helpers: set[asyncio.Task[None]] = set()
        self._told: asyncio.Queue[StreamMessage | None] = asyncio.Queue()
        self._report = _Report(self._parts, sections, self._told)

    @property
    def results(self) -> tuple[tuple[TranscribeResult, ...], ...]:
        """The results of the parts of each section."""
        return tuple(
            tuple(self._done[at] for at, part in enumerate(self._parts) if part.section == number)
            for number in range(len(self._sections))
        )

    async def messages(self) -> AsyncGenerator[StreamMessage, None]:
        """Do all parts, and yield what is to be told of them."""
        own = asyncio.create_task(self._work())
        own.add_done_callback(lambda _: self._told.put_nowait(None))
        try:
            self._ask_for_help()
            while (message := await self._told.get()) is not None:
                yield message
            await own
        finally:
            tasks = (own, *self._helpers)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self) -> None:
        """Do parts until none is left, also those that others began and did not end."""
        while self._to_do or self._helpers:
            if self._to_do:
                await self._do(self._slot, self._to_do.popleft())
                self._ask_for_help()
            else:
                await asyncio.wait(self._helpers, return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in self._helpers if task.done()]:
                self._helpers.remove(task)
                task.result()

    def _ask_for_help(self) -> None:
        """Have every replica that is idle do parts, as long as there are more than one."""
        while len(self._to_do) > 1 and (reservation := self._replicas.reserve_idle()) is not None:
            self._helpers.add(self._begun(EngineSlot(self._replicas, self._once, reservation)))

    def _begun(self, slot: EngineSlot) -> asyncio.Task[None]:
        """Return the task of a replica that helps; one that is cancelled may never have begun."""
        task = asyncio.create_task(self._help(slot))
        task.add_done_callback(lambda _: slot.release())
        return task

    async def _help(self, slot: EngineSlot) -> None:
        """Do parts on another replica, until other requests wait for one."""
        while self._to_do and not self._replicas.has_waiting:
            number = self._to_do.popleft()
            try:
                await self._do(slot, number)
            except DalstonError as error:
                self._to_do.appendleft(number)
                message = f"{error.message}; another replica does its part"
                self._replicas.provisioner.report_trouble(error.code, message)
                return

    async def _do(self, slot: EngineSlot, number: int) -> None:
        part = self._parts[number]
        wav = self._audio.with_name(f"{self._audio.stem}.part-{number}.wav")
        request = structs.replace(self._request, part=part.decode)
        try:
            await to_its_end(write_part, self._audio, part, wav)
            async with aclosing(slot.run(request, wav)) as stream:
                async for message in stream:
                    if isinstance(message, Finished):
                        self._done[number] = _result(message)
                    else:
                        self._report.tell(number, message)
        finally:
            wav.unlink(missing_ok=True)
        self._report.end(number)


class _Report:
    """Makes what is told of parts into what is told of the recording; its text comes in order."""

    def __init__(
        self,
        parts: Sequence[Part],
        sections: Sequence[FoundSection],
        told: asyncio.Queue[StreamMessage | None],
    ) -> None:
        self._parts = parts
        self._sections = sections
        self._told = told
        self._done_s = [0.0] * len(parts)
        self._total_s = sum(part.duration_s for part in parts)
        self._kept: dict[int, list[Segment]] = {number: [] for number in range(len(parts))}
        self._ended: set[int] = set()

    def tell(self, number: int, message: StreamMessage) -> None:
        """Pass a message of a part on."""
        part = self._parts[number]
        match message:
            case Progress(phase="run", done_s=done_s):
                done_s = min(part.duration_s, max(0.0, done_s - part.start_s))
                self._done_s[number] = max(self._done_s[number], done_s)
                self._progress()
            case Partial(segments=segments):
                offset_s = self._sections[part.section].first / _RATE
                self._kept[number] += [_moved(segment, offset_s) for segment in segments]
                self._flush()
            case _:
                self._told.put_nowait(message)

    def end(self, number: int) -> None:
        """Note that a part is done."""
        self._done_s[number] = self._parts[number].duration_s
        self._ended.add(number)
        self._progress()
        self._flush()

    def _progress(self) -> None:
        done_s = min(self._total_s, sum(self._done_s))
        self._told.put_nowait(Progress(done_s=done_s, total_s=self._total_s))

    def _flush(self) -> None:
        """Pass on the text of the first part that is not done, and of those before it."""
        for number in range(len(self._parts)):
            if self._kept[number]:
                self._told.put_nowait(Partial(segments=tuple(self._kept[number])))
                self._kept[number] = []
            if number not in self._ended:
                return


def _moved(segment: Segment, by_s: float) -> Segment:
    words = tuple(
        structs.replace(word, start=round(word.start + by_s, 3), end=round(word.end + by_s, 3))
        for word in segment.words
    )
    start, end = round(segment.start + by_s, 3), round(segment.end + by_s, 3)
    return structs.replace(segment, start=start, end=end, words=words)


def _kind(request: TranscribeRequest) -> Hashable:
    return request.model, request.options


def _result(finished: Finished | None) -> TranscribeResult:
    if finished is None or not isinstance(finished.result, TranscribeResult):
        raise AssertionError("a transcription without a result must raise")
    return finished.result
