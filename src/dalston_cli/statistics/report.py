"""A page with the statistics of a batch: one file without script, light and dark, and to print."""

import io
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from pathlib import Path

from dalston_cli.amounts import count, duration
from dalston_cli.atomic_file import written_whole
from dalston_cli.control_characters import without_controls
from dalston_cli.formats.timestamp import clock
from dalston_cli.statistics.batch import Batch
from dalston_cli.statistics.intervals import Interval, merged
from dalston_cli.statistics.plots import bars, histogram, timeline
from dalston_cli.statistics.rows import Row, Value
from dalston_cli.statistics.sums import Sums

_MOST_ROWS = 500
_MOST_BARS = 25
_SHOWN = {
    "duration_s": "length",
    "talk_s": "speech",
    "talk_share": "share of the talk",
    "silence_share": "silence",
    "overlap_share": "overlap",
    "turns": "turns",
    "turn_mean_s": "mean turn",
    "words_per_minute": "words per minute",
    "interruptions": "interruptions",
    "backchannels": "backchannels",
    "latency_median_s": "latency",
}
_CLOCKS = {"duration_s", "talk_s"}


def write_report(batch: Batch, path: Path) -> None:
    """Write the page of a batch that has ended.

    Raises:
        OSError: It cannot be written.
    """
    with written_whole(path) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="\n", write_through=True, errors="replace")
        for part in _parts(batch):
            text.write(without_controls(part))
        text.flush()
        text.detach()


def _parts(batch: Batch) -> Iterator[str]:
    whole = batch.whole
    title = f"Statistics of {count(whole.recordings, 'recording')}"
    style = files("dalston_cli.statistics").joinpath("report.css").read_text("utf-8")
    yield (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
        " style-src 'unsafe-inline'\">\n"
        f'<meta name="color-scheme" content="light dark">\n<title>{escape(title)}</title>\n'
        f"<style>\n{style}</style>\n<main>\n<h1>{escape(title)}</h1>\n"
    )
    yield _figures(whole)
    yield '<div class="plots">\n'
    yield from _plots(batch)
    yield "</div>\n"
    yield from _rows(batch, "speaker", "Speakers", ("recording", "speaker"))
    yield from _rows(batch, "recording", "Recordings", ("recording",))
    yield "</main>\n</html>\n"


def _figures(whole: Sums) -> str:
    shown = (
        (clock(whole.duration_s, fraction=""), "recorded"),
        (_percent(1 - (whole.silence_share or 0.0)), "speech"),
        (_percent(whole.overlap_share), "overlap"),
        (f"{whole.words.total:,}", "words"),
        (_number(whole.words_per_minute), "words per minute"),
        (f"{whole.turns:,}", "turns"),
        (f"{whole.interruptions:,}", "interruptions"),
        (f"{_number(whole.latency_mean_s)} s", "mean latency"),
    )
    boxes = "".join(f"<div><dt>{name}</dt><dd>{escape(text)}</dd></div>" for text, name in shown)
    return f"<dl>{boxes}</dl>\n"


def _plots(batch: Batch) -> Iterator[str]:
    last = batch.last
    if batch.whole.recordings == 1 and last and last.speech:
        every = merged(each for one in last.speech.values() for each in one)
        start = min(last.start_s, every[0].start)
        end = max(every[-1].end, last.start_s + last.whole.duration_s)
        yield timeline("Who speaks when", last.speech, Interval(start, end))
    talk = sorted(batch.speakers.items(), key=lambda item: -item[1].talk_s)[:_MOST_BARS]
    yield bars(
        "Speech by speaker",
        [(name or "unnamed", each.talk_s, duration(each.talk_s)) for name, each in talk],
    )
    if batch.whole.recordings > 1:
        for one in (*batch.of_recordings, *batch.of_speakers):
            if one.total:
                yield histogram(one)
    if shares := batch.whole.emotion_shares:
        ordered = sorted(shares.items(), key=lambda item: -item[1])[:_MOST_BARS]
        yield bars("Emotions", [(label, part, _percent(part)) for label, part in ordered])
    if batch.whole.event_s:
        events = sorted(batch.whole.event_s.items(), key=lambda item: -item[1])[:_MOST_BARS]
        yield bars(
            "Sounds",
            [
                (label, time_s, f"{duration(time_s)} ({batch.whole.events[label]:.0f} x)")
                for label, time_s in events
            ],
        )


def _rows(batch: Batch, scope: str, title: str, names: tuple[str, ...]) -> Iterator[str]:
    heads = "".join(f"<th>{head}</th>" for head in (*names, *_SHOWN.values()))
    yield f'<h2>{title}</h2>\n<div class="wide"><table><thead><tr>{heads}</tr></thead>\n'
    shown = 0
    for row in batch.rows.rows():
        if row["scope"] == scope:
            shown += 1
            if shown <= _MOST_ROWS:
                yield _row(row, names)
    yield "</table></div>\n"
    if shown > _MOST_ROWS:
        yield f"<p>The first {_MOST_ROWS} of {shown:,}; -f csv has all.</p>\n"


def _row(row: Row, names: tuple[str, ...]) -> str:
    cells = "".join(f"<td>{escape(str(row[name] or '-'))}</td>" for name in names)
    values = "".join(f'<td class="n">{_value(name, row[name])}</td>' for name in _SHOWN)
    return f"<tr>{cells}{values}</tr>\n"


def _value(name: str, value: Value) -> str:
    if not isinstance(value, int | float):
        return ""
    if name in _CLOCKS:
        return clock(value, fraction="")
    return _percent(value) if name.endswith("_share") else _number(value)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.1f}"
