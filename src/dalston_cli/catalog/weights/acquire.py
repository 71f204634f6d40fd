"""Brings a model's weights to this machine, if that is needed at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from msgspec import structs

from dalston_cli.atomic_file import sync_folder
from dalston_cli.catalog.schema import (
    BundledSource,
    FileSource,
    HttpsSource,
    HubSource,
    ModelEntry,
    ServiceSource,
)
from dalston_cli.catalog.weights.exchange import (
    Failure,
    HttpsJob,
    HttpsJobFile,
    HubJob,
    HubRepository,
    Job,
    Pulled,
    PullProgress,
)
from dalston_cli.catalog.weights.failures import (
    HubSilentError,
    ModelsFolderError,
    NotInstalledError,
    OfflineError,
    PullCrashedError,
    ServiceKeyError,
    error_of,
)
from dalston_cli.catalog.weights.inventory import InstalledModel, installed
from dalston_cli.catalog.weights.layout import (
    MANIFEST,
    Manifest,
    ModelFolder,
    describe_source,
    read_manifest,
    write_manifest,
)
from dalston_cli.catalog.weights.link import link
from dalston_cli.catalog.weights.options import OnPull, PullOptions
from dalston_cli.catalog.weights.watchdog import CrashError, SilenceError, run_watched
from dalston_cli.folder_lock import lock_folder
from dalston_cli.settings.choices import PullPolicy

_MB = 10**6


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
        raise ServiceKeyError(model, model.source)
    if options.offline and not isinstance(model.source, FileSource):
        raise OfflineError(model)
    try:
        if isinstance(model.source, FileSource):
            link(model, model.source.path, models_dir)
        else:
            _Pull(model, ModelFolder.of(model, models_dir), options, on_progress).run()
    except OSError as error:
        raise ModelsFolderError(models_dir, error) from error
    after = installed(model, models_dir)
    if after is None or not after.ok:
        raise NotInstalledError(model.id, after.problems if after else ())
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
    if policy == "never" or (found and found.ok and options.offline):
        if found is None or not found.ok:
            raise NotInstalledError(model.id, found.problems if found else ())
        return found
    again = options.again or policy == "always"
    return pull(model, models_dir, replace(options, again=again), on_progress)


class _Pull:
    """One pull over the network."""

    def __init__(
        self, model: ModelEntry, folder: ModelFolder, options: PullOptions, on_progress: OnPull
    ) -> None:
        self._model = model
        self._folder = folder
        self._options = options
        self._on_progress = on_progress

    def run(self) -> None:
        """Download under the lock, then put the folder in its place in one step."""
        with lock_folder(
            self._folder.partial, lambda: self._tell(PullProgress(step="waiting"))
        ) as lock:
            now = installed(self._model, self._folder.models)
            if not self._options.again and now and now.ok:
                self._clean_up()  # another process has pulled it while this one waited
                return
            try:
                self._reuse_installed()
                pulled = self._download(lock)
                self._finish(pulled)
            finally:
                if not self._left_anything():
                    self._clean_up()

    def _tell(self, progress: PullProgress) -> None:
        self._on_progress(structs.replace(progress, model=self._model.id))

    def _reuse_installed(self) -> None:
        """Offer the installed files to the download, which keeps those whose digests hold."""
        manifest = read_manifest(self._folder.path)
        for file in manifest.files if manifest else ():
            target = self._folder.partial_files / file.path
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                with suppress(OSError):  # missing, or a disk without links: downloaded then
                    target.hardlink_to(self._folder.path / file.path)

    def _download(self, lock: int) -> Pulled:
        job = Job(
            source=_job_source(self._model),
            folder=str(self._folder.partial_files),
            free_bytes=self._options.free_bytes,
            timeout_s=self._options.timeout_s * 2,  # the watchdog comes first
        )
        with _explained(self._model, self._options.timeout_s):
            report = run_watched(
                job,
                lock=lock,
                environment=self._options.environment,
                timeout_s=self._options.timeout_s,
                on_progress=self._tell,
            )
        if isinstance(report, Failure):
            raise error_of(self._model, report)
        return report

    def _finish(self, pulled: Pulled) -> None:
        files, final = self._folder.partial_files, self._folder.path
        _remove_strays(files, {file.path for file in pulled.files})
        manifest = Manifest(
            model=self._model.id,
            engine=self._model.engine,
            source=describe_source(self._model),
            revision=pulled.revision,
            licence=self._model.licence,
            pulled_at=datetime.now(UTC),
            files=pulled.files,
        )
        write_manifest(files, manifest)
        final.parent.mkdir(parents=True, exist_ok=True)
        if final.exists():
            shutil.rmtree(replaced := self._folder.partial / "replaced", ignore_errors=True)
            final.rename(replaced)
        files.rename(final)
        sync_folder(final.parent)

    def _left_anything(self) -> bool:
        """Return True if there are bytes from which the next attempt can resume."""
        files = self._folder.partial_files.rglob("*")
        return any(path.is_file() and path.stat().st_size for path in files)

    def _clean_up(self) -> None:
        shutil.rmtree(self._folder.partial)
        for parent in (self._folder.partial.parent, self._folder.partial.parent.parent):
            with suppress(OSError):  # another model is being pulled
                parent.rmdir()


def _job_source(model: ModelEntry) -> HubJob | HttpsJob:
    match model.source:
        case HubSource() as source:
            return HubJob(repositories=tuple(_repositories(source, gated=model.gated)))
        case HttpsSource(files=files):
            jobs = tuple(HttpsJobFile(url=f.url, path=f.path, sha256=f.sha256) for f in files)
            return HttpsJob(files=jobs, size_hint=model.size_mb * _MB)
        case FileSource() | BundledSource() | ServiceSource():
            raise AssertionError(model.source)  # `pull` does not come here with these


def _repositories(source: HubSource, *, gated: bool) -> Iterator[HubRepository]:
    yield HubRepository(
        repo=source.repo, revision=source.revision, patterns=source.files, gated=gated
    )
    for part in source.parts:
        yield HubRepository(
            repo=part.repo,
            revision=part.revision,
            patterns=part.files,
            gated=part.gated,
            folder=part.folder,
        )


@contextmanager
def _explained(model: ModelEntry, timeout_s: float) -> Iterator[None]:
    try:
        yield
    except SilenceError as error:
        raise HubSilentError(model, timeout_s) from error
    except CrashError as error:
        raise PullCrashedError(model, str(error)) from error


def _remove_strays(folder: Path, wanted: set[str]) -> None:
    """Remove leftovers of older attempts and of other revisions."""
    for path in sorted(folder.rglob("*"), reverse=True):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            with suppress(OSError):  # not empty
                path.rmdir()
        elif name not in wanted and name != MANIFEST:
            path.unlink()
