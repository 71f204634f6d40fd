"""Requests to llm-cleanup as its tests write them: texts by segment id, one second each."""

from collections.abc import Mapping

from tests.support.transcripts import segments_of

from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import (
    ModelRef,
    RefineOptions,
    RefineRequest,
    RefineResult,
    TokenUsage,
)


def cleanup_request(
    texts: Mapping[int, str],
    options: RefineOptions | None = None,
    *,
    provider: str = "anthropic",
    language: str | None = "en",
    speaker: str | None = None,
) -> RefineRequest:
    """Build a request.

    Args:
        texts: Texts by segment id; a segment begins at its id in seconds and lasts for one.
        options: The options.
        provider: Whose API the model has.
        language: The texts' language.
        speaker: The speaker of all segments.
    """
    return RefineRequest(
        model=ModelRef(runtime_id=f"{provider}/some-model"),
        language=language,
        segments=segments_of(texts, speaker),
        options=options or RefineOptions(),
    )


def clean_up(
    engine: RunningEngine,
    texts: Mapping[int, str],
    options: RefineOptions | None = None,
    *,
    provider: str = "anthropic",
    language: str | None = "en",
    speaker: str | None = None,
) -> RefineResult:
    """Run such a request to its end.

    Raises:
        EngineRequestError: It failed.
    """
    request = cleanup_request(texts, options, provider=provider, language=language, speaker=speaker)
    return engine.result(request, None, RefineResult)


def usage_of(result: RefineResult) -> TokenUsage:
    """Return the tokens of a result, which llm-cleanup always counts."""
    assert result.usage is not None
    return result.usage
