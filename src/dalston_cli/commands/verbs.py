"""Short forms of commands, and what people type who know another program's."""

import os
import shlex
from collections.abc import Mapping, Sequence

from dalston_cli.errors import UsageError

SHORT_FORMS: Mapping[str, tuple[str, str]] = {
    "pull": ("models", "pull"),
    "ls": ("models", "list"),
    "ps": ("engines", "status"),
    "rm": ("models", "rm"),
}
"""A short form, and the group and the command that it stands for."""

HELP = "help"

_TRANSCRIBE = (
    *("asr", "convert", "recognize", "run", "speech-to-text", "stt", "subtitle", "subtitles"),
    *("transcript", "transcription", "whisper", "whisper-ctranslate2", "whisperx"),
)
_MEANT: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_TRANSCRIBE, ("transcribe",)),
    **dict.fromkeys(("download", "fetch", "get", "install"), ("models", "pull")),
    **dict.fromkeys(("delete", "remove", "uninstall"), ("models", "rm")),
    **dict.fromkeys(("list", "model"), ("models", "list")),
    **dict.fromkeys(("inspect", "show"), ("models", "show")),
    "start": ("engines", "start"),
    **dict.fromkeys(("status", "top"), ("engines", "status")),
    **dict.fromkeys(("find", "grep"), ("search",)),
    **dict.fromkeys(("benchmark", "evaluate", "score", "wer"), ("eval",)),
    **dict.fromkeys(("analyze", "statistics"), ("stats",)),
    **dict.fromkeys(("anonymize", "anonymise", "pseudonymize"), ("redact",)),
    "build": ("engines", "build"),
    "du": ("models", "du"),
    "estimate": ("plan",),
    "history": ("runs", "list"),
    "logs": ("engines", "logs"),
    "settings": ("config", "show"),
    "stop": ("engines", "stop"),
    "verify": ("models", "verify"),
    "version": ("--version",),
}
"""Words of other programs, and the command here; none of them is near its name."""


class MeantCommandError(UsageError):
    """A word is no command, but it is known what is meant by it."""

    code = "unknown_command"

    def __init__(self, words: Sequence[str], meant: Sequence[str]) -> None:
        what = "there is no command" if words[0] in _MEANT else "a command is missing before"
        super().__init__(
            f"{what} {words[0]!r}", hint=f"did you mean: {shlex.join(['dalston', *meant])}"
        )


def without_help_verb(words: Sequence[str]) -> list[str]:
    """Replace ``help COMMAND`` by ``COMMAND --help``."""
    if words[:1] != [HELP]:
        return list(words)
    return [*(word for word in words[1:] if word != HELP), "--help"]


def refuse_other_verbs(words: Sequence[str]) -> None:
    """Name the command that is meant by another program's word, or where it was forgotten.

    Args:
        words: A command line that does not begin with a command.

    Raises:
        MeantCommandError: It is known what is meant.
    """
    if meant := _MEANT.get(words[0]):
        raise MeantCommandError(words, (*meant, *words[1:]))
    if os.path.exists(words[0]):  # noqa: PTH110 - a word with a NUL is no path, and no error
        raise MeantCommandError(words, ("transcribe", *words))
