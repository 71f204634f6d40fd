"""``dalston review``: listen to transcripts and correct them, in a browser."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dalston_cli.console import Console
from dalston_cli.errors import UsageError
from dalston_cli.options.general import Json, Quiet

if TYPE_CHECKING:
    from dalston_cli.pipeline.recognition.enrolling import Enroller


class TimeOfManyError(UsageError):
    """A time was given for several transcripts."""

    code = "time_of_many"

    def __init__(self, number: int) -> None:
        super().__init__(
            f"--at is a time of one transcript, and here are {number}",
            hint="name one: dalston review talk.json --at 90",
        )


def review(
    place: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER|JSON", help="Transcripts that dalston transcribe wrote as JSON."
        ),
    ],
    *,
    audio_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of the recordings, where they are not beside the JSON."
        ),
    ] = None,
    at: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="Show one transcript at this time."),
    ] = None,
    roster: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Offer to put speakers on this roster of known voices, with their consent.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="0 takes a free one.")
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address and open nothing.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Listen to transcripts and correct them in the browser.

    Serves a page to this machine alone, until Ctrl-C. Corrections are saved with every edit to
    a file beside the JSON, talk.corrections.jsonl, and never into the JSON. dalston export and
    the next dalston transcribe write the corrected text.

    dalston review transcripts/

    dalston review talk.json --audio-dir recordings/ --no-browser
    """
    from dalston_cli.amounts import count
    from dalston_cli.formats.read import read_transcript
    from dalston_cli.review.access import Keys
    from dalston_cli.review.app import make_app
    from dalston_cli.review.folder import NoTranscriptsError, ReviewFolder
    from dalston_cli.review.serve import HOST, listen, serve

    console = Console("review", json=json, quiet=quiet)
    if not place.is_dir():
        read_transcript(place)  # says what is wrong with it
    folder = ReviewFolder(place, audio_dir, console.warning)
    items = folder.listed()
    if not items:
        raise NoTranscriptsError(place)
    if at is not None and len(items) != 1:
        raise TimeOfManyError(len(items))
    silent = sum(folder.recording(item.id) is None for item in items)
    if silent:
        console.warning(
            f"{count(silent, 'recording')} of {len(items)} not found: there is nothing to hear",
            hint="name their folder: --audio-dir DIR",
        )
    enroller = _enroller(roster, console) if roster is not None else None
    with listen(port) as listener:
        keys = Keys.new(listener.getsockname()[1])
        url = f"http://{HOST}:{keys.port}/#token={keys.token}"
        if len(items) == 1:
            from urllib.parse import quote

            url += f"&item={quote(items[0].id, safe='')}"
            url += f"&t={at:g}" if at is not None else ""

        def ready() -> None:
            if json:
                console.result({"url": url, "transcripts": len(items)})
            else:
                console.data(url)
            console.info(f"{count(len(items), 'transcript')} of {folder.root}; end with Ctrl-C")
            if not no_browser:
                import webbrowser
                from threading import Thread

                # Of its own, as one for the terminal would keep the server waiting.
                Thread(target=webbrowser.open, args=(url,), daemon=True).start()

        serve(make_app(folder, keys, enroller), listener, ready)


def _enroller(roster: str, console: Console) -> "Enroller":
    """Return what takes speakers onto a roster; one that cannot be used is refused now."""
    from contextlib import suppress

    from dalston_cli.catalog.load import load_catalog
    from dalston_cli.commands.store.setting import kept_results
    from dalston_cli.pipeline.recognition.enrolling import Enroller
    from dalston_cli.settings.locations import Locations
    from dalston_cli.speakers.roster_file import NoRosterError, read_roster

    locations = Locations.from_environment()
    with suppress(NoRosterError):  # it is made for its first person
        read_roster(roster, locations.state)
    store = kept_results(None, locations, console)
    return Enroller(roster=roster, state=locations.state, catalog=load_catalog(), store=store)
