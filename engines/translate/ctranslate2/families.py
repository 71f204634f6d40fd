"""The two kinds of models: which tokens they take around a text, and which they give before one."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from languages import FloresLanguages, Languages, TagLanguages, is_tagged

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

_END = "</s>"


@dataclass(frozen=True, kw_only=True)
class Direction:
    """What a model is told of the languages.

    Attributes:
        first: The token before the pieces of a text.
        prefix: Tokens that a translation begins with.
    """

    first: str
    prefix: tuple[str, ...] = ()

    def source(self, pieces: Sequence[str]) -> list[str]:
        """Return the tokens for a text."""
        return [self.first, *pieces, _END]


class Family(ABC):
    """One kind of models.

    Attributes:
        languages: Those that a model of this kind knows.
    """

    languages: Languages

    @abstractmethod
    def direction(self, source: str | None, target: str) -> Direction:
        """Return what the model is told.

        Args:
            source: BCP-47 of the text; None where it is not known.
            target: BCP-47 of the translation.

        Raises:
            EngineError: ``invalid_request`` for a language that it does not know, or where it has
                to know the text's and does not.
        """


class Nllb(Family):
    """NLLB-200: the text's language before the text, the other one before the translation."""

    def __init__(self, vocabulary: Collection[str]) -> None:
        self.languages = FloresLanguages(vocabulary)

    def direction(self, source: str | None, target: str) -> Direction:
        """Name both languages."""
        if source is None:
            raise EngineError(
                ErrorCode.INVALID_REQUEST,
                "NLLB has to know which language the text is in, and the transcript does not say",
                hint="say it, for example --language en, or use --translate-model madlad400-3b-mt",
            )
        token = self.languages.token(target)
        return Direction(first=self.languages.token(source), prefix=(token,))


class Madlad(Family):
    """MADLAD-400: a tag of the translation's language before the text."""

    def __init__(self, vocabulary: Collection[str]) -> None:
        self.languages = TagLanguages(vocabulary)

    def direction(self, source: str | None, target: str) -> Direction:
        """Name the language of the translation; the model recognises that of the text."""
        del source
        return Direction(first=self.languages.token(target))


def family_of(vocabulary: Collection[str]) -> Family | None:
    """Return the family that a vocabulary is of; None for neither."""
    if is_tagged(vocabulary):
        return Madlad(vocabulary)
    nllb = Nllb(vocabulary)
    return nllb if nllb.languages.codes else None
