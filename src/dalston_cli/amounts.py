"""Durations, sizes and speeds as text for people."""

_MINUTE_S = 60
_HOUR_S = 3600
_KILO = 1000
_TWO_DIGITS = 10


def duration(seconds: float) -> str:
    """Return ``4.2 s``, ``3:07`` or ``1:02:33``."""
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    hours, rest = divmod(whole, _HOUR_S)
    minutes, left = divmod(rest, _MINUTE_S)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def countdown(seconds: float) -> str:
    """Return ``12 s``, ``3:07`` or ``1:02:33``: whole seconds, for what changes every second."""
    return f"{max(0, seconds):.0f} s" if seconds < _MINUTE_S - 0.5 else duration(seconds)


def rough_duration(seconds: float) -> str:
    """Return ``40 s``, ``5 min`` or ``2 h``; a negative duration is ``0 s``."""
    if seconds >= _HOUR_S:
        return f"{seconds / _HOUR_S:.0f} h"
    if seconds >= _MINUTE_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    return f"{max(0, seconds):.0f} s"


def readable_size(num_bytes: float) -> str:
    """Return ``512 B``, ``3.4 MB`` or ``75 MB``, in powers of 1000."""
    amount, unit = float(num_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < _KILO:
            break
        amount, unit = amount / _KILO, larger
    return (
        f"{amount:.1f} {unit}" if unit != "B" and amount < _TWO_DIGITS else f"{amount:.0f} {unit}"
    )


def readable_part(done: float, total: float) -> str:
    """Return ``84/122 MB``, or ``84 MB`` where ``total`` is 0, which is for unknown."""
    if not total:
        return readable_size(done)
    whole = readable_size(total)
    amount = whole.split()[0]
    part = min(done, total) / total * float(amount)
    return f"{part:.{1 if '.' in amount else 0}f}/{whole}"


def speed(rtfx: float) -> str:
    """Return audio seconds per wall second: ``0.8x`` or ``35x``."""
    return f"{rtfx:.1f}x" if rtfx < _TWO_DIGITS else f"{rtfx:.0f}x"


def count(number: int, noun: str) -> str:
    """Return ``1 recording``, ``2 recordings``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
