"""The model that may be meant by a name that no model has."""

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from dalston_cli.catalog.schema import ModelEntry

Owners = Mapping[str, ModelEntry]
"""Models by each of their names."""

_ALIKE = 0.6
_WORDS = re.compile(r"[-._/]")


def did_you_mean_model(
    name: str,
    models: Mapping[str, ModelEntry],
    aliases: Mapping[str, str],
    groups: Mapping[str, ModelEntry] | None = None,
) -> str:
    """Return ``; did you mean `x`?`` to append to a message, or nothing.

    Among names that are equally alike the better model wins.

    Args:
        name: What no model is called.
        models: By id.
        aliases: The id of the model that each other name means.
        groups: The transcribing model by the id of each group.
    """
    groups = groups or {}
    short = {alias: models[model_id] for alias, model_id in aliases.items()}
    owners = {**short, **models, **groups}
    if "/" not in name:
        owners = {known: owner for known, owner in owners.items() if "/" not in known}
    for known in _most_wanted_first(name.lower(), owners, groups):
        if found := _most_alike(name.lower(), known):
            owner = found if found in groups else known[found].id
            called = f"`{found}`" if found == owner else f"`{found}` ({owner})"
            return f"; did you mean {called}?"
    return ""


def _most_wanted_first(name: str, owners: Owners, groups: Owners) -> Iterator[Owners]:
    """Yield names to look among, first those that are more surely meant.

    Models of one stage come before those of several and before groups, which bring more weights
    along, unless the first word is theirs.
    """
    family = _words(name)[0]
    alone = {k: owner for k, owner in owners.items() if _is_alone(owner) and k not in groups}
    yield {known: owner for known, owner in owners.items() if known.lower() == name}
    yield {known: owner for known, owner in alone.items() if name.endswith(f"-{known.lower()}")}
    yield {known: owner for known, owner in owners.items() if _words(known)[0] == family}
    yield alone
    yield owners


def _most_alike(name: str, known: Owners) -> str | None:
    """Return the name that is most like ``name``; else the best that holds it, or is in it."""
    ratios = {each: SequenceMatcher(None, name, each.lower()).ratio() for each in known}
    alike = {each: ratio for each, ratio in ratios.items() if ratio >= _ALIKE}
    alike |= {
        each: 0.0
        for each in known
        if each not in alike and (each.lower() in name or name in _words(each))
    }
    return max(alike, key=lambda each: (alike[each], known[each].rank), default=None)


def _is_alone(model: ModelEntry) -> bool:
    return len(model.stages) == 1


def _words(name: str) -> list[str]:
    return _WORDS.split(name.lower())
