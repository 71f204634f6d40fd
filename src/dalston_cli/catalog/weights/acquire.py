"""Brings a model's weights to this machine, if that is needed at all."""

import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from dalston_cli.atomic_file import sync_folder
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import (
    FileSource,
    ServiceSource,
)
from dalston_cli.catalog.weights import exchange, failures, layout
from dalston_cli.catalog.weights.candidates import Candidate, candidates
from dalston_cli.catalog.weights.inventory import InstalledModel, installed
from dalston_cli.catalog.weights.pull_options import PullOptions
from dalston_cli.catalog.weights.watchdog import CrashError, SilenceError, run_watched
from dalston_cli.folder_lock import lock_folder
from dalston_cli.settings.choices import PullPolicy

OnPull = Callable[[exchange.PullProgress], None]


def pull(
    model: ModelEntry,
    models_dir: Path,
    options: PullOptions | None = None,
    on_progress: OnPull = lambda _: None,
) -> InstalledModel:
    """Bring the weights here, complete and verified, or leave enough to resume later.

    Installed weights stay as they are unless ``options.again``. Of two processes that pull the
    same model one waits for the other.

    Raises:
        PullError: It cannot be done; see ``failures`` for its leaves.
        LinkError: The user's own file or folder cannot be used.
    """
    options = options or PullOptions.from_environment()
    before = installed(model, models_dir)
    if before and before.ok and not (options.again and model.has_files):
        return before
    if isinstance(model.source, ServiceSource):
        raise failures.ServiceKeyError(model, model.source)
    is_file = isinstance(model.source, FileSource)
    if options.offline and options.order.needs_network and not is_file:
        raise failures.OfflineError(model.id)
    try:
        if isinstance(model.source, FileSource):
            layout.link(model, model.source.path, models_dir)
        else:
            _Pull(model, layout.ModelFolder.of(model, models_dir), options, on_progress).run()
    except OSError as error:
        raise failures.ModelsFolderError(models_dir, error) from error
    after = installed(model, models_dir)
    if after is None or not after.ok:
        damage = {model.id: after.problems} if after else None
        raise failures.NotInstalledError(model.id, damage=damage)
    return after


def ensure_installed(
    model: ModelEntry,
    models_dir: Path,
    policy: PullPolicy = "missing",
    options: PullOptions | None = None,
    on_progress: OnPull = lambda _: None,
) -> InstalledModel:
    """Return weights that can be loaded, pulled or not as ``policy`` says.

    Raises:
        NotInstalledError: ``never``, and they are missing or damaged.
        PullError: They cannot be pulled, or the key of a service is missing.
    """
    options = options or PullOptions.from_environment()
    found = installed(model, models_dir)
    if isinstance(model.source, ServiceSource):
        return pull(model, models_dir, options)
    is_here = isinstance(model.source, FileSource)  # to link is no pull
    if (policy == "never" and not is_here) or (found and found.ok and options.offline):
        if found is None or not found.ok:
            damage = {model.id: found.problems} if found else None
            raise failures.NotInstalledError(model.id, damage=damage)
        return found
    again = options.again or policy == "always"
    return pull(model, models_dir, replace(options, again=again), on_progress)


def check_obtainable(
    models: Iterable[ModelEntry], models_dir: Path, policy: PullPolicy, options: PullOptions
) -> None:
    """Refuse what ``ensure_installed`` would refuse, as far as that can be told without network.

    Raises:
        NotInstalledError: ``never``, and the weights of some are missing or damaged.
        OfflineError: Those of some are missing, and the network may not be used.
        LinkError: The user's own file or folder is not there.
    """
    missing: dict[str, tuple[str, ...]] = {}
    for model in models:
        found = installed(model, models_dir)
        if (found is not None and found.ok) or isinstance(model.source, ServiceSource):
            continue
        if not isinstance(model.source, FileSource):
            missing[model.id] = found.problems if found else ()
        elif not model.source.path.exists():  # to link is no pull
            raise layout.LinkError(model, model.source.path, "there is no such file or folder")
    if missing and policy == "never":
        raise failures.NotInstalledError(*missing, damage=missing)
    if missing and options.offline:
        raise failures.OfflineError(*missing)


@dataclass(frozen=True)
class _Pull:
    """One pull over the network."""

    model: ModelEntry
    folder: layout.ModelFolder
    options: PullOptions
    on_progress: OnPull

    def run(self) -> None:
        """Download under the lock, then put the folder in its place in one step."""
        waiting = exchange.PullProgress(step="waiting")
        with lock_folder(self.folder.partial, lambda: self._tell(waiting)) as lock:
            now = installed(self.model, self.folder.models)
            if not self.options.again and now and now.ok:
                self._clean_up()  # another process has pulled it while this one waited
                return
            try:
                self._reuse_installed()
                self._finish(*self._download_from_any(lock))
            finally:
                if not self._left_anything():
                    self._clean_up()

    def _tell(self, progress: exchange.PullProgress) -> None:
        self.on_progress(structs.replace(progress, model=self.model.id))

    def _reuse_installed(self) -> None:
        """Offer files that are here to the download, which keeps those whose digests hold."""
        manifest = layout.read_manifest(self.folder.path)
        here = (
            {file.path: self.folder.path / file.path for file in manifest.files} if manifest else {}
        )
        for name, path in {**self._in_other_folders(), **here}.items():
            target = self.folder.partial_files / name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                with suppress(OSError):  # missing, or a disk without links: downloaded then
                    target.hardlink_to(path)

    def _in_other_folders(self) -> dict[str, Path]:
        """Return the same files where an earlier version kept them, as a part of other weights."""
        wanted, found = layout.describe_source(self.model.source), dict[str, Path]()
        for folder in self.folder.models.glob("*/*"):
            manifest = layout.read_manifest(folder)
            if manifest is None or manifest.folder or folder == self.folder.path:
                continue
            for place in layout.places_of(wanted, manifest.source):
                found |= {
                    file.path.removeprefix(place): folder / file.path
                    for file in manifest.files
                    if file.path.startswith(place)
                }
        return found

    def _download_from_any(self, lock: int) -> tuple[Candidate, exchange.Pulled]:
        """Download from the first source that can be had; return it, too."""
        options, errors = self.options, list[failures.PullError]()
        found = candidates(self.model, options.order, offline=options.offline)
        for left, candidate in zip(range(len(found) - 1, -1, -1), found, strict=True):
            if errors:
                note = f"{self.model.id} is taken from {candidate.server}: {errors[-1].problem}"
                self._tell(exchange.PullProgress(step="asking", note=note))
            timeout_s = options.fallback_s if left else options.timeout_s
            try:
                return candidate, self._download(candidate, lock, timeout_s)
            except failures.PullError as error:
                if len(found) == 1 or not error.elsewhere:
                    raise
                errors.append(error)
        raise failures.SourcesFailedError(self.model, errors)

    def _download(self, candidate: Candidate, lock: int, timeout_s: float) -> exchange.Pulled:
        job = exchange.Job(
            source=candidate.job(),
            folder=str(self.folder.partial_files),
            free_bytes=self.options.free_bytes,
            timeout_s=timeout_s * 2,  # the watchdog comes first
        )
        try:
            report = run_watched(
                job,
                lock=lock,
                environment=self.options.environment,
                timeout_s=timeout_s,
                on_progress=self._tell,
            )
        except SilenceError as error:
            raise failures.HubSilentError(self.model, candidate.server, timeout_s) from error
        except CrashError as error:
            raise failures.PullCrashedError(self.model, str(error)) from error
        if isinstance(report, exchange.Failure):
            raise candidate.error(report)
        if isinstance(report, exchange.Listed):
            raise AssertionError(report)  # noqa: TRY004 - only a question is answered with a list
        return report

    def _finish(self, candidate: Candidate, pulled: exchange.Pulled) -> None:
        files, final = self.folder.partial_files, self.folder.path
        _remove_strays(files, {file.path for file in pulled.files})
        manifest = layout.manifest_of(candidate.model, pulled.files, revision=pulled.revision)
        manifest = structs.replace(
            manifest, source=pulled.source or manifest.source, mirror=candidate.mirror or None
        )
        manifest.write(files)
        self._tell_whom_to_trust(candidate, manifest.digest)
        final.parent.mkdir(parents=True, exist_ok=True)
        if final.exists():
            shutil.rmtree(replaced := self.folder.partial / "replaced", ignore_errors=True)
            final.rename(replaced)
        files.rename(final)
        sync_folder(final.parent)

    def _tell_whom_to_trust(self, candidate: Candidate, digest: str) -> None:
        """Say so where a mirror alone says what the files are, unless they were here before."""
        before = layout.read_manifest(self.folder.path)
        pinned = any(map(layout.pinned_digest, self.model.sources))
        if candidate.mirror and not pinned and not (before and before.digest == digest):
            note = f"{self.model.id} is taken as {candidate.mirror} has it: "
            note += "the catalog has no digests to check its files against"
            self._tell(exchange.PullProgress(step="checking", note=note))

    def _left_anything(self) -> bool:
        """Return True if there are bytes from which the next attempt can resume."""
        files = self.folder.partial_files.rglob("*")
        return any(path.is_file() and path.stat().st_size for path in files)

    def _clean_up(self) -> None:
        shutil.rmtree(self.folder.partial)
        for parent in (self.folder.partial.parent, self.folder.partial.parent.parent):
            with suppress(OSError):  # another model is being pulled
                parent.rmdir()


def _remove_strays(folder: Path, wanted: set[str]) -> None:
    """Remove leftovers of older attempts and of other revisions."""
    for path in sorted(folder.rglob("*"), reverse=True):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            with suppress(OSError):  # not empty
                path.rmdir()
        elif name not in wanted and name != layout.MANIFEST:
            path.unlink()
