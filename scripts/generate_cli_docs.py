"""Write what the parser and the table of settings say into the documentation.

``python scripts/generate_cli_docs.py`` writes ``docs/cli.md``, the table of ``docs/settings.md``
and the settings in ``.env.example``; with ``--check`` it only reports what is out of date.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import Any

from dalston_cli.app import PROGRAM, build_root
from dalston_cli.settings.declare import Setting
from dalston_cli.settings.table import PANELS, TABLE

ROOT = Path(__file__).parents[1]
SETTINGS_MARKS = (
    "<!-- Written by scripts/generate_cli_docs.py from the table in settings/table. -->\n",
    "<!-- The end of what that script writes. -->\n",
)
EXAMPLE_MARKS = (
    "# -- Settings, as scripts/generate_cli_docs.py writes them from the table in settings/table\n",
    "# -- The end of what that script writes\n",
)
_HEAD = """# The command line

<!-- Written by scripts/generate_cli_docs.py: change the options, not this file. -->

Every command has `--help`; for `transcribe` and `plan` it shows the options of every day, and
`--help-all` every one. `--debug`, anywhere on the line, shows the traceback of an error.
Underscores are as good as dashes (`--output_dir`), the options of [Whisper's tools](whisper.md)
and values such as `--word_timestamps True` are understood, and an option's default can be set in
the [settings](settings.md).

`dalston pull`, `ls` and `rm` are short for `models pull`, `models list` and `models rm`, `dalston
ps` for `engines status`, and `dalston help transcribe` for `transcribe --help`. A language is a
code (`en`, `deu`, `pt-BR`) or a name (`English`, `Deutsch`, `日本語`).

Exit codes: 0 all done · 1 a bug · 2 usage · 3 bad input · 4 a catalog or the settings are wrong ·
5 an engine or a model is not available · 6 every recording failed · 7 some failed or are partial ·
130 interrupted · 141 closed pipe.
"""


def render_commands() -> str:
    """Return the page of all commands."""
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
    if command.epilog:
        yield f"{_paragraphs(command.epilog)}\n"
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
        f"    {block}"
        if block.startswith(f"{PROGRAM} ")
        else fill(block, 100, break_long_words=False, break_on_hyphens=False)
        for block in blocks
    )


def render_settings() -> str:
    """Return a table of settings for each panel of the help screens."""
    parts = []
    for panel, settings in _by_panel():
        rows = (_setting(one) for one in settings)
        parts.append(f"| {panel} | value | | default |\n|---|---|---|---|\n" + "\n".join(rows))
    return "\n" + "\n\n".join(parts) + "\n\n"


def render_example() -> str:
    """Return a line for the variable of every setting, by panel."""
    parts = []
    for panel, settings in _by_panel():
        rows = (f"#{_assignment(one):42} # {_comment(one)}" for one in settings)
        parts.append(f"# -- {panel}\n\n" + "\n".join(rows))
    return "\n" + "\n\n".join(parts) + "\n\n"


def insert(page: str, marks: tuple[str, str], text: str) -> str:
    """Return the page with the text between the two marks.

    Raises:
        ValueError: A mark is missing.
    """
    before, start, rest = page.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not start or not end:
        raise ValueError(f"the page has to have the lines\n{marks[0]}{marks[1]}")
    return f"{before}{start}{text}{end}{after}"


def _by_panel() -> Iterator[tuple[str, list[Setting]]]:
    for panel in PANELS:
        yield panel, [one for one in TABLE.values() if one.panel == panel]


def _setting(one: Setting) -> str:
    name = f"`{one.name}`" if one.option else f"`{one.name}` \\*"
    cells = (name, _cell(one.values), _cell(one.help), _default(one))
    return f"| {' | '.join(cells)} |"


def _default(one: Setting) -> str:
    if isinstance(one.default, bool):
        return "yes" if one.default else "no"
    return one.default_text or "-"


def _assignment(one: Setting) -> str:
    value = one.example or ("1" if one.type is bool else one.default_text)
    return f"{one.variable}={value!r}".replace("'", '"' if " " in value else "")


def _comment(one: Setting) -> str:
    text = one.help.rstrip(".")
    choices = [] if one.type is bool or "|" not in one.values else one.values.split("|")
    first = text if text[1].isupper() else text[0].lower() + text[1:]
    return f"{first} ({', '.join(choices)})" if choices else first


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


def pages() -> dict[Path, str]:
    """Return every file that this script writes, as it has to be."""
    settings, example = ROOT / "docs" / "settings.md", ROOT / ".env.example"
    return {
        ROOT / "docs" / "cli.md": render_commands(),
        settings: insert(settings.read_text("utf-8"), SETTINGS_MARKS, render_settings()),
        example: insert(example.read_text("utf-8"), EXAMPLE_MARKS, render_example()),
    }


def main() -> int:
    """Write the pages, or with ``--check`` report those that are out of date."""
    stale = {
        file: page
        for file, page in pages().items()
        if not file.exists() or file.read_text("utf-8") != page
    }
    if "--check" in sys.argv:
        for file in stale:
            print(f"{file.name} is out of date: run python scripts/generate_cli_docs.py")
        return 1 if stale else 0
    for file, page in stale.items():
        file.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
