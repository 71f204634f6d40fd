"""Ages and sizes as people write them: ``30d``, ``12h``, ``5GB``."""

import re

from dalston_cli.errors import UsageError

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*(m|h|d|w|y)", re.IGNORECASE)
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(k|M|G|T)?(i)?B?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


class AmountError(UsageError):
    """An age or a size cannot be understood."""

    code = "amount"

    def __init__(self, option: str, given: str, example: str) -> None:
        super().__init__(
            f"{option} {given!r} cannot be understood", hint=f"write {option} {example}"
        )


def parse_age(option: str, given: str | None) -> float | None:
    """Return seconds; None for None.

    Raises:
        AmountError: It is none.
    """
    if given is None:
        return None
    found = _AGE.fullmatch(given.strip())
    if found is None:
        raise AmountError(option, given, "30d (m, h, d, w or y)")
    return float(found[1]) * _SECONDS[found[2].lower()]


def parse_size(option: str, given: str | None) -> int | None:
    """Return bytes; ``GB`` is 1000 MB, as sizes are shown, ``GiB`` 1024 MiB; None for None.

    Raises:
        AmountError: It is none.
    """
    if given is None:
        return None
    found = _SIZE.fullmatch(given.strip())
    if found is None:
        raise AmountError(option, given, "5GB (kB, MB, GB or TB)")
    unit = 1024.0 if found[3] else 1000.0
    return round(float(found[1]) * pow(unit, _POWERS[(found[2] or "").lower()]))
