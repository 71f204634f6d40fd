"""Values as people write them."""

import re
from collections.abc import Callable, Sequence

from dalston_cli.settings.language import UnknownLanguageError, language_tag, listed


def split_list(value: object) -> object:
    """Split a comma list into a tuple; a list of comma lists is flattened.

    Options can be repeated and can hold commas, a variable can only hold commas, and TOML has
    arrays: ``-f srt -f vtt``, ``-f srt,vtt`` and ``["srt", "vtt"]`` mean the same.
    """
    if isinstance(value, str):
        return _parts(value)
    if isinstance(value, list | tuple):
        return tuple(
            part for item in value for part in (_parts(item) if isinstance(item, str) else (item,))
        )
    return (value,) if isinstance(value, int | float) else value


def text_like(pattern: str, meaning: str) -> Callable[[str], str]:
    """Return a check that a whole text matches ``pattern``; its error says ``meaning``."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"should be {meaning}")
        return text

    return check


def track_name(text: str) -> str:
    """Return a track's number, ``all``, or the tag of a language."""
    word = text.strip().lower()
    if re.fullmatch(r"\d{1,3}|all", word):
        return word
    try:
        return language_tag(text)
    except UnknownLanguageError as error:
        near = listed(error.nearest)
        raise ValueError(
            f"should be a number from 0, all, or a language; did you mean {near}?"
        ) from None


def named_speakers(entries: Sequence[str]) -> dict[str, str]:
    """Return names by speaker label, in the order given.

    Args:
        entries: ``SPEAKER_00=Ada`` each; or names alone, the first for ``SPEAKER_00``, the second
            for ``SPEAKER_01``, and so on.

    Raises:
        ValueError: An entry lacks its label or its name, both ways are mixed, or a label comes
            twice.
    """
    ordered = not any("=" in entry for entry in entries)
    names: dict[str, str] = {}
    for index, entry in enumerate(entries):
        label, equals, name = entry.partition("=")
        label, name = label.strip(), " ".join(name.split())
        if ordered:
            label, name = f"SPEAKER_{index:02d}", " ".join(entry.split())
        elif not (label and equals and name):
            raise ValueError(
                f"{entry!r} should be LABEL=NAME, such as SPEAKER_00=Ada, or all be names in order"
            )
        if label in names:
            raise ValueError(f"the label {label} is named twice")
        names[label] = name
    return names


def speakers_named(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Return the entries unchanged, or raise the error of ``named_speakers``."""
    named_speakers(entries)
    return entries


def command_words(text: str) -> str:
    """Return a command as it is; raise ValueError unless it has words, its quotes closed."""
    import shlex  # noqa: PLC0415 - keeps `dalston --help` fast

    if not shlex.split(text):
        raise ValueError("should be a command")
    return text


def written(value: object) -> object:
    """Return a value as it is written on the command line; None stays."""
    if isinstance(value, list | tuple):
        return ",".join(str(item) for item in value) or None
    return str(value).lower() if isinstance(value, bool) else value


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
