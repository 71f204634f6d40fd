"""The languages of a model: which of its tokens stands for one, found in its own vocabulary."""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator

from flores import FLORES, usual_script

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

_SAME = {"cmn": "zh", "fil": "tl", "in": "id", "iw": "he", "jw": "jv", "mo": "ro", "no": "nb"}
"""Codes that are used for a language that has another one, too; each is tried in both ways."""

_SCRIPT_OF_REGION = {"zh-tw": "hant", "zh-hk": "hant", "zh-mo": "hant"}
_SCRIPT_LETTERS = 4
_WITHOUT_SPACES = frozenset({"bo", "dz", "ja", "lo", "my", "shn", "yue", "zh"})
_MADLAD_TAG = re.compile(r"<2([A-Za-z]{2,3}(?:_[A-Za-z]{4})?)>")


class Languages(ABC):
    """Languages by their tokens."""

    def __init__(self, vocabulary: Collection[str]) -> None:
        self._known = dict(self._found(frozenset(vocabulary)))

    @abstractmethod
    def _found(self, vocabulary: Collection[str]) -> Iterator[tuple[str, str]]:
        """Yield code, BCP-47 in lower case, and token of each language that a vocabulary has."""

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of all languages, sorted."""
        return tuple(sorted(self._known))

    def token(self, language: str) -> str:
        """Return the token of a language.

        Args:
            language: BCP-47; a region is of no importance, a script that the model does not write
                is.

        Raises:
            EngineError: ``invalid_request``, with all languages that there are.
        """
        for code in _candidates(language.lower()):
            if token := self._known.get(code):
                return token
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"this model does not translate {language}; it knows {', '.join(self.codes)}",
            hint="leave the language out, or name another model: --translate-model",
        )


class FloresLanguages(Languages):
    """Those of NLLB: ``deu_Latn``."""

    def _found(self, vocabulary: Collection[str]) -> Iterator[tuple[str, str]]:
        return ((code, token) for code, token in FLORES.items() if token in vocabulary)


class TagLanguages(Languages):
    """Those of MADLAD: ``<2de>``, and ``<2zh_Hant>`` for a script that is not the usual one."""

    def _found(self, vocabulary: Collection[str]) -> Iterator[tuple[str, str]]:
        for token in vocabulary:
            if found := _MADLAD_TAG.fullmatch(token):
                yield found[1].lower().replace("_", "-"), token


def is_tagged(vocabulary: Collection[str]) -> bool:
    """Return True if a vocabulary has MADLAD's tags."""
    return any(_MADLAD_TAG.fullmatch(token) for token in vocabulary)


def _candidates(language: str) -> Iterator[str]:
    """Yield codes that say as much as a language's code does, the most exact ones first."""
    primary, *others = language.split("-")
    scripts = [each for each in others if len(each) == _SCRIPT_LETTERS and each.isalpha()]
    script = scripts[0] if scripts else _script_of_region(primary, others)
    names = [primary, *_other_names(primary)]
    if not scripts:
        yield from (f"{primary}-{each}" for each in others)
    if script is not None:
        yield from (f"{name}-{script}" for name in names)
    for name in names:
        if script is None or script == (usual_script(name) or script):
            yield name


def _script_of_region(primary: str, others: Collection[str]) -> str | None:
    return next(filter(None, (_SCRIPT_OF_REGION.get(f"{primary}-{each}") for each in others)), None)


def _other_names(primary: str) -> Iterator[str]:
    for one, other in _SAME.items():
        if primary == one:
            yield other
        elif primary == other:
            yield one


def without_spaces(language: str) -> bool:
    """Return True for a language whose sentences are written without spaces between them."""
    primary = language.lower().partition("-")[0]
    return primary in _WITHOUT_SPACES
