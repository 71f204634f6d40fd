"""The next thing is made in another thread, by one thread at a time, and by none at the end."""

import threading
from collections.abc import Iterator
from itertools import islice

import pytest

from dalston_cli.audio.ahead import ahead


class Makes:
    """Things that say which thread made them."""

    def __init__(self, count: int, *, fails_at: int | None = None) -> None:
        self.made: list[int] = []
        self.threads: list[str] = []
        self.closed = False
        self._count, self._fails_at = count, fails_at

    def things(self) -> Iterator[int]:
        try:
            for number in range(self._count):
                if number == self._fails_at:
                    raise ValueError(number)
                self.threads.append(threading.current_thread().name)
                self.made.append(number)
                yield number
        finally:
            self.closed = True


@pytest.mark.parametrize("count", [0, 1, 2, 3, 50])
def test_all_things_come_in_order(count: int) -> None:
    makes = Makes(count)
    assert list(ahead(makes.things())) == list(range(count))
    assert makes.closed


def test_few_things_need_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(threading.Thread, "start")
    assert list(ahead(Makes(1).things())) == [0]


def test_the_next_is_made_while_one_is_used() -> None:
    makes = Makes(20)
    for number in ahead(makes.things()):
        if number >= 2:
            assert max(makes.made) <= number + 1
    assert len(set(makes.threads)) == 2


def test_an_error_comes_where_the_thing_would_have_come() -> None:
    things = ahead(Makes(20, fails_at=7).things())
    assert list(islice(things, 7)) == list(range(7))
    with pytest.raises(ValueError, match="7"):
        next(things)


def test_nothing_is_made_once_the_user_has_enough() -> None:
    makes = Makes(1000)
    things = ahead(makes.things())
    for _ in range(5):
        next(things)
    things.close()
    made = len(makes.made)
    assert made <= 6
    assert not [one for one in threading.enumerate() if one.name.startswith("decode-ahead")]
    assert len(makes.made) == made
