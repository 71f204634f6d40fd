"""Writes ``docs/cli.md`` from the parser: ``python scripts/generate_cli_docs.py [--check]``."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dalston_cli.app import PROGRAM, build_root

TARGET = Path(__file__).parents[1] / "docs" / "cli.md"
_HEAD = """# The command line

<!-- Written by scripts/generate_cli_docs.py: change the options, not this file. -->

Every command has `--help`; `--debug`, anywhere on the line, shows the traceback of an error.
Underscores are as good as dashes (`--output_dir`), whisper's `--vad_filter`,
`--logprob_threshold` and values such as `--word_timestamps True` are understood, and an option's
default can be set in the [settings](settings.md).

Exit codes: 0 all done · 1 a bug · 2 usage · 3 bad input · 4 a catalog or the settings are wrong ·
5 an engine or a model is not available · 6 every recording failed · 7 some failed or are partial ·
130 interrupted · 141 closed pipe.
"""


def render() -> str:
    """The whole page."""
    root = build_root()
    context = root.make_context(PROGRAM, [], resilient_parsing=True)
    parts = [_HEAD]
    for name in root.list_commands(context):
        parts += _command(root.get_command(context, name), context, f"{PROGRAM} {name}")
    return "\n".join(parts).rstrip("\n") + "\n"


def _command(command: Any, parent: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - Typer's types are private
    context = command.make_context(
        path.rsplit(maxsplit=1)[-1], [], parent=parent, resilient_parsing=True
    )
    level = "##" if path.count(" ") == 1 else "###"
    yield f"{level} {path}\n"
    yield f"{_paragraphs(command.help)}\n"
    if hasattr(command, "commands"):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if not child.hidden:
                yield from _command(child, context, f"{path} {name}")
        return
    panels: dict[str, list[str]] = {}
    for parameter in command.get_params(context):
        if not getattr(parameter, "hidden", False) and "--help" not in parameter.opts:
            panel = getattr(parameter, "rich_help_panel", None) or _panel(parameter)
            panels.setdefault(panel, []).append(_row(parameter, context))
    for panel, rows in panels.items():
        yield f"| {panel} | |\n|---|---|"
        yield "\n".join(rows) + "\n"


def _panel(parameter: Any) -> str:  # noqa: ANN401 - as above
    return "Arguments" if parameter.param_type_name == "argument" else "Options"


def _row(parameter: Any, context: Any) -> str:  # noqa: ANN401 - as above
    if parameter.param_type_name == "argument":
        names = f"`{parameter.metavar or parameter.name.upper()}`"
    else:
        spellings = [*parameter.opts, *parameter.secondary_opts]
        value = "" if parameter.is_flag or parameter.count else _value(parameter, context)
        names = ", ".join(f"`{name}`" for name in spellings) + value
    meaning = (parameter.help or "").replace("\n", " ").replace("|", "\\|").replace("*", "\\*")
    return f"| {names} | {meaning} |"


def _value(parameter: Any, context: Any) -> str:  # noqa: ANN401 - as above
    metavar = parameter.metavar or parameter.display_type(context)
    return f" {metavar.strip('<>')}".replace("|", "\\|")


def _paragraphs(text: str | None) -> str:
    blocks = (text or "").split("\n\n")
    return "\n\n".join(
        f"    {block}" if block.startswith(f"{PROGRAM} ") else block for block in blocks
    )


def main() -> int:
    """Write the page, or with ``--check`` say whether it is current."""
    page = render()
    if "--check" in sys.argv:
        current = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
        if current != page:
            print(f"{TARGET.name} is out of date: run python scripts/generate_cli_docs.py")
            return 1
        return 0
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
