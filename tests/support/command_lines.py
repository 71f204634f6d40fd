"""Command lines of ``dalston transcribe`` as its parser reads them, without running anything."""

import shlex
from typing import Any

from dalston_cli.app import PROGRAM, build_root
from dalston_cli.options.dialects.table import TRANSLATED, WITHOUT_EFFECT
from dalston_cli.options.dialects.translation import Translation, translate
from dalston_cli.options.spelling import AS_NONE, in_our_dialect
from dalston_cli.settings.load import read_settings
from dalston_cli.settings.table import TABLE


def parsed(line: str) -> dict[str, Any]:
    """Return what the parser makes of a line's options; None for those that are not given."""
    root = build_root()
    context = root.make_context(PROGRAM, ["transcribe"], resilient_parsing=True)
    command = root.get_command(context, "transcribe")
    words = in_our_dialect(shlex.split(f"transcribe talk.wav {line}"))[1:]
    params = command.make_context("transcribe", words, parent=context).params
    return {
        name: value or None if isinstance(value, tuple) else value for name, value in params.items()
    }


def translated(line: str) -> Translation:
    """The options of a line in Dalston's terms."""
    values = parsed(line)
    theirs = (*TRANSLATED, *WITHOUT_EFFECT, AS_NONE)
    return translate(
        {name: values[name] for name in TABLE if name in values},
        {name: values[name] for name in theirs},
    )


def set_by(found: Translation) -> dict[str, Any]:
    """Every setting that is given, as it is read."""
    given = {name: value for name, value in found.flags.items() if value not in (None, [])}
    return read_settings(given).stated()
