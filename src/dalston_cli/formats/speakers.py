"""Which name, if any, stands for a speaker in text."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from dalston_cli.errors import UsageError
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.script import clean
from dalston_sdk.wire import Transcript


@dataclass(frozen=True, kw_only=True)
class SpeakerNames:
    """The names of one transcript's speakers; nobody has one where speakers are not shown."""

    shown: bool
    names: dict[str, str]

    @classmethod
    def of(cls, transcript: Transcript, options: RenderOptions) -> Self:
        """The names to show for ``transcript``, by the user's wish or else where they help."""
        labels = dict.fromkeys(
            label for segment in transcript.segments if (label := segment.speaker)
        )
        helpful = len(labels) > 1 or any(label in options.speaker_names for label in labels)
        return cls(
            shown=helpful if options.speakers is None else options.speakers,
            names={label: name_of(label, options) for label in labels},
        )

    def get(self, label: str | None) -> str | None:
        """The name to show for a label; None where there is nothing to show."""
        if not self.shown or not label:
            return None
        return self.names.get(label, label)


def name_of(label: str, options: RenderOptions) -> str:
    """The user's name for a speaker, or else the label, on one line."""
    return clean(options.speaker_names.get(label, label)) or label


class SpeakerNameError(UsageError):
    """A speaker's name is not given as ``LABEL=NAME``."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"--speaker-name {text!r} does not say which speaker has which name",
            hint="write it as --speaker-name SPEAKER_00=Ada",
        )


def parse_speaker_names(entries: Iterable[str]) -> dict[str, str]:
    """Names by label, from ``LABEL=NAME``.

    Raises:
        SpeakerNameError: An entry has no label, no name or no ``=``.
    """
    names: dict[str, str] = {}
    for entry in entries:
        label, _, name = (part.strip() for part in entry.partition("="))
        if not label or not name:
            raise SpeakerNameError(entry)
        names[label] = name
    return names
