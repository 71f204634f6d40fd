"""Errors of language models on servers of the user's own."""

from collections.abc import Sequence

from dalston_cli.catalog.own_servers.addresses import ServedModel
from dalston_cli.errors import ModelUnavailableError
from dalston_cli.nearest import did_you_mean

_MOST_NAMED = 5


class OwnServerError(ModelUnavailableError):
    """A model of a server of the user's own cannot be used."""


class OllamaSilentError(OwnServerError):
    """Ollama does not run, or not there."""

    code = "ollama_silent"

    def __init__(self, served: ServedModel, problem: str) -> None:
        super().__init__(
            f"Ollama does not answer at {served.url}: {problem}",
            hint="start it: ollama serve; or say where it runs: export OLLAMA_HOST=HOST:11434",
        )


class NotPulledError(OwnServerError):
    """Ollama does not have the model."""

    code = "ollama_model"

    def __init__(self, served: ServedModel, known: Sequence[str]) -> None:
        super().__init__(
            f"Ollama at {served.url} has no model `{served.model}`"
            f"{did_you_mean(served.model, known)}",
            hint=f"get it: ollama pull {served.model}",
        )


class ServerSilentError(OwnServerError):
    """A server does not run, or not there."""

    code = "llm_server_silent"

    def __init__(self, served: ServedModel, problem: str) -> None:
        super().__init__(
            f"no server of language models answers at {served.url}: {problem}",
            hint=f"see what is there: curl {served.url}/models",
        )


class ServerAnswerError(OwnServerError):
    """A server answers with something else than its models."""

    code = "llm_server_answer"

    def __init__(self, served: ServedModel, problem: str) -> None:
        path, key = "/models", "LLM_SERVER_API_KEY"
        if served.api == "ollama":
            path, key = "/api/tags", "OLLAMA_API_KEY"
        super().__init__(
            f"the server at {served.url} does not say which models it has: {problem}",
            hint=f"see its answer: curl {served.url}{path}; a key for it goes into {key}",
        )


class ServerModelError(OwnServerError):
    """A server does not have the model, or has several and none was named."""

    code = "llm_server_model"

    def __init__(self, served: ServedModel, known: Sequence[str]) -> None:
        problem = f"has no model `{served.model}`{did_you_mean(served.model, known)}"
        if not served.model:
            problem = f"has {len(known)} models, and none was named" if known else "has no model"
        more = f", and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
        super().__init__(
            f"the server at {served.url} {problem}",
            hint=f"it has {', '.join(known[:_MOST_NAMED])}{more}; name one: "
            f"--refine-model '{served.url}#{known[0]}'"
            if known
            else f"load one there; see them with: curl {served.url}/models",
        )
