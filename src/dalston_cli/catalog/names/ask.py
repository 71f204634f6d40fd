"""Asks the Hugging Face hub what a repository holds, and assumes it where it cannot be asked."""

from dalston_cli.catalog.names import entries
from dalston_cli.catalog.names.detect import Detected, WeightFiles
from dalston_cli.catalog.names.spelling import HubName
from dalston_cli.catalog.schema import Capabilities, ModelEntry
from dalston_cli.catalog.weights import exchange, failures
from dalston_cli.catalog.weights.pull_options import PullOptions
from dalston_cli.catalog.weights.watchdog import CrashError, SilenceError, run_watched
from dalston_cli.errors import ModelUnavailableError


class NoRepositoryError(ModelUnavailableError):
    """Neither the catalog nor the hub has a model of this name."""

    code = "no_repository"

    def __init__(self, place: HubName, url: str, nearest: str) -> None:
        super().__init__(
            f"there is no model `{place}`, neither in the catalog nor on the hub, "
            f"or it is private ({url}){nearest}",
            hint="`dalston models list` shows every model; for a private repository set HF_TOKEN",
        )


class HubNotAskedError(failures.PullError):
    """A repository is not known here, and the hub may not be asked."""

    code = "offline"

    def __init__(self, place: HubName) -> None:
        super().__init__(
            f"the model {place} is not installed, and the network may not be used (offline)",
            hint=f"run `dalston models pull {place}` where there is a network, "
            "without --offline and HF_HUB_OFFLINE",
        )


def ask(place: HubName, options: PullOptions, nearest: str = "") -> exchange.Listed:
    """Return the files of a repository, by one question to the hub.

    ``nearest`` ends the message if there is no such repository.

    Raises:
        HubNotAskedError: The network may not be used.
        NoRepositoryError: There is no such repository or revision.
        PullError: The hub does not answer, or not to this user.
    """
    if options.offline:
        raise HubNotAskedError(place)
    called = assumed_entry(place).replaced(id=str(place))
    job = exchange.Job(
        source=exchange.HubQuestion(repo=place.repo, revision=place.revision),
        timeout_s=options.timeout_s * 2,  # the watchdog comes first
    )
    try:
        report = run_watched(
            job,
            lock=None,
            environment=options.environment,
            timeout_s=options.timeout_s,
            on_progress=lambda _: None,
        )
    except SilenceError as error:
        raise failures.HubSilentError(called, "the hub", options.timeout_s) from error
    except CrashError as error:
        raise failures.PullCrashedError(called, str(error)) from error
    if isinstance(report, exchange.Listed):
        return report
    if isinstance(report, exchange.Pulled):
        raise AssertionError(report)  # noqa: TRY004 - a question is not answered with weights
    if report.kind == "not_found":
        raise NoRepositoryError(place, report.url, nearest)
    raise failures.error_of(called, report)


def files_of(place: HubName, listed: exchange.Listed) -> WeightFiles:
    """Return the files of a repository, as ``detect`` wants them."""
    name = place.repo.rpartition("/")[2]
    return WeightFiles(name=name, sizes=listed.files, read=listed.texts.get)


def assumed_entry(place: HubName) -> ModelEntry:
    """Return what a repository most probably is, by its name alone."""
    name = place.repo.rpartition("/")[2].lower()
    engine = "faster-whisper"
    if "onnx" in name:
        engine = "onnx-asr"
    elif "parakeet" in name or "canary" in name:
        engine = "nemo"
    assumed = Detected(
        engine=engine,
        runtime_model_id=name.removeprefix("faster-whisper-"),
        files=(),
        kind="",
        languages=("en",) if ".en" in name else (),
        capabilities=Capabilities(word_timestamps=True, punctuation=True, translation=True),
    )
    nothing = WeightFiles(name=name, sizes={}, read=lambda _: None)
    pin = entries.Pin(place=place, commit=place.revision or "main")
    return entries.hub_entry(entries.hub_id(place), pin, nothing, assumed)
