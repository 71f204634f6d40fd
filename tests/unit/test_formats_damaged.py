"""Our own JSON with values that cannot be: refused with their place, or written in any format."""

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.transcripts import monologue

from dalston_cli.errors import DalstonError
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.read import read_transcript
from dalston_cli.formats.readers.errors import MalformedFileError
from dalston_cli.formats.registry import WRITERS

_VALUES: tuple[Any, ...] = (
    None,
    -1,
    -0.001,
    0,
    0.5,
    1e-9,
    30_000,
    float("nan"),
    True,
    "",
    "\x1b[31m\n-->",
    [],
    {},
)


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(msgspec.json.encode(monologue()))
    return found


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": float("nan")}, r"segments\[0\]\.start is nan, which is no time"),
        ({"start": -5}, r"segments\[0\]\.start is -5, which is no time"),
        ({"start": 5, "end": 1}, r"segments\[0\] ends at 1 and starts at 5"),
    ],
    ids=["nan", "before-the-start", "backwards"],
)
def test_times_that_are_none_have_their_place(
    changes: dict[str, float], message: str, tmp_path: Path
) -> None:
    path, damaged = tmp_path / "talk.json", document()
    damaged["segments"][0] |= changes
    path.write_text(json.dumps(damaged), encoding="utf-8")
    with pytest.raises(MalformedFileError, match=message):
        read_transcript(path)


def test_what_is_read_can_be_written_in_every_format(tmp_path: Path) -> None:
    path, written = tmp_path / "talk.json", 0
    for seed in range(150):
        chance, damaged = random.Random(seed), document()
        for _ in range(chance.choice((1, 1, 2))):
            _change_one(damaged, chance)
        path.write_text(json.dumps(damaged), encoding="utf-8")
        try:
            transcript = read_transcript(path)
            for writer in WRITERS.values():
                if writer.unmet_need(transcript) is None:
                    assert isinstance(writer.render(transcript, RenderOptions()), bytes)
        except DalstonError:  # named, with the place
            continue
        written += 1
    assert 0 < written < 150


def _change_one(value: Any, chance: random.Random) -> None:
    """Put another value somewhere into a document."""
    while True:
        key = chance.choice(sorted(value) if isinstance(value, dict) else range(len(value)))
        if not value[key] or not isinstance(value[key], dict | list) or chance.random() < 0.2:
            value[key] = chance.choice(_VALUES)
            return
        value = value[key]
