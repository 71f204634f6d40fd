"""The most that callers may ask of a server."""

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """Limits of a server.

    Attributes:
        most_bytes: Of one upload.
        upload_bytes: Of all uploads whose jobs have not ended.
        jobs: Recordings in work at the same time.
        most_waiting: Requests and jobs of one caller that wait for their turn.
        per_minute: Requests of one caller in a minute; None for no limit.
    """

    most_bytes: int = 2_000_000_000
    upload_bytes: int = 20_000_000_000
    jobs: int = 4
    most_waiting: int = 1000
    per_minute: float | None = None
