"""Numbers for Prometheus."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from dalston_cli.pipeline.events import JobFinished

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200)


class Metrics:
    """The numbers of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._recordings = Counter(
            "dalston_recordings",
            "Recordings that ended, by how they did.",
            ["status"],
            registry=self._registry,
        )
        self._audio = Counter(
            "dalston_audio_seconds", "Audio that was transcribed.", registry=self._registry
        )
        self._elapsed = Histogram(
            "dalston_recording_seconds",
            "Time from the beginning of a recording to its transcript.",
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._at_work = Gauge(
            "dalston_recordings_in_work", "Recordings in work.", registry=self._registry
        )
        self._requests = Counter(
            "dalston_requests",
            "Requests, by address and status.",
            ["path", "status"],
            registry=self._registry,
        )

    def note(self, finished: JobFinished) -> None:
        """Count a recording that ended."""
        self._recordings.labels(finished.status).inc()
        self._audio.inc(finished.duration_s or 0.0)
        self._elapsed.observe(finished.elapsed_s)

    def note_request(self, path: str, status: int) -> None:
        """Count a request; ``path`` is a route's, with names in place of values."""
        self._requests.labels(path, str(status)).inc()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Count a recording as in work."""
        with self._at_work.track_inprogress():
            yield

    def text(self) -> bytes:
        """Return all numbers as Prometheus reads them."""
        return generate_latest(self._registry)
