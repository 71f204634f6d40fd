"""The page on manifests: its example is read, and it names every column."""

import re
from pathlib import Path

from tests.support.documents import blocks_of, read

from dalston_cli.pipeline.endpoints import file_of
from dalston_cli.pipeline.intake import manifest

PAGE = "docs/manifest.md"


def test_the_example_is_read(tmp_path: Path) -> None:
    [example] = blocks_of(PAGE, "csv")
    file = tmp_path / "batch.csv"
    file.write_text(example, encoding="utf-8")

    first, second = manifest.read_manifest(file)

    assert file_of(first.source) == tmp_path / "interviews" / "ada.wav"
    assert first.overrides.initial_prompt == "An interview about engines"
    assert (first.overrides.language, second.overrides.language) == ("en", "en")
    assert second.overrides.initial_prompt is None
    assert (first.overrides.channels, second.overrides.channels) == ("mix", "split")


def test_every_column_is_named() -> None:
    named = set(re.findall(r"`(\w+)`", read(PAGE)))

    known = {*manifest._COLUMNS, *manifest._ALIASES, *manifest._IGNORED}
    assert known <= named
