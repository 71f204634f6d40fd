"""Making the next of several things in another thread, while this one is used."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

_AT_ONCE = 2
"""Of few things none is made ahead: a thread takes longer to start than most recordings last."""


def ahead(things: Iterator[T]) -> Generator[T, None, None]:
    """Yield what an iterator yields, and have it make the next one meanwhile.

    It is asked by one thread at a time, and by none when this generator is closed.
    """
    count = 0
    for thing in islice(things, _AT_ONCE):
        yield thing
        count += 1
    if count < _AT_ONCE:
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="decode-ahead") as thread:
        coming = thread.submit(lambda: [*islice(things, 1)])
        while found := coming.result():
            coming = thread.submit(lambda: [*islice(things, 1)])
            yield from found
