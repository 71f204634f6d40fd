"""Faults of the tests' hub."""

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Fault:
    """A fault of every request whose path contains ``path``.

    Attributes:
        status: Answer with this status instead.
        headers: Beside ``status``.
        moved_to: Answer with ``status`` and the same address with this in the place of ``path``.
        silent: Accept, read the request, and never answer.
        stall_after: Send this many bytes of a file, then nothing more.
        cut_after: Close the connection at this byte of the file, wherever the range began.
        short_by: Send this many bytes fewer, and say so in Content-Length.
        flip_byte: Change the byte at this place of the file.
        no_ranges: Answer a range with the whole file.
        pause_s: Wait after every chunk that is sent.
        times: How many requests it hits; None for all.
    """

    path: str = ""
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    moved_to: str | None = None
    silent: bool = False
    stall_after: int | None = None
    cut_after: int | None = None
    short_by: int = 0
    flip_byte: int | None = None
    no_ranges: bool = False
    pause_s: float = 0.0
    times: int | None = None
