"""Brings models of the user's own servers into the catalog of one command."""

import hashlib
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.own_servers.addresses import OLLAMA, ServedModel, ollama_url, served_model
from dalston_cli.catalog.own_servers.asking import OllamaModel, ollama_models, server_models
from dalston_cli.catalog.own_servers.failures import (
    NotPulledError,
    OwnServerError,
    ServerModelError,
)
from dalston_cli.catalog.resolve import Advice
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import ServiceSource
from dalston_cli.errors import DalstonError
from dalston_sdk.wire import Stage

ENGINE = "llm-cleanup"
_VARIABLES = {
    "ollama": ("OLLAMA_API_KEY", "OLLAMA_BASE_URL"),
    "server": ("LLM_SERVER_API_KEY", "LLM_SERVER_URL"),
}
_FREE = {"input_usd": 0.0, "output_usd": 0.0}
_UNKNOWN_LICENCE = "unknown"
_NOT_IN_IDS = re.compile(r"[^a-z0-9._-]+")
_MAX_ID = 64
_MEMORY_SHARE = 0.8
"""Share of the memory that a model's weights may take, so that it is taken unasked."""


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """The catalog with what servers have.

    Attributes:
        variables: Where the servers are: an engine and its relay go by these.
        advice: What the user should know.
    """

    catalog: Catalog
    variables: Mapping[str, str] = field(default_factory=dict)
    advice: tuple[Advice, ...] = ()


def adopt_served(
    catalog: Catalog,
    names: Iterable[str],
    *,
    environ: Mapping[str, str] = os.environ,
    assume: bool = False,
    offline: bool = False,
) -> Adopted:
    """Add every ``ollama/NAME`` and every address among ``names``; leave other names alone.

    Args:
        catalog: The catalog of the command.
        names: What stands behind ``--refine-model``.
        environ: The environment variables.
        assume: Go by the name where a server does not answer: for a plan, which uses nothing.
        offline: Ask no server of other machines; what wants to use one is refused later.

    Raises:
        OwnServerError: A server does not answer, or does not have the model.
        ConfigurationError, UsageError: An address is wrong.
    """
    variables: dict[str, str] = {}
    advice: list[Advice] = []
    for name in dict.fromkeys(names):
        served = None if name in catalog.models else served_model(name, environ)
        if served is None:
            continue
        try:
            entry = _assumed(served) if offline and not served.local else _asked(served, environ)
        except OwnServerError as error:
            if not assume:
                raise
            entry = _assumed(served)
            advice.append(
                Advice(
                    code="server_not_asked",
                    message=f"it is not known whether {name} can be used: {error.message}",
                    hint=error.hint,
                )
            )
        catalog = catalog.with_model(name, entry)
        variables[_VARIABLES[served.api][1]] = served.url
    return Adopted(catalog=catalog, variables=variables, advice=tuple(advice))


def discover(
    catalog: Catalog,
    *,
    memory_mb: int,
    environ: Mapping[str, str] = os.environ,
    offline: bool = False,
) -> Adopted:
    """Add what a running Ollama has, the best with the highest rank; nothing if none runs.

    Better than others is a model with more parameters, if it fits into the memory. Models that
    only make vectors are left out, and those of which Ollama passes the text on.

    Args:
        catalog: The catalog of the command.
        memory_mb: Memory of this machine.
        environ: The environment variables.
        offline: Ask no Ollama of another machine.
    """
    try:
        served = ServedModel(api="ollama", url=ollama_url(environ), model="")
        if offline and not served.local:
            return Adopted(catalog=catalog)
        listed = ollama_models(served, environ.get("OLLAMA_API_KEY", "").strip())
    except DalstonError:
        return Adopted(catalog=catalog)
    mine = [each for each in listed if each.writes and not _is_elsewhere(each)]
    most = memory_mb * 10**6 * _MEMORY_SHARE
    mine.sort(key=lambda each: (each.size <= most, each.billions, each.size))
    for rank, model in enumerate(mine, start=1):
        entry = _ollama_entry(served, model).replaced(rank=rank)
        catalog = catalog.with_model(entry.id, entry)
    found = {_VARIABLES["ollama"][1]: served.url} if mine else {}
    return Adopted(catalog=catalog, variables=found)


def _asked(served: ServedModel, environ: Mapping[str, str]) -> ModelEntry:
    key = environ.get(_VARIABLES[served.api][0], "").strip()
    if served.api == "ollama":
        found = ollama_models(served, key)
        for model in found:
            if _short(model.name).lower() == _short(served.model).lower():
                return _ollama_entry(served, model)
        raise NotPulledError(served, [_short(each.name) for each in found])
    names = server_models(served, key)
    if served.model in names:
        return _entry(served, served.model)
    if not served.model and len(names) == 1:
        return _entry(served, names[0])
    raise ServerModelError(served, names)


def _assumed(served: ServedModel) -> ModelEntry:
    return _entry(served, served.model or "model")


def _ollama_entry(served: ServedModel, model: OllamaModel) -> ModelEntry:
    """Return the entry of a model that was pulled; what runs on this machine costs nothing."""
    elsewhere = _is_elsewhere(model)
    where = model.remote_host or "another machine"
    return _entry(served, _short(model.name)).replaced(
        source=_source(served, revision=model.digest, local=served.local and not elsewhere),
        size_mb=math.ceil(model.size / 10**6),
        defaults={} if elsewhere else {"prices": _FREE},
        notes=f"Ollama sends the text of the transcript to {where}" if elsewhere else "",
    )


def _entry(served: ServedModel, model: str) -> ModelEntry:
    title, name = served.url, f"{served.url}#{model}"
    if served.api == "ollama":
        title, name = "Ollama", f"{OLLAMA}{model}"
    return ModelEntry(
        id=_id(served, model),
        aliases=(name,),
        engine=ENGINE,
        runtime_model_id=f"{served.api}/{model}",
        stages=(Stage.REFINE, Stage.TRANSLATE),
        name=f"{model} ({title})",
        licence=_UNKNOWN_LICENCE,
        source=_source(served, revision="", local=served.local),
        size_mb=0,
    )


def _source(served: ServedModel, *, revision: str, local: bool) -> ServiceSource:
    key, url = _VARIABLES[served.api]
    return ServiceSource(key=key, url=url, revision=revision, local=local)


def _id(served: ServedModel, model: str) -> str:
    """Return an id that another model has only if it is written alike but for its marks."""
    whole = f"{served.api}-{model}".lower()
    slug = _NOT_IN_IDS.sub("-", whole).strip("-._")[:_MAX_ID].rstrip("-._")
    if served.api == "ollama" and slug == whole.replace(":", "-"):
        return slug
    return f"{slug}-{hashlib.sha256(f'{served.url} {model}'.encode()).hexdigest()[:8]}"


def _short(name: str) -> str:
    """Return a name as people say it: without the tag that is meant where there is none."""
    return name.removesuffix(":latest")


def _is_elsewhere(model: OllamaModel) -> bool:
    return bool(model.remote_host) or model.name.endswith(("-cloud", ":cloud"))
