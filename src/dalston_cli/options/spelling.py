"""Other spellings of options, such as whisper's, which many scripts already use."""

import re
from collections.abc import Sequence
from typing import get_args, get_origin

ALIASES = {
    "chunk-size": "chunk-length",
    "logprob-threshold": "log-prob-threshold",
    "max-speech-duration-s": "max-speech",
    "min-silence-duration-ms": "min-silence-ms",
    "min-speech-duration-ms": "min-speech-ms",
    "speaker-name": "speaker-names",
    "speaker-num": "num-speakers",
    "vad-filter": "vad",
    "vad-max-speech-duration-s": "max-speech",
    "vad-min-silence-duration-ms": "min-silence-ms",
    "vad-min-speech-duration-ms": "min-speech-ms",
    "vad-onset": "vad-threshold",
}
"""Whisper's name or another that is as good, with dashes: ours."""

AS_NONE = "as_none"
"""The hidden option for the names of those whose value is ``None``."""

_NONE = "None"
_KNOW_NONE = ("transcribe", "plan")
_QUIET = "--quiet"
_VERBOSE = {"true": "--verbose", "false": _QUIET}
_IS_QUIET = re.compile(r"--quiet|-[rvy]*q[rvy]*")
"""The option, or letters with it that take no value."""


def normal_name(name: str) -> str:
    """Return an option's name as this program spells it: ``output-dir`` for ``output_dir``."""
    dashed = name.replace("_", "-")
    return ALIASES.get(dashed, dashed)


def in_our_dialect(words: Sequence[str]) -> list[str]:
    """Replace ``--word_timestamps True`` by ``--word-timestamps``, ``… False`` by ``--no-…``.

    ``--verbose False`` is ``--quiet``, and left out where that is given, too. A number that is
    ``None`` in whisper's dialect, as in ``transcribe --beam_size None``, is handed on as
    ``--as-none=beam_size``.

    Args:
        words: A command line; what comes after ``--`` is left alone.
    """
    plain: list[str] = []
    rest = iter(enumerate(words))
    for index, word in rest:
        if word == "--":
            return [*plain, *words[index:]]
        name, value, inline = _option(word, words[index + 1 : index + 2])
        other = "" if value == _NONE and words[0] not in _KNOW_NONE else _replaced(name, value)
        if other != _QUIET or word == _QUIET or not any(map(_IS_QUIET.fullmatch, words)):
            plain.append(other or word)
        if other and not inline:
            next(rest)
    return plain


def _option(word: str, following: Sequence[str]) -> tuple[str, str, bool]:
    """Return an option's name and value as they are written, and True if a ``=`` joins them."""
    match = re.fullmatch(r"--([a-z_-]+)(?:=(.*))?", word, re.DOTALL)
    if match is None:
        return "", "", False
    return match[1], match[2] or "".join(following), match[2] is not None


def _replaced(written: str, value: str) -> str:
    """Return the word that stands for an option and its value here; empty to leave both."""
    truth = value.lower()
    if truth not in _VERBOSE and value != _NONE:
        return ""
    if written == "verbose":
        return _VERBOSE.get(truth, "")
    from dalston_cli.settings.table import TABLE  # noqa: PLC0415 - keeps `dalston --help` fast

    setting = TABLE.get(normal_name(written).replace("-", "_"))
    if setting is None:
        return ""
    if value == _NONE:
        return f"--{AS_NONE.replace('_', '-')}={written}" if _is_number(setting.type) else ""
    if setting.type is not bool:
        return ""
    negative = setting.negative or setting.flag.replace("--", "--no-", 1)
    return setting.flag if truth == "true" else negative


def _is_number(kind: object) -> bool:
    kinds = get_args(kind) if get_origin(kind) is tuple else (kind,)
    return bool({int, float} & set(kinds))
