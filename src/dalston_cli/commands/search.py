"""``dalston search``: what was said, in all transcripts of a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dalston_cli.console import Console
from dalston_cli.options.general import Json, Quiet

if TYPE_CHECKING:
    from dalston_cli.search.find import Hit
    from dalston_cli.search.session import Searched

_NAMED = 3


def search(
    query: Annotated[
        str, typer.Argument(metavar="WORDS", help="Words, and what is said below about them.")
    ],
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FOLDER...]", help="Where JSON transcripts are; this folder by default."
        ),
    ] = None,
    *,
    limit: Annotated[
        int, typer.Option("--limit", "-n", metavar="N", min=1, help="Most hits to show.")
    ] = 20,
    context: Annotated[
        int,
        typer.Option(
            "--context", metavar="N", min=0, help="Letters to show on each side of what was found."
        ),
    ] = 60,
    no_update: Annotated[
        bool,
        typer.Option(
            "--no-update", help="Search the index as it is, without a look at the folder."
        ),
    ] = False,
    opens: Annotated[
        bool,
        typer.Option(
            "--open", help="Show the best hit in the browser, to hear and correct it; until Ctrl-C."
        ),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find what was said in transcripts.

    All words have to be in one passage of one speaker; case and accents do not matter. Also:
    "a phrase", begin*, one OR other, one NOT other, NEAR(one other, 5), speaker:Ada,
    date:2024-05, date:2024-05..2024-07. An index of the folder is kept for the next search.

    dalston search '"next year" tax*' calls/

    dalston search 'NEAR(merger bank, 5) speaker:Ada date:2024' calls/ --json
    """
    from dalston_cli.amounts import count
    from dalston_cli.options.build import ExcludedOptionsError
    from dalston_cli.search.session import Search
    from dalston_cli.settings.locations import Locations

    console = Console("search", json=json, quiet=quiet)
    if opens and json:
        raise ExcludedOptionsError("--open", "--json", "the page is served until Ctrl-C")
    asked = Search(
        query=query,
        folders=folders or [Path()],
        limit=limit,
        updates=not no_update,
        tell=console.warning,
        progress=lambda number: console.info(f"read {count(number, 'file')}"),
    )
    searched = asked.run(Locations.from_environment().state)
    _tell_changes(console, searched)
    if json:
        console.result(_data(searched))
        return
    if searched.found.hits:
        console.data("\n".join(_line(console, hit, context) for hit in searched.found.hits))
    _tell_total(console, searched)
    if opens and searched.found.hits:
        _open(searched.found.hits[0], quiet=quiet)


def _open(hit: "Hit", *, quiet: bool) -> None:
    """Serve the page of a hit's transcript, at the hit."""
    from dalston_cli.commands.review import review

    review(hit.transcript, at=round(hit.at, 2), quiet=quiet)


def _tell_changes(console: Console, searched: "Searched") -> None:
    problems = [each for changes in searched.changes for each in changes.problems]
    for problem in problems[:_NAMED]:
        console.warning(problem)
    if len(problems) > _NAMED:
        console.warning(f"{len(problems) - _NAMED} more files cannot be searched")


def _tell_total(console: Console, searched: "Searched") -> None:
    from dalston_cli.amounts import count

    found = searched.found
    total = count(found.total, "passage") if found.is_ranked else "more passages than are ranked"
    console.info(f"{total} in {count(searched.num_transcripts, 'transcript')}")
    if not found.is_ranked:
        console.hint("the best ones are found with more words, a phrase, speaker: or date:")
    elif found.total > len(found.hits):
        console.hint(f"shown are {len(found.hits)}; see more with --limit {found.total}")


def _line(console: Console, hit: "Hit", context: int) -> str:
    """Return a hit on one line: where, when, who, and what is around the first match."""
    from dalston_cli.console import printable
    from dalston_cli.console.look import Look, Span, Style
    from dalston_cli.formats.timestamp import clock

    look = Look.of(console.stdout)
    begin, end = (hit.matches[0].begin, hit.matches[0].end) if hit.matches else (0, 0)
    first, last = max(0, begin - context), min(len(hit.text), end + context)
    if first:  # whole words
        first = hit.text.find(" ", first, begin) + 1 or first
    if last < len(hit.text):
        last = max(hit.text.rfind(" ", end, last), end) or last
    spans = [
        Span(f"{printable(hit.transcript)}  "),
        Span(f"{clock(hit.at, fraction='')}  ", Style.PROGRESS),
        Span(f"{printable(hit.speaker)}: " if hit.speaker else ""),
        Span(look.signs.more if first else ""),
    ]
    place = first
    for match in hit.matches:
        if match.end <= last:
            spans.append(Span(printable(hit.text[place : match.begin])))
            spans.append(Span(printable(hit.text[match.begin : match.end]), Style.STRONG))
            place = match.end
    spans.append(Span(printable(hit.text[place:last])))
    spans.append(Span(look.signs.more if last < len(hit.text) else ""))
    return look.paint(spans)


def _data(searched: "Searched") -> dict[str, object]:
    found = searched.found
    return {
        "hits": found.hits,
        "total": found.total,
        "is_ranked": found.is_ranked,
        "num_transcripts": searched.num_transcripts,
        "problems": [each for changes in searched.changes for each in changes.problems],
    }
