"""What a caller may ask for: settings of the work, never of the machine, of files or of money."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.unknown import UnknownModelError
from dalston_cli.errors import ConfigurationError, DalstonError
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.nearest import did_you_mean
from dalston_cli.options.build import build_run_options, resolve
from dalston_cli.options.callers import CALLER_SETTINGS, PAID_SETTINGS
from dalston_cli.options.rendering import build_render_options
from dalston_cli.options.without_effect import check_effects
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.request import AUTO_MODEL, RunOptions
from dalston_cli.pipeline.session import distinct_plans, stages_to_pull
from dalston_cli.server.errors import RequestRefusedError, invalid, not_honoured
from dalston_cli.settings.explain import OptionError
from dalston_cli.settings.load import ResolvedSettings
from dalston_cli.settings.table import TABLE

_LONGEST_NAME = 100
_MODELS = tuple(name for name in TABLE if name == "model" or name.endswith("_model"))


class DaskServerError(ConfigurationError):
    """The settings want Dask, which the server does not use."""

    code = "server_runner"

    def __init__(self) -> None:
        super().__init__(
            "dalston serve works on recordings itself, and the settings have runner = dask",
            hint="serve without it: DALSTON_RUNNER=local dalston serve",
        )


@dataclass(frozen=True)
class Wishes:
    """Reads what callers ask for.

    Args:
        environment: This machine.
        profile: Of the settings file, for all callers; None for the one in force.
    """

    environment: Environment
    profile: str | None = None

    def resolved(self, asked: Mapping[str, object]) -> ResolvedSettings:
        """Return the server's settings with those that a caller asks for.

        Raises:
            RequestRefusedError: One is unknown, or not a caller's to choose.
            UsageError: A value is impossible, or has no effect.
        """
        for name in asked:
            _check_name(name)
        try:
            resolved = resolve(asked, profile=self.profile)
        except OptionError as error:
            near = error.error.nearest
            hint = f"use {near[0]}" if near else None
            raise invalid(f"{error.setting} {error.error}", error.setting, hint=hint) from error
        if costly := sorted(resolved.from_pipeline() & PAID_SETTINGS):
            raise not_honoured("pipeline", f"it sets {costly[0]}, and language models cost money")
        for name in _MODELS:
            _check_model(self.environment.catalog, name, getattr(resolved.settings, name))
        check_effects(resolved, names=tuple(asked), formats=tuple(WRITERS))
        return resolved

    def render_options(self, asked: Mapping[str, object]) -> RenderOptions:
        """Return how a transcript is written that was made as a caller asked.

        Whether that could be asked for again, now, does not matter: its model may be gone.
        """
        return build_render_options(resolve(asked, profile=self.profile).settings)

    def run_options(
        self, asked: Mapping[str, object], folder: Path, *, store: str | None = None
    ) -> RunOptions:
        """Return the options of a run whose transcript goes into a folder, as JSON.

        Args:
            asked: What the caller chose.
            folder: For the transcript.
            store: The address for the results of stages; None for the run's own folder.

        Raises:
            RequestRefusedError, UsageError: As ``resolved`` does; or options contradict each other.
        """
        resolved = self.resolved(asked)
        settings = resolved.settings.replaced(
            output_dir=str(folder),
            output_beside=False,
            output_format=("json",),
            language_suffix=False,
            overwrite=False,
            pull="never",
            starter=False,
            store=store,
            jobs=1,
        )
        return build_run_options(settings, suggested=resolved.from_pipeline())

    def check(self, options: RunOptions) -> str:
        """Refuse what no run could do; return the transcribing model's id.

        Raises:
            UsageError: The model or its engine does not honour an option.
            RequestRefusedError: A model is not installed.
            ModelUnavailableError: None does what is asked for.
        """
        try:
            return self._planned(options)
        except DalstonError:
            if self.environment.recent is None:
                raise
            self.environment.recent.forget()  # it may have been installed a moment ago
            return self._planned(options)

    def _planned(self, options: RunOptions) -> str:
        planner = self.environment.planner(options)
        plans = distinct_plans((), planner)
        if missing := stages_to_pull(plans, options):
            raise not_installed(*(stage.model.id for stage in missing))
        return plans[0].transcribe.model.id


def not_installed(*models: str) -> RequestRefusedError:
    """Return the refusal of models that would have to be downloaded."""
    several = len(models) > 1
    are = f"models {', '.join(models)} are" if several else f"model {models[0]} is"
    return RequestRefusedError(
        HTTPStatus.NOT_FOUND,
        f"the {are} not installed on the server",
        code="model_not_found",
        param="model",
        hint=f"there: dalston models pull {' '.join(models)}",
    )


def _check_name(name: str) -> None:
    if name in CALLER_SETTINGS:
        return
    if name in PAID_SETTINGS:
        raise not_honoured(name, "language models cost money, and only the server turns them on")
    if name in TABLE:
        raise not_honoured(name, "it is the server's to set")
    raise invalid(f"there is no option {name!r}{did_you_mean(name, CALLER_SETTINGS)}", name)


def _check_model(catalog: Catalog, setting: str, name: str) -> None:
    if name == AUTO_MODEL or catalog.has_model(name):
        return
    problem = "there is no model of this name"
    if len(name) <= _LONGEST_NAME:
        try:
            catalog.model(name)
        except UnknownModelError as error:
            problem = error.message
    raise RequestRefusedError(
        HTTPStatus.NOT_FOUND,
        problem,
        code="model_not_found",
        param=setting,
        hint="GET /v1/models lists those that are installed",
    )
