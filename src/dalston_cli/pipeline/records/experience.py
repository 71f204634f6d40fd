"""Speeds measured in earlier runs, to estimate the next one."""

from dalston_cli.pipeline.records.journal import Journal

_LATEST = 50


def measured_rtfx(journal: Journal, model: str, device: str) -> float | None:
    """Return the last RTFx of a model: audio seconds per wall second, model loading excluded.

    Args:
        journal: The measurements.
        model: Id.
        device: ``cpu`` or ``cuda:N``.
    """
    row = journal.connection.execute(
        "SELECT sum(audio_s) AS audio, sum(elapsed_s) AS wall FROM (SELECT audio_s, elapsed_s"
        " FROM attempts WHERE model = ? AND device = ? AND status = 'done'"
        " ORDER BY rowid DESC LIMIT ?)",
        (model, device, _LATEST),
    ).fetchone()
    return row["audio"] / row["wall"] if row["wall"] else None


def seconds_per_byte(journal: Journal, suffix: str) -> float | None:
    """Return audio seconds per byte of the last recordings with this suffix, such as ``.mp3``."""
    row = journal.connection.execute(
        "SELECT sum(duration_s) AS audio, sum(size) AS size FROM (SELECT duration_s, size"
        " FROM jobs WHERE suffix = ? AND duration_s > 0 AND size > 0"
        " ORDER BY id DESC LIMIT ?)",
        (suffix, _LATEST),
    ).fetchone()
    return row["audio"] / row["size"] if row["size"] else None
