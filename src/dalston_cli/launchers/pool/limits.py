"""How patient the pool is."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PoolLimits:
    """Times in seconds, and how often.

    Attributes:
        start_timeout_s: From a process's start to its first answer.
        restarts: How often one request may lose its engine to a crash and is tried again.
        recreations: How often one request may find its GPU lost and gets a new engine.
        reacquires: How often one request may find that its engine has ended before it was
            reached, as one does whose keep-alive is over.
        pause_s: Before the first restart; doubles with each further one.
        longest_pause_s: The most it grows to.
        heartbeat_s: How often an engine that works gives a sign of life; one that gives none for
            several times as long is replaced.
        probe_timeout_s: How long an engine that broke a stream may take to show that it lives.
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
        """Seconds to wait before the restart number ``attempt``, from 1."""
        return min(self.longest_pause_s, self.pause_s * 2.0 ** (attempt - 1))
