"""The switches that say how a run goes and not what comes of it, and runs with any of them.

A new one is a line in ``SWITCHES``: whatever it is set to, the same files have to be written.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from tests.acceptance.home import Home
from tests.support.remote_stores import BUCKET

from dalston_cli.settings.choices import Order

MAY_DIFFER = ("elapsed_s", "engine_fingerprint", "launcher")
"""Of a stage in a JSON transcript: its time, and what the engine was started by and with."""

Test = Callable[..., None]


@dataclass(frozen=True)
class Choice:
    """One way to set a switch.

    Attributes:
        words: For the command line; ``{run}`` stands for the number of the run.
        shards: The number of commands that share the recordings.
        kind: What is written is only the same among choices of one kind.
    """

    words: tuple[str, ...] = ()
    shards: int = 1
    kind: str = ""


Switches = Mapping[str, Sequence[Choice]]
Combination = Mapping[str, Choice]


def _values(option: str, *values: str) -> tuple[Choice, ...]:
    return tuple(Choice((option, value)) for value in values)


DASK = Choice(("--runner", "dask"))
SWITCHES: Switches = {
    "order": _values("--order", *get_args(Order)),
    "replicas": _values("--replicas", "1", "2"),
    "in work": (Choice(), *_values("--jobs", "1", "2", "7")),  # batches, and what is decoded ahead
    "shards": (Choice(), Choice(shards=2), Choice(shards=3)),
    "runner": (Choice(), *_values("--schedule", "pipelined", "staged"), DASK),  # has no schedule
    "journal": (Choice(), Choice(("--overwrite",))),
}
STORES: Switches = {
    "store": (Choice(), Choice(("--store", f"s3://{BUCKET}/{{run}}"))),
}
"""With the variables of a store of which ``remote_stores`` has a bucket."""
BATCHES: Switches = {
    "batch size": (
        Choice(("--batch-size", "1"), kind="in order"),
        *(Choice(("--batch-size", size), kind="batched") for size in ("2", "4", "8")),
    )
}
"""Of an engine that decodes in batches: of two or more, the size is what may not matter."""


def tried(examples: int, switches: Switches) -> Callable[[Test], Test]:
    """Call a test with combinations of switches: each choice at least once, then drawn ones.

    Args:
        examples: The number of those that are drawn.
        switches: By name.
    """
    most = max(map(len, switches.values()))
    every = [
        {name: choices[number % len(choices)] for name, choices in switches.items()}
        for number in range(most)
    ]
    drawn = st.fixed_dictionaries({name: st.sampled_from(each) for name, each in switches.items()})
    bounded = settings(
        max_examples=examples,
        phases=(Phase.explicit, Phase.generate),  # to make a failing one smaller takes too long
        suppress_health_check=(HealthCheck.function_scoped_fixture, HealthCheck.too_slow),
        database=None,
        print_blob=True,
    )
    decorators: list[Callable[[Test], Test]] = [given(combination=drawn), bounded]
    decorators += [example(combination=each) for each in reversed(every)]

    def decorated(test: Test) -> Test:
        for decorate in decorators:
            test = decorate(test)
        return test

    return decorated


@dataclass(kw_only=True, repr=False)
class Trial:
    """Runs of one folder of recordings.

    Attributes:
        words: What is wanted, the same for all.
        environ: Variables for all.
        keys_differ: Engines of several fingerprints are tried, from which keys are made.
    """

    user: Home
    recordings: Path
    words: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    keys_differ: bool = False
    _plain: dict[str, dict[str, object]] = field(default_factory=dict)
    _runs: int = 0

    def __repr__(self) -> str:  # hypothesis prints all fields, and warns where they are long
        return f"{type(self).__name__}({' '.join(self.words)})"

    def check(self, combination: Combination) -> None:
        """Fail where a run with these switches writes other files than one without them.

        The other run has no switch but those without which another kind of transcript comes out.
        """
        kinds = {name: each for name, each in combination.items() if each.kind}
        kind = " ".join(each.kind for each in kinds.values())
        if kind not in self._plain:
            self._plain[kind] = self.written(kinds)
            assert self._plain[kind]
        found, plain = self.written(combination), self._plain[kind]
        said = {name: (each.words, each.shards) for name, each in combination.items()}
        assert sorted(found) == sorted(plain), f"other files with {said}"
        for name, content in plain.items():
            assert found[name] == content, f"{name} is not the same with {said}"

    def written(self, combination: Combination) -> dict[str, object]:
        """Return what a run writes that finds nothing done, by the names of the files."""
        self._runs += 1
        base = self.user.folder / f"switched {self._runs}"
        chosen = (word for each in combination.values() for word in each.words)
        words = [word.format(run=self._runs) for word in chosen]
        shards = max((each.shards for each in combination.values()), default=1)
        apart = "dask" in words or "--store" in words  # their libraries keep what a process was
        run = self.user.run if apart else self.user.run_here
        environ: dict[str, Any] = {**self.environ, "DALSTON_STATE_DIR": str(base / "state")}
        counts = 0
        for shard in range(1, shards + 1):
            part = ("--shard", f"{shard}/{shards}") if shards > 1 else ()
            whole = ("transcribe", self.recordings, "-o", base / "out", *self.words, *words, *part)
            done = run(*whole, "--json", **environ)
            assert done.returncode == 0, f"{words} {part}: {done.stdout[-1000:]}{done.stderr}"
            found = json.loads(done.stdout.splitlines()[-1])["data"]["counts"]
            assert set(found) <= {"done"}, f"{words} {part}: {found}"
            counts += found.get("done", 0)
        assert counts == sum(path.is_file() for path in self.recordings.iterdir()), words
        files = sorted(path for path in (base / "out").rglob("*") if path.is_file())
        return {str(path.relative_to(base / "out")): self._comparable(path) for path in files}

    def _comparable(self, path: Path) -> object:
        """Return a file's bytes; of a JSON transcript, all that may not differ."""
        content = _comparable(path)
        if self.keys_differ and isinstance(content, dict):
            content.pop("key", None)
        return content


def _comparable(path: Path) -> object:
    """Return a file's bytes; of a JSON transcript, all that may not differ."""
    if path.suffix != ".json":
        return path.read_bytes()
    transcript: dict[str, Any] = json.loads(path.read_bytes())
    assert transcript.pop("digest")  # of all of it
    for stage in transcript["stages"]:
        for name in MAY_DIFFER:
            stage.pop(name, None)
        if stage.get("options", {}).pop("batch_size", None):
            transcript.pop("key", None)  # is made from the options
    return transcript
