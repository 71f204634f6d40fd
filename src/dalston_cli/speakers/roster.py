"""A roster: people who agreed to be known by their voices, and what is kept of each."""

import math
import re
import unicodedata
from typing import Self

import msgspec
from msgspec import Struct, field

from dalston_cli.errors import UsageError
from dalston_cli.nearest import did_you_mean

ROSTER_VERSION = 1

_LONGEST_NAME = 80
_LABEL = re.compile(r"speaker_\d+", re.IGNORECASE)
_UNSUITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff,=]")
"""Control characters, bytes that are not UTF-8, and what separates names on the command line."""


class SpeakerNameError(UsageError):
    """A person cannot have this name."""

    code = "speaker_name"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(
            f"{name!r} is no name for a speaker: {problem}",
            hint="write a name such as 'Ada Lovelace'",
        )


class NameTakenError(UsageError):
    """Another person of the roster has the name."""

    code = "speaker_name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the roster has a {name!r} already",
            hint="choose a name that tells the two apart; see: dalston speakers list",
        )


class UnknownPersonError(UsageError):
    """No person on the roster has the name."""

    code = "unknown_person"

    def __init__(self, name: str, roster: "Roster") -> None:
        super().__init__(
            f"the roster has no {name!r}{did_you_mean(name, roster.names)}",
            hint="see who is on it: dalston speakers list",
        )


class OtherModelError(UsageError):
    """Voices of one roster are compared by one model."""

    code = "roster_model"

    def __init__(self, given: str, model: str) -> None:
        super().__init__(
            f"the roster knows voices by {model}, and {given} hears them differently",
            hint=f"use {model}, or begin another roster: --roster NAME",
        )


class Consent(Struct, frozen=True, kw_only=True):
    """The consent of a person, as it was noted.

    Attributes:
        given_for: What they agreed to, in the words of who noted it.
        noted_at: Date and time, in UTC.
        noted_by: The user of this machine.
    """

    given_for: str
    noted_at: str
    noted_by: str


class EnrolledVoice(Struct, frozen=True, kw_only=True):
    """The voice of a person in one sample.

    Attributes:
        model, model_digest: The model that made the vector, and its weights.
        dimension: Numbers in the vector.
        seconds: Speech behind it.
        sample: Digest of the recording.
        enrolled_at: Date and time, in UTC.
    """

    model: str
    model_digest: str | None
    dimension: int
    seconds: float
    sample: str
    enrolled_at: str
    vector: tuple[float, ...]


class Person(Struct, frozen=True, kw_only=True):
    """One person, with all consents and samples, the oldest first."""

    name: str
    consents: tuple[Consent, ...]
    voices: tuple[EnrolledVoice, ...]

    @property
    def seconds(self) -> float:
        """Speech in all samples."""
        return sum(voice.seconds for voice in self.voices)


class Roster(Struct, frozen=True, kw_only=True):
    """The people who can be named, and no others.

    Attributes:
        model: The diarizing model that made every vector.
    """

    version: int = field(default=ROSTER_VERSION, name="dalston_roster_version")
    model: str
    people: tuple[Person, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order of enrolment."""
        return tuple(person.name for person in self.people)

    def person(self, name: str) -> Person:
        """Return a person by name; upper and lower case are the same.

        Raises:
            UnknownPersonError: There is none.
        """
        found = self._find(name)
        if found is None:
            raise UnknownPersonError(name, self)
        return found

    def with_voices(
        self, name: str, voices: tuple[EnrolledVoice, ...], consent: Consent
    ) -> "Roster":
        """Return the roster with more samples of a person, who may be new.

        Raises:
            SpeakerNameError: The name cannot be given.
            OtherModelError: Another model made them.
        """
        name = suitable_name(name)
        for voice in voices:
            if voice.model != self.model:
                raise OtherModelError(voice.model, self.model)
        before = self._find(name) or Person(name=name, consents=(), voices=())
        person = msgspec.structs.replace(
            before, consents=(*before.consents, consent), voices=(*before.voices, *voices)
        )
        if before in self.people:
            return self._replaced(before, person)
        return msgspec.structs.replace(self, people=(*self.people, person))

    def renamed(self, name: str, to: str) -> "Roster":
        """Return the roster with another name for a person.

        Raises:
            UnknownPersonError: There is no such person.
            SpeakerNameError, NameTakenError: The new name cannot be given.
        """
        person, to = self.person(name), suitable_name(to)
        other = self._find(to)
        if other is not None and other is not person:
            raise NameTakenError(other.name)
        return self._replaced(person, msgspec.structs.replace(person, name=to))

    def without(self, name: str) -> "Roster":
        """Return the roster without a person.

        Raises:
            UnknownPersonError: There is no such person.
        """
        person = self.person(name)
        others = tuple(each for each in self.people if each is not person)
        return msgspec.structs.replace(self, people=others)

    def checked(self) -> Self:
        """Return the roster.

        Raises:
            ValueError: Something in it cannot be used.
        """
        if self.version > ROSTER_VERSION:
            raise ValueError(f"a newer Dalston wrote it (version {self.version})")
        folded = [name.casefold() for name in self.names]
        if len(folded) != len(set(folded)):
            raise ValueError("two people have the same name")
        for person in self.people:
            if not person.consents:
                raise ValueError(f"no consent is noted of {person.name!r}")
            for voice in person.voices:
                if voice.model != self.model:
                    raise ValueError(f"a voice of {person.name!r} is of another model")
                if voice.dimension != len(voice.vector) or not has_direction(voice.vector):
                    raise ValueError(f"a voice of {person.name!r} is no vector")
        return self

    def _find(self, name: str) -> Person | None:
        folded = _single_spaced(name).casefold()
        return next(
            (one for one in self.people if _single_spaced(one.name).casefold() == folded), None
        )

    def _replaced(self, before: Person, after: Person) -> "Roster":
        people = tuple(after if each is before else each for each in self.people)
        return msgspec.structs.replace(self, people=people)


def suitable_name(name: str) -> str:
    """Return a name with single spaces.

    Raises:
        SpeakerNameError: It cannot be given.
    """
    found = _single_spaced(name)
    if not found:
        raise SpeakerNameError(name, "it is empty")
    if len(found) > _LONGEST_NAME:
        raise SpeakerNameError(name, f"it has more than {_LONGEST_NAME} characters")
    if _LABEL.fullmatch(found):
        raise SpeakerNameError(name, "diarization has such labels for speakers that it finds")
    if (sign := _UNSUITABLE.search(found)) is not None:
        raise SpeakerNameError(name, f"it has {sign[0]!r} in it")
    return found


def _single_spaced(name: str) -> str:
    """Return a name whose letters are composed: both ways to write an é are one name."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def has_direction(vector: tuple[float, ...]) -> bool:
    """Return True if a vector can be compared with others."""
    return all(map(math.isfinite, vector)) and any(vector)
