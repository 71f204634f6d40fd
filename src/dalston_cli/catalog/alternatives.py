"""The models that are worth trying in place of one that cannot do what was asked for. Pure."""

from collections.abc import Collection, Iterable

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import BundledSource


def best_alternatives(
    models: Iterable[ModelEntry], installed: Collection[str]
) -> tuple[ModelEntry, ...]:
    """Put first what is the least effort to try.

    That is what is installed, then what needs no terms, then what brings no weights of further
    stages along, then what most people need, then the best. The model that comes with Dalston is
    here, too, but makes too many mistakes to be tried before those that are pulled.

    Args:
        models: All that can do it, in any order.
        installed: Ids of models whose weights are here.
    """

    def effort(model: ModelEntry) -> tuple[bool, bool, bool, bool, int, str]:
        is_here = model.id in installed and not isinstance(model.source, BundledSource)
        is_bundle = len(model.stages) > 1
        is_gated = bool(model.gated_repos)
        return not is_here, is_gated, is_bundle, not model.recommended, -model.rank, model.id

    return tuple(sorted(models, key=effort))
