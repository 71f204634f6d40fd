"""A page with scores and coloured alignments: one file without script, light and dark."""

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from dalston_cli.atomic_file import written_whole
from dalston_cli.control_characters import without_controls
from dalston_cli.evaluation.counts import Step
from dalston_cli.evaluation.rows import HEADINGS, between, cells, percent, used_columns
from dalston_cli.evaluation.scoring import Rules, Scores
from dalston_cli.evaluation.session import Outcome

_MOST_ALIGNED = 200
"""Recordings whose text is shown, for each model; a page of more is no help."""


def write_report(outcomes: Sequence[Outcome], rules: Rules, path: Path) -> None:
    """Write the page.

    Raises:
        OSError: It cannot be written.
    """
    with written_whole(path) as file:
        for part in _parts(outcomes, rules):
            file.write(without_controls(part).encode("utf-8", errors="replace"))


def _parts(outcomes: Sequence[Outcome], rules: Rules) -> Iterator[str]:
    style = files("dalston_cli.evaluation").joinpath("report.css").read_text("utf-8")
    yield (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
        " style-src 'unsafe-inline'\">\n"
        '<meta name="color-scheme" content="light dark">\n<title>Scores</title>\n'
        f"<style>\n{style}</style>\n<main>\n<h1>Scores</h1>\n"
        f"<p>{escape(terms(rules, outcomes))}</p>\n"
    )
    if len(outcomes) > 1:
        yield from _models(outcomes)
    for each in outcomes:
        yield from _recordings(each)
    yield "</main>\n</html>\n"


def terms(rules: Rules, outcomes: Sequence[Outcome]) -> str:
    """Return how was compared, of those scores that there are."""
    wholes = [each.whole for each in outcomes]
    overlap = "without overlapping speech" if rules.skip_overlap else "overlapping speech included"
    parts = []
    if any(each.words for each in wholes):
        parts.append(f"Words are compared in the form of the normaliser {rules.normaliser}.")
    if any(each.by_time for each in wholes):
        parts.append(f"For tcpWER a word may be {rules.word_collar_s:g} s from its time.")
    if any(each.speakers for each in wholes):
        collar = f"a collar of {rules.collar_s:g} s on each side"
        parts.append(f"Who spoke when is compared with {collar}, {overlap}.")
    return " ".join(parts)


def _models(outcomes: Sequence[Outcome]) -> Iterator[str]:
    heads = ("model", "WER", "95 % of draws", "behind the best", "CER", "cpWER", "DER", "RTFx")
    yield "<h2>Models</h2>\n" + _table_start(heads)
    for each in outcomes:
        shown = dict(zip(HEADINGS, cells(each.whole), strict=True))
        name = (each.model, shown["WER"], between(each.interval), between(each.behind))
        yield _row((*name, *(shown[key] for key in ("CER", "cpWER", "DER", "RTFx"))))
    yield "</table></div>\n"


def _recordings(outcome: Outcome) -> Iterator[str]:
    yield f"<h2>{escape(outcome.model or 'Recordings')}</h2>\n"
    rows = [cells(each) for each in (*outcome.recordings, outcome.whole)]
    shown = used_columns(rows)
    yield _table_start(("recording", *(HEADINGS[number] for number in shown)))
    for scores, row in zip((*outcome.recordings, outcome.whole), rows, strict=True):
        yield _row((scores.name, *(row[number] for number in shown)))
    yield "</table></div>\n"
    if outcome.interval:
        yield f"<p>WER in 95 of 100 draws of recordings: {between(outcome.interval)}</p>\n"
    for scores in outcome.recordings[:_MOST_ALIGNED]:
        if scores.steps:
            yield _aligned(scores)
    if len(outcome.recordings) > _MOST_ALIGNED:
        yield f"<p>The text of the first {_MOST_ALIGNED} recordings is shown.</p>\n"


def _aligned(scores: Scores) -> str:
    rate = percent(scores.words.rate) if scores.words else None
    text = " ".join(_marked(step) for step in scores.steps)
    return (
        f"<details><summary>{escape(scores.name)}: WER {rate or 'unknown'}</summary>"
        f'<p class="text" dir="auto">{text}</p></details>\n'
    )


def _marked(step: Step) -> str:
    """Return words: missing ones deleted, added ones inserted, wrong ones both."""
    said, heard = (escape(" ".join(side)) for side in (step.reference, step.hypothesis))
    if step.kind == "equal":
        return said
    missing, added = said and f"<del>{said}</del>", heard and f"<ins>{heard}</ins>"
    return " ".join(part for part in (missing, added) if part)


def _table_start(heads: Sequence[str]) -> str:
    cells_ = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    return f'<div class="wide"><table>\n<tr>{cells_}</tr>\n'


def _row(values: Sequence[str | None]) -> str:
    name, *others = (escape(value or "") for value in values)
    return f'<tr><th scope="row">{name}</th>{"".join(f"<td>{each}</td>" for each in others)}</tr>\n'
