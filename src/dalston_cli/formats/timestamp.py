"""Points in time as text."""


def clock(seconds: float, *, fraction: str = ".", always_hours: bool = True) -> str:
    """Return ``HH:MM:SS.mmm``, rounded to the millisecond; above 99 hours with more digits.

    Args:
        seconds: From the start of the recording; a negative one counts as 0.
        fraction: Separator of seconds and milliseconds; empty omits milliseconds.
        always_hours: Write hours even if they are 0.
    """
    total_ms = max(0, round(seconds * 1000))
    minutes, ms = divmod(total_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{minutes:02d}:{ms // 1000:02d}"
    if fraction:
        text += f"{fraction}{ms % 1000:03d}"
    return f"{hours:02d}:{text}" if hours or always_hours else text
