"""Writes ``docs/whisper.md``: every option of Whisper's tools, and what it is here.

``python scripts/generate_whisper_docs.py`` writes it, ``--check`` only says whether it is current.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from dalston_cli.options.dialects.table import (
    OPTIONS,
    REMARKS,
    TRANSLATED,
    WITHOUT_EFFECT,
    Tool,
    key_of,
)
from dalston_cli.options.spelling import normal_name

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "whisper.md"

_HEAD = """# Options of Whisper's tools

<!-- Written by scripts/generate_whisper_docs.py from options/dialects/table.py. -->

Command lines for openai-whisper, whisper-ctranslate2 and whisperX work here behind `dalston
transcribe`, with underscores or dashes and with values such as `--word_timestamps True`:

    dalston transcribe call.wav --language English --output_dir out --word_timestamps True

An option that means something here does it; one that does not is accepted, and a warning says
why it changes nothing. `None` leaves a number to Dalston and the engine. Where an option of ours
is given beside one of theirs that means the same, ours counts. [Ours](cli.md) are more than these.

Defaults are Dalston's: the best model that is installed, `txt`, `srt` and `json` in place of
`all`, and subtitles of two lines with 42 columns each.

| theirs | openai-whisper | whisper-ctranslate2 | whisperX | here |
|---|---|---|---|---|
"""


def render() -> str:
    """Return the page."""
    return _HEAD + "".join(_row(name) for name in sorted(_spellings(), key=str.lower))


def _spellings() -> dict[str, dict[Tool, str]]:
    """Return how each tool writes an option, by the option's name."""
    found: dict[str, dict[Tool, str]] = {}
    for tool, options in OPTIONS.items():
        for option in options:
            found.setdefault(key_of(option), {})[tool] = option
    return found


def _row(name: str) -> str:
    spellings = _spellings()[name]
    longest = max(spellings.values(), key=len)
    cells = [f"`{part}`" for part in longest.split()]
    has = ["yes" if tool in spellings else "" for tool in OPTIONS]
    return f"| {' | '.join([', '.join(cells), *has, '; '.join(_here(name))])} |\n"


def _here(name: str) -> Iterator[str]:
    if name in WITHOUT_EFFECT:
        yield f"no effect: {WITHOUT_EFFECT[name]}"
    else:
        yield TRANSLATED.get(name) or f"`--{normal_name(name)}`"
    if remark := REMARKS.get(name):
        yield remark


def main() -> int:
    """Write the page, or with ``--check`` report that it is out of date."""
    page = render()
    current = TARGET.exists() and TARGET.read_text("utf-8") == page
    if "--check" in sys.argv:
        if not current:
            print(f"{TARGET.name} is out of date: run python scripts/generate_whisper_docs.py")
        return 0 if current else 1
    TARGET.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
