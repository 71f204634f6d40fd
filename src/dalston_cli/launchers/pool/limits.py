"""Time limits and numbers of retries of the pool."""

from msgspec import Struct


class PoolLimits(Struct, frozen=True, kw_only=True):
    """Times in seconds, and retries per request.

    Attributes:
        start_timeout_s: From a process's start to its first answer.
        restarts: Retries after the engine crashed.
        recreations: Retries with a new engine after the GPU was lost.
        reacquires: Retries after the engine ended before it was reached, as one does whose
            keep-alive is over.
        pause_s: Pause before the first restart; doubles with each further one.
        longest_pause_s: Upper bound of the pause.
        heartbeat_s: Interval of an engine's signs of life; one that gives none for several times
            as long is replaced.
        probe_timeout_s: Time for an engine that broke a stream to answer.
    """

    start_timeout_s: float = 180.0
    restarts: int = 3
    recreations: int = 1
    reacquires: int = 5
    pause_s: float = 0.2
    longest_pause_s: float = 5.0
    heartbeat_s: float = 5.0
    probe_timeout_s: float = 3.0

    def pause(self, attempt: int) -> float:
        """Return the seconds to wait before restart number ``attempt``, from 1."""
        return min(self.longest_pause_s, self.pause_s * 2.0 ** (attempt - 1))
