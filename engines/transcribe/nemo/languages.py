"""Which language is spoken: told by the user, or known of the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from capabilities import Capabilities

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, Notice, Stage, TranscribeOptions

_MAX_LISTED = 8


@dataclass(frozen=True, kw_only=True)
class Language:
    """What is known about the language.

    Attributes:
        spoken: BCP-47; None where nobody knows.
        warnings: Options that have no effect.
    """

    spoken: str | None
    warnings: tuple[Notice, ...] = ()


def settle_language(options: TranscribeOptions, capabilities: Capabilities) -> Language:
    """The language of a recording.

    Raises:
        EngineError: ``invalid_request`` where the model does not know the language, or has to be
            told and was not.
    """
    known = capabilities.languages
    asked = [options.language] if options.language is not None else [*(options.languages or ())]
    codes = [code.lower().split("-")[0] for code in asked]
    wanted = [code for code in codes if not known or code in known]
    if codes and not wanted:
        raise _unknown(codes[0], known)
    given = [name for name in ("language", "languages") if getattr(options, name) is not None]
    if capabilities.is_told_language:
        candidates = wanted or list(known)
        if len(candidates) != 1:
            raise EngineError(
                ErrorCode.INVALID_REQUEST,
                f"{capabilities.name} cannot tell which language is spoken",
                hint="say it, for example --language en",
            )
        idle = ["languages"] if len(given) > 1 else []
        return Language(spoken=candidates[0], warnings=_idle(idle, "the language is given"))
    if len(known) == 1:
        return Language(spoken=known[0])
    reason = f"{capabilities.name} hears by itself which language it is"
    spoken = wanted[0] if options.language is not None else None
    return Language(spoken=spoken, warnings=_idle(given, reason))


def _unknown(code: str, known: Sequence[str]) -> EngineError:
    close = get_close_matches(code, known, n=3, cutoff=0.6)
    listed = f"; it knows {', '.join(known)}" if len(known) <= _MAX_LISTED else ""
    return EngineError(
        ErrorCode.INVALID_REQUEST,
        f"this model does not know the language {code}{listed}",
        hint=f"did you mean {' or '.join(close)}?" if close else None,
    )


def _idle(names: Sequence[str], reason: str) -> tuple[Notice, ...]:
    return tuple(
        Notice(
            code="option_without_effect",
            message=f"{name} has no effect because {reason}.",
            stage=Stage.TRANSCRIBE.value,
        )
        for name in names
    )
