"""Writes the golden files anew: ``python -m tests.golden.write``; then read the difference."""

from pathlib import Path

from tests.support.transcripts import GOLDEN

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS

FOLDER = Path(__file__).parent / "files"
_STYLED = ("docx", "odt")
"""The libraries' own templates are in these files, and change with their versions."""
# Without words there is no CTM, without speakers no RTTM, without chapters no list of them.
CASES = tuple(
    (name, writer.name)
    for name, transcript in GOLDEN.items()
    for writer in WRITERS.values()
    if writer.name not in _STYLED and writer.unmet_need(transcript()) is None
)


def golden_file(name: str, format_name: str) -> Path:
    return FOLDER / f"{name}{WRITERS[format_name].extension}"


def rendered(name: str, format_name: str) -> bytes:
    # Of a page its article: the rest are files of their own, which are tested where they run.
    options = RenderOptions(html_fragment=True)
    return WRITERS[format_name].render(GOLDEN[name](), options)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, format_name in CASES:
        golden_file(name, format_name).write_bytes(rendered(name, format_name))


if __name__ == "__main__":
    main()
