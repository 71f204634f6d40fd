"""The language in the names of outputs, as in ``film.en.srt``: it may be known last of all.

A name is settled when the file is written. Before that, an earlier run's name is found by what
the journal has of the output's key, or else by the transcript that is there already. JSON keeps its
name, by which other commands find it.
"""

import re
from collections.abc import Iterable

from dalston_cli.formats.writer import Writer
from dalston_sdk.wire import Transcript

UNSETTLED = "LANG"
"""Stands for a language that is not known yet."""
LONGEST = len(".zh-Hant-TW")
"""Characters that a suffix may take, for names of limited length."""

_UNDETERMINED = "und"
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")


def language_of(transcript: Transcript) -> str:
    """Return the language of a transcript's text; ``und`` where it is not known.

    Text that was translated while it was transcribed is English.
    """
    for record in transcript.stages:
        if record.stage == "transcribe" and record.options.get("task") == "translate":
            return "en"
    language = transcript.language or ""
    return language if _TAG.fullmatch(language) else _UNDETERMINED


def has_suffix(writer: Writer) -> bool:
    """Return True for a format whose files have the text's language in their names."""
    return writer.name != "json" and not writer.language


def language_in(written: Iterable[str], pattern: str) -> str | None:
    """Return the language in the name of an output; None where none has been written.

    Args:
        written: Names of outputs.
        pattern: The name looked for, with ``UNSETTLED`` in the place of the language.
    """
    before, _, after = pattern.rpartition(UNSETTLED)
    for name in written:
        if name.startswith(before) and name.endswith(after):
            found = name[len(before) : len(name) - len(after)]
            if _TAG.fullmatch(found):
                return found
    return None
