"""Lengths that are estimated, and the room for decoded audio that they are taken for."""

import asyncio
from pathlib import Path

import pytest

from dalston_cli.audio.clip import parse_clip
from dalston_cli.pipeline.endpoints import LocalFile
from dalston_cli.pipeline.request import Overrides, RecordingRequest
from dalston_cli.pipeline.running.decoded_room import BYTES_PER_S, DecodedRoom
from dalston_cli.pipeline.running.lengths import Lengths


def recording(name: str, size: int | None, **overrides: object) -> RecordingRequest:
    return RecordingRequest(
        source=LocalFile(Path(name)),
        name=name,
        relative=Path(name),
        size=size,
        overrides=Overrides(**overrides),  # type: ignore[arg-type] # any of its fields
    )


@pytest.mark.parametrize(
    ("name", "size", "length_s"),
    [
        pytest.param("a.WAV", 88_200 * 60, 60, id="measured-nowhere"),
        pytest.param("a.mp3", 16_000 * 60, 60, id="compressed"),
        pytest.param("a.xyz", 16_000 * 60, 60, id="unknown-kind"),
        pytest.param("a.mp4", 250_000 * 60, 60, id="video"),
        pytest.param("a.ogg", 1_000, 500, id="as-earlier-ones"),
        pytest.param("a.wav", None, 0, id="no-size"),
    ],
)
def test_lengths(name: str, size: int | None, length_s: float) -> None:
    asked: list[str] = []

    def rate_of(suffix: str) -> float | None:
        asked.append(suffix)
        return 0.5 if suffix == ".ogg" else None

    lengths = Lengths(rate_of, None)
    assert [round(lengths.of(recording(name, size))) for _ in range(2)] == [length_s] * 2
    assert len(asked) == 1


def test_only_the_part_that_is_wanted_counts() -> None:
    minute = 16_000 * 60
    lengths = Lengths(lambda _: None, parse_clip("10-20"))
    assert lengths.of(recording("a.mp3", minute)) == pytest.approx(10)
    assert lengths.of(recording("a.mp3", minute, clip=parse_clip("50-"))) == pytest.approx(10)
    assert lengths.of(recording("a.mp3", minute, clip=parse_clip("30-"))) == pytest.approx(30)


class Works:
    """Recordings that ask for room, and hold it until they are told to go."""

    def __init__(self, limit_s: float | None) -> None:
        self.room = DecodedRoom(None if limit_s is None else round(limit_s * BYTES_PER_S))
        self.inside: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._go: dict[str, asyncio.Event] = {}

    async def begin(self, name: str, seconds: float) -> None:
        self._go[name] = asyncio.Event()

        async def work() -> None:
            async with self.room.held(seconds):
                self.inside.append(name)
                try:
                    await self._go[name].wait()
                finally:
                    self.inside.remove(name)

        self.tasks[name] = asyncio.create_task(work())
        await settled()

    async def end(self, name: str) -> None:
        self._go[name].set()
        await settled()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_recordings_wait_for_room_in_their_order() -> None:
    async def scene() -> None:
        works = Works(100)
        await works.begin("a", 50)
        await works.begin("b", 40)
        assert works.inside == ["a", "b"]
        await works.begin("long", 90)
        await works.begin("shorter", 11)
        assert works.inside == ["a", "b"], "a shorter one passes a long one by"
        await works.end("b")
        assert works.inside == ["a"]
        await works.end("a")
        assert works.inside == ["long"]
        await works.end("long")
        assert works.inside == ["shorter"]
        await works.end("shorter")
        await asyncio.gather(*works.tasks.values())

    asyncio.run(scene())


def test_short_ones_have_a_part_of_the_room_for_themselves() -> None:
    async def scene() -> None:
        works = Works(100)
        for name, seconds in (("huge", 1_000), ("long", 50), ("a", 6), ("b", 4), ("c", 1)):
            await works.begin(name, seconds)
        assert works.inside == ["huge", "a", "b"], "no more than a tenth of the room"
        await works.end("b")
        await works.begin("d", 4)
        assert works.inside == ["huge", "a", "d"]
        await works.end("huge")
        assert works.inside == ["a", "d", "long", "c"], "in their order, and the long one first"
        for name in ("a", "d", "long", "c"):
            await works.end(name)

    asyncio.run(scene())


def test_one_is_always_let_in_and_one_that_gives_up_leaves_no_trace() -> None:
    async def scene() -> None:
        works = Works(10)
        await works.begin("huge", 1_000)
        assert works.inside == ["huge"]
        await works.begin("waits", 2)
        works.tasks["waits"].cancel()
        await settled()
        await works.begin("next", 2)
        assert works.inside == ["huge"]
        await works.end("huge")
        assert works.inside == ["next"]
        await works.end("next")
        await works.begin("huge again", 1_000)
        assert works.inside == ["huge again"]
        works.tasks["huge again"].cancel()
        await settled()
        await works.begin("last", 9)
        assert works.inside == ["last"]
        await works.end("last")

    asyncio.run(scene())


def test_without_a_limit_all_are_let_in() -> None:
    async def scene() -> None:
        works = Works(None)
        for number in range(5):
            await works.begin(str(number), 1e9)
        assert len(works.inside) == 5
        for number in range(5):
            await works.end(str(number))

    asyncio.run(scene())
