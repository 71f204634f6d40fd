"""``dalston engines doctor``: the diagnosis of engines on this machine."""

import typer

from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import probe_machine
from dalston_cli.commands.engines.setting import EngineNames, engines_called, load, warn_once
from dalston_cli.console import Console
from dalston_cli.diagnosis import Diagnosis
from dalston_cli.errors import ExitCode
from dalston_cli.launchers.diagnosis import DiagnosisContext, EngineDiagnosis, diagnose_engine
from dalston_cli.options.general import Device, Json, Launcher, Profile
from dalston_cli.settings.locations import Locations

_COLUMNS = ("status", "engine", "what", "found")


def examine(
    engines: EngineNames = None,
    *,
    device: Device = None,
    launcher: Launcher = None,
    profile: Profile = None,
    json: Json = False,
) -> None:
    """Check how engines would start, whether those that run answer, and what they can read.

    Without ENGINE all are checked. Changes nothing. Ends with exit code 5 where one cannot work.
    """
    console = Console("engines doctor", json=json)
    catalog = load_catalog()
    names = engines_called(engines or (), console)
    chosen = [catalog.engine(name) for name in names or catalog.engines]
    resolved, launchers = load(profile=profile, device=device, launcher=launcher)
    context = DiagnosisContext(
        launchers=launchers,
        machine=probe_machine(),
        models_dir=Locations.from_environment().models,
        device=resolved.settings.device,
        gpus=resolved.settings.gpus,
    )
    warn = warn_once(console)
    found = [diagnose_engine(engine, context, on_problem=warn) for engine in chosen]
    _show(console, found, json=json)


def _show(console: Console, found: list[EngineDiagnosis], *, json: bool) -> None:
    failed = [(each.engine, one) for each in found for one in each.findings if one.status == "fail"]
    code = ExitCode.UNAVAILABLE if failed else ExitCode.OK
    if json:
        errors = [_error(engine, one) for engine, one in failed]
        console.result(found, exit_code=code, errors=errors)
    else:
        rows = [(o.status, each.engine, o.name, o.message) for each in found for o in each.findings]
        console.table(_COLUMNS, rows, data=found, empty="there are no engines")
        for hint in dict.fromkeys(one.hint for _, one in failed if one.hint):
            console.hint(hint)
    raise typer.Exit(code)


def _error(engine: str, diagnosis: Diagnosis) -> dict[str, str | None]:
    message = f"engine {engine}: {diagnosis.message}"
    return {"code": "unavailable", "message": message, "hint": diagnosis.hint}
