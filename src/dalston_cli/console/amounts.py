"""Durations, sizes and speeds as people read them."""

_MINUTE_S = 60
_HOUR_S = 3600
_KILO = 1000
_TWO_DIGITS = 10


def duration(seconds: float) -> str:
    """``4.2 s``, ``3:07`` or ``1:02:33``."""
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    hours, rest = divmod(whole, _HOUR_S)
    minutes, left = divmod(rest, _MINUTE_S)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def size(num_bytes: float) -> str:
    """``512 B``, ``3.4 MB`` or ``1.6 GB``, in powers of 1000."""
    amount = float(num_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < _KILO:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= _KILO
    return f"{amount:.1f} TB"


def speed(rtfx: float) -> str:
    """Audio seconds per wall second: ``0.8x`` or ``35x``."""
    return f"{rtfx:.1f}x" if rtfx < _TWO_DIGITS else f"{rtfx:.0f}x"


def count(number: int, noun: str) -> str:
    """``1 recording``, ``2 recordings``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
