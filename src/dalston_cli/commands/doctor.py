"""``dalston doctor``: the diagnosis of this machine."""

import typer

from dalston_cli.console import Console
from dalston_cli.errors import ExitCode
from dalston_cli.options.general import Json


def doctor(*, json: Json = False) -> None:
    """Check that this machine has what Dalston needs.

    Changes nothing. Ends with exit code 5 where something is missing that Dalston cannot do
    without.
    """
    from dalston_cli.pipeline.diagnosis import diagnose
    from dalston_cli.settings.locations import Locations

    console = Console("doctor", json=json)
    checks = list(diagnose(Locations.from_environment()))
    failed = [check for check in checks if check.status == "fail"]
    code = ExitCode.UNAVAILABLE if failed else ExitCode.OK
    errors = [{"code": "unavailable", "message": c.message, "hint": c.hint} for c in failed]
    if json:
        console.result(checks, exit_code=code, errors=errors)
    else:
        rows = [(check.status, check.name, check.message) for check in checks]
        console.table(("status", "what", "found"), rows, data=checks)
        for check in checks:
            if check.hint:
                console.hint(check.hint)
    raise typer.Exit(code)
