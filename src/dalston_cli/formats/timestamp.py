"""Points in time as people and subtitle files write them."""


def clock(seconds: float, *, fraction: str = ".", always_hours: bool = True) -> str:
    """``HH:MM:SS.mmm``, rounded to the millisecond; more than 99 hours take more digits.

    Args:
        seconds: From the start of the recording; a negative one counts as 0.
        fraction: What separates seconds from milliseconds; empty leaves milliseconds out.
        always_hours: Whether 0 hours are written too.
    """
    total_ms = max(0, round(seconds * 1000))
    minutes, ms = divmod(total_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{minutes:02d}:{ms // 1000:02d}"
    if fraction:
        text += f"{fraction}{ms % 1000:03d}"
    return f"{hours:02d}:{text}" if hours or always_hours else text
