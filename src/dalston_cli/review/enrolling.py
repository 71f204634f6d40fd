"""What the page asks where a speaker's voice is to be kept, and what it is told."""

from pathlib import Path
from typing import Annotated, Protocol

from msgspec import Meta, Struct

_Text = Annotated[str, Meta(min_length=1, max_length=1_000)]


class Enrolment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person filled in.

    Attributes:
        speaker: As the corrected transcript calls the speaker.
        name: Of the person.
        consent: What the person agreed to.
        agreed: The user said that they did.
    """

    speaker: _Text
    name: _Text
    consent: _Text
    agreed: bool


class EnrolledPerson(Struct, frozen=True, kw_only=True):
    """A person on the roster.

    Attributes:
        samples, seconds: All that is kept of the voice.
        sounds_like: Other people on the roster who cannot be told from this one.
    """

    name: str
    samples: int
    seconds: float
    sounds_like: tuple[str, ...] = ()


class Enrols(Protocol):
    """Puts speakers of transcripts on a roster."""

    @property
    def roster(self) -> str:
        """The roster's name, or its file, as the user gave it."""

    def enrol(self, document: Path, wanted: Enrolment) -> EnrolledPerson:
        """Put a speaker of a transcript on the roster.

        Raises:
            DalstonError: That cannot be done, and why.
        """
