"""``dalston eval``: scores of transcripts, or of models, against references."""

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dalston_cli.console import Console
from dalston_cli.console.screen import Mode
from dalston_cli.errors import ExitCode, InputError, UnavailableError, UsageError
from dalston_cli.options.general import Json, Quiet
from dalston_cli.settings.choices import NormaliserName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dalston_cli.console.look import Span
    from dalston_cli.evaluation.counts import Step
    from dalston_cli.evaluation.scoring import Rules, Scores
    from dalston_cli.evaluation.session import Outcome
    from dalston_cli.pipeline.events import Event

_OUTPUT = "Output"


def eval(  # noqa: A001 - the name of the command; each option is one
    references: Annotated[
        Path,
        typer.Argument(metavar="REFERENCES", help="A folder of references, or one file of them."),
    ],
    hypotheses: Annotated[
        Path | None,
        typer.Argument(metavar="TRANSCRIPTS", help="A folder of transcripts, or one."),
    ] = None,
    *,
    models: Annotated[
        str | None,
        typer.Option(
            metavar="IDS",
            help="Transcribe with each of these, such as a,b,c, and compare them.",
        ),
    ] = None,
    recordings: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where recordings are; REFERENCES by default.",
        ),
    ] = None,
    diarize: Annotated[bool, typer.Option("--diarize", help="Find speakers, too.")] = False,
    language: Annotated[
        str | None,
        typer.Option(
            "--language", "-l", metavar="LANG", help="What is spoken; the transcript's by default."
        ),
    ] = None,
    normaliser: Annotated[
        NormaliserName,
        typer.Option(metavar="NAME", help="whisper|plain|none: how words are made alike."),
    ] = "whisper",
    collar: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", min=0, help="For DER: not scored on each side of a boundary."
        ),
    ] = 0.0,
    skip_overlap: Annotated[
        bool, typer.Option("--skip-overlap", help="For DER: do not score where several speak.")
    ] = False,
    word_collar: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0, help="For tcpWER: how far a word may be away."),
    ] = 5.0,
    show: Annotated[
        bool,
        typer.Option(
            "--show",
            help="Print the texts, errors in colour; with --json the alignment is in it.",
            rich_help_panel=_OUTPUT,
        ),
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html", help="Write a page with the texts, too.", rich_help_panel=_OUTPUT
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score transcripts, or models, against references.

    Errors of words (WER, CER), of words by speaker (cpWER, tcpWER), of speakers (DER, JER) and of
    words' times: all that both sides have. References are txt, stm, ctm, rttm, srt, vtt or json,
    under the names of the recordings.

    dalston eval right/ out/ --show

    dalston eval right/ --models auto,pocketsphinx-en-us
    """
    from dalston_cli.evaluation.report import terms, write_report
    from dalston_cli.evaluation.rows import data_of
    from dalston_cli.evaluation.scoring import Rules

    console = Console("eval", json=json, quiet=quiet)
    rules = Rules(
        normaliser=normaliser,
        language=_tag(language),
        collar_s=collar,
        skip_overlap=skip_overlap,
        word_collar_s=word_collar,
    )
    chosen = tuple(dict.fromkeys(one.strip() for one in (models or "").split(",") if one.strip()))
    if bool(chosen) == (hypotheses is not None):
        raise EvalSubjectError
    if hypotheses is not None and (recordings is not None or diarize):
        raise OptionOfModelsError
    if report is not None and report.suffix.lower() not in (".html", ".htm"):
        raise ReportNameError(report)
    subject = _Subject(
        references=references,
        place=hypotheses or recordings,
        models=chosen,
        diarize=diarize,
        with_texts=show or report is not None,
    )
    outcomes = _outcomes(console, subject, rules)
    if report is not None:
        try:
            write_report(outcomes, rules, report)
        except OSError as error:
            raise ReportUnwritableError(report, error) from error
    if show and not json:
        for outcome in outcomes:
            _show_texts(console, outcome)
    if json:
        data = [data_of(each, with_texts=show) for each in outcomes]
        console.result({"rules": rules, "outcomes": data})
    else:
        _show_scores(console, outcomes)
        console.info(terms(rules, outcomes))
    if len(outcomes) < len(chosen) or len({len(each.recordings) for each in outcomes}) > 1:
        raise typer.Exit(ExitCode.SOME_FAILED)


class EvalSubjectError(UsageError):
    """Neither transcripts nor models were named, or both."""

    code = "eval_subject"

    def __init__(self) -> None:
        super().__init__(
            "name either transcripts or models to compare with the references",
            hint="dalston eval right/ transcripts/   or: dalston eval right/ --models auto",
        )


class OptionOfModelsError(UsageError):
    """Nothing is transcribed, so that an option would have no effect."""

    code = "option_of_models"

    def __init__(self) -> None:
        super().__init__(
            "--recordings and --diarize are for --models: transcripts are scored as they are",
            hint="leave them out, or name models instead of transcripts",
        )


class ReportNameError(UsageError):
    """A report is a page, and has another ending."""

    code = "report_name"

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is no name of a page", hint="such as --report scores.html")


class ReportUnwritableError(UnavailableError):
    """The system refuses to write."""

    code = "report_unwritable"

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"cannot write {path}: {error.strerror or error}", hint="choose another --report"
        )


class UnknownSpokenLanguageError(InputError):
    """The text is no language."""

    code = "language_unknown"
    exit_code = ExitCode.USAGE

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(f"--language {text}: {problem}", hint="such as --language de")


def _tag(language: str | None) -> str | None:
    from dalston_cli.settings.language import UnknownLanguageError, language_tag

    if language is None:
        return None
    try:
        return language_tag(language)
    except UnknownLanguageError as error:
        raise UnknownSpokenLanguageError(language, str(error)) from error


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """What is scored; ``place`` has transcripts, or recordings for models."""

    references: Path
    place: Path | None
    models: tuple[str, ...]
    diarize: bool
    with_texts: bool


def _outcomes(console: Console, subject: _Subject, rules: "Rules") -> "Sequence[Outcome]":
    from dalston_cli.evaluation.session import Trials, compare, try_models

    known, place, texts = subject.references, subject.place, subject.with_texts
    if not subject.models:
        return (compare(known, place or known, rules, console.warning, with_texts=texts),)
    options = ["-l", rules.language] if rules.language else []
    options += ["--diarize"] * subject.diarize
    trials = Trials(
        models=subject.models,
        recordings=place or (known if known.is_dir() else known.parent),
        options=tuple(options),
        watch=partial(_watched, console),
    )
    return try_models(known, trials, rules, console.warning, with_texts=texts)


@contextmanager
def _watched(
    console: Console, model: str, number: int, of: int
) -> "Iterator[Callable[[Event], None]]":
    """Say which model transcribes, and show its run as ``dalston transcribe`` does."""
    from dalston_cli.console.run_view import run_view

    told = Console("eval", quiet=console.mode is not Mode.HUMAN)
    told.info(f"model {number} of {of}: {model}")
    with run_view(told, show_text=False) as view:
        yield view.take


def _show_scores(console: Console, outcomes: "Sequence[Outcome]") -> None:
    """Print a line for each recording, or for each model where there are several."""
    from dalston_cli.evaluation.rows import HEADINGS, between, cells, used_columns

    if len(outcomes) > 1:
        rows = [
            (each.model, between(each.interval), between(each.behind), *cells(each.whole))
            for each in outcomes
        ]
        names: tuple[str, ...] = ("model", "95 % of draws", "behind the best")
    else:
        [outcome] = outcomes
        every = (*outcome.recordings, *([outcome.whole] if len(outcome.recordings) > 1 else []))
        rows = [(each.name, *cells(each)) for each in every]
        names = ("recording",)
    shown = used_columns(rows)
    heads = [(*names, *HEADINGS)[number] for number in shown]
    console.table(
        heads,
        [tuple(row[number] for number in shown) for row in rows],
        data=None,
        optional=("sub, del, ins", "ends", "starts", "JER"),
    )
    if len(outcomes) == 1 and outcomes[0].interval:
        console.info(f"WER in 95 of 100 draws of recordings: {between(outcomes[0].interval)}")


def _show_texts(console: Console, outcome: "Outcome") -> None:
    for scores in outcome.recordings:
        if scores.steps:
            title = " ".join(filter(None, (outcome.model, scores.name)))
            console.data(_aligned(console, title, scores))


def _aligned(console: Console, title: str, scores: "Scores") -> str:
    """Return a text: missing words as [-such-], added ones as {+such+}, as wdiff has them."""
    from dalston_cli.console.look import Look, Span, Style

    look = Look.of(console.stdout)
    spans = [Span(f"{title}\n", Style.STRONG)]
    for step in scores.steps:
        spans += _marked(step)
    return look.paint(spans) + "\n"


def _marked(step: "Step") -> "list[Span]":
    from dalston_cli.console import printable
    from dalston_cli.console.look import Span, Style

    said, heard = (printable(" ".join(side)) for side in (step.reference, step.hypothesis))
    if step.kind == "equal":
        return [Span(f"{said} ")]
    missing = [Span(f"[-{said}-]", Style.BAD), Span(" ")] if said else []
    added = [Span(f"{{+{heard}+}}", Style.PROGRESS), Span(" ")] if heard else []
    return [*missing, *added]
