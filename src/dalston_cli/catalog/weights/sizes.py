"""Numbers of bytes for people."""


def readable_size(size: int) -> str:
    """Bytes for people, in decimal units as download pages show them."""
    if size >= 10**9:
        return f"{size / 10**9:.1f} GB"
    if size >= 10**6:
        return f"{size / 10**6:.0f} MB"
    return f"{size / 10**3:.0f} kB" if size >= 10**3 else f"{size} B"
