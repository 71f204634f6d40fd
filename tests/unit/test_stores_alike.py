"""Whatever is done to a store at an address has the outcome that it has in a folder."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dalston_cli.pipeline.records.keys import make_key
from dalston_cli.pipeline.records.opening import tell_nothing
from dalston_cli.pipeline.records.remote_store import RemoteStore
from dalston_cli.pipeline.records.store import FileStore, KeptResults
from dalston_cli.pipeline.remote import stores
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.stores import store_of
from dalston_sdk.wire import SpeakerTurn

FOLDER = Address("memory://alike")
KEYS = [make_key("test", number=number) for number in range(3)]

keys = st.sampled_from(KEYS)
numbers = st.integers(min_value=0, max_value=50)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), keys, numbers),
        st.tuples(st.just("get"), keys, st.just(0)),
        st.tuples(st.just("remove"), keys, st.just(0)),
        st.tuples(st.just("cut"), keys, numbers),
        st.tuples(st.just("flip"), keys, numbers),
    ),
    max_size=12,
)


def damaged(data: bytes, how: str, number: int) -> bytes:
    """A part of a file, or all of it with another byte."""
    place = number % len(data) if data else 0
    if how == "cut":
        return data[:place]
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :] if data else data


class Pair:
    """A store in a folder and one in memory, of which the same is asked."""

    def __init__(self, folder: Path) -> None:
        self._file = FileStore(folder / "store")
        self._cache = folder / "cache"
        self._num_readers = 0

    def stores(self) -> tuple[KeptResults, KeptResults]:
        """Both, the remote one from a machine that has read nothing yet."""
        self._num_readers += 1
        cache = self._cache / str(self._num_readers)
        return self._file, RemoteStore(FOLDER, cache, tell_nothing)

    def damage(self, key: str, how: str, number: int) -> None:
        path, place = self._file.path(key), f"/alike/{key[:2]}/{key}.json"
        if path.exists():  # what was damaged before is gone there
            data = damaged(path.read_bytes(), how, number)
            path.write_bytes(data)
            store_of(FOLDER).system.pipe_file(place, data)

    def do(self, how: str, key: str, number: int) -> list[object]:
        if how in {"cut", "flip"}:
            self.damage(key, how, number)
        found: list[object] = []
        for store in self.stores():
            if how == "put":
                turn = SpeakerTurn(start=0.0, end=float(number), speaker="A")
                store.put(key, turn, of=(f"sha256:{number}",))
            elif how == "remove":
                store.remove(key)
            found.append([store.get(each, SpeakerTurn) for each in KEYS])
        return found


@settings(max_examples=60, deadline=None)
@given(steps)
def test_both_stores_answer_alike(given_steps: list[tuple[str, str, int]]) -> None:
    stores.forget_all()
    system = store_of(FOLDER).system
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(Path(folder))
        try:
            for step in given_steps:
                here, there = pair.do(*step)
                assert here == there
            if not any(how in {"cut", "flip"} for how, _, _ in given_steps):
                sizes = [sorted((e.key, e.size_bytes) for e in s.sizes()) for s in pair.stores()]
                assert sizes[0] == sizes[1]
                abouts = [sorted((f.key, f.of, f.value) for f in s.files()) for s in pair.stores()]
                assert abouts[0] == abouts[1]
        finally:
            if system.exists("/alike"):
                system.rm("/alike", recursive=True)
            stores.forget_all()
