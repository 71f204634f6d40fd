"""Other spellings of options, such as whisper's, which many scripts already use."""

import re
from collections.abc import Sequence

ALIASES = {
    "vad-filter": "vad",
    "logprob-threshold": "log-prob-threshold",
    "min-silence-duration-ms": "min-silence-ms",
    "min-speech-duration-ms": "min-speech-ms",
    "max-speech-duration-s": "max-speech",
    "speaker-name": "speaker-names",
}
"""Whisper's name or another that is as good, with dashes: ours."""

_SWITCHES = frozenset(
    {
        "condition-on-previous-text",
        "diarize",
        "highlight-words",
        "multilingual",
        "suppress-blank",
        "vad",
        "word-timestamps",
    }
)
"""Options that take True or False in whisper's dialect."""

_VERBOSE = {"True": "--verbose", "False": "--quiet"}


def normal_name(name: str) -> str:
    """Return an option's name as this program spells it: ``output-dir`` for ``output_dir``."""
    dashed = name.replace("_", "-")
    return ALIASES.get(dashed, dashed)


def without_truth_values(words: Sequence[str]) -> list[str]:
    """Replace ``--word_timestamps True`` by ``--word-timestamps``, ``… False`` by ``--no-…``.

    Args:
        words: A command line; what comes after ``--`` is left alone.
    """
    plain: list[str] = []
    rest = iter(enumerate(words))
    for index, word in rest:
        if word == "--":
            return [*plain, *words[index:]]
        name, truth, inline = _switch(word, words[index + 1 : index + 2])
        plain.append(_with_truth(name, truth) if truth else word)
        if truth and not inline:
            next(rest)
    return plain


def _switch(word: str, following: Sequence[str]) -> tuple[str, str, bool]:
    """Return a switch's name, its ``True`` or ``False`` if any, and True if a ``=`` joins them."""
    match = re.fullmatch(r"--([a-z_-]+)(?:=(True|False))?", word)
    if match is None:
        return "", "", False
    name = normal_name(match[1])
    if name not in _SWITCHES and name != "verbose":
        return "", "", False
    if match[2]:
        return name, match[2], True
    return name, following[0] if following and following[0] in _VERBOSE else "", False


def _with_truth(name: str, truth: str) -> str:
    if name == "verbose":
        return _VERBOSE[truth]
    return f"--{name}" if truth == "True" else f"--no-{name}"
