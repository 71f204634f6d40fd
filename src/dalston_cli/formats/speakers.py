"""Names of speakers in text."""

import re
from typing import Self

from msgspec import Struct

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.script import clean
from dalston_sdk.wire import Transcript

_LABEL = re.compile(r"SPEAKER_\d+")


class SpeakerNames(Struct, frozen=True, kw_only=True):
    """The names of one transcript's speakers; none if speakers are not shown."""

    shown: bool
    names: dict[str, str]

    @classmethod
    def of(cls, transcript: Transcript, options: RenderOptions) -> Self:
        """Return the names to show for ``transcript``, as the user chose or else if they help."""
        labels = dict.fromkeys(
            label for segment in transcript.segments if (label := segment.speaker)
        )
        named = set(transcript.speaker_names.values())
        helpful = len(labels) > 1 or not named.isdisjoint(labels)
        return cls(
            shown=helpful if options.speakers is None else options.speakers,
            names={label: name_of(label) for label in labels},
        )

    def get(self, label: str | None) -> str | None:
        """Return the name to show for a label; None if there is nothing to show."""
        if not self.shown or not label:
            return None
        return self.names.get(label, label)


def is_label(speaker: str) -> bool:
    """Return True for what stands for a speaker without a name."""
    return _LABEL.fullmatch(speaker) is not None


def name_of(speaker: str) -> str:
    """Return a speaker's name or label on one line."""
    return clean(speaker) or speaker
