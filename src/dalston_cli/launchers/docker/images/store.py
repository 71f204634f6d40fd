"""Gets the image of an engine: found by the digest of its files, else pulled or built."""

import platform
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.launchers.docker.images import availability, build, errors, image_list
from dalston_cli.launchers.docker.images.context import has_lock
from dalston_cli.launchers.docker.images.stream import Transferred, transfer_image
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.launchers.engine_log import EngineLogs
from dalston_cli.launchers.failure import LockMissingError
from dalston_cli.launchers.folder import make_private
from dalston_cli.settings.locations import Locations
from dalston_sdk.identity import digest_engine, digest_results


class ImageStore:
    """Images of engines at one daemon; ``offline`` uses local images only.

    Attributes:
        logs: Of the newest builds of each engine.
    """

    def __init__(
        self, daemon: Daemon, options: DockerOptions, locations: Locations, *, offline: bool
    ) -> None:
        self.logs = EngineLogs(locations.state / "builds")
        self._daemon = daemon
        self._options = options
        self._offline = offline
        self._locks = locations.runtime / "images"
        self._availability = availability.ImageAvailability(daemon)

    def digest(self, engine: EngineEntry, device: str) -> str:
        """Compute the engine's digest: in its image, or in the one it would get.

        Works without a daemon, too: it is then the one on the usual base image.
        """
        python, machine = self._platform(engine, device)
        return digest_engine(engine.folder, python=python, machine=machine)

    def results_digest(self, engine: EngineEntry, device: str) -> str:
        """Compute the digest of what the engine's results depend on, for the same image."""
        python, machine = self._platform(engine, device)
        return digest_results(engine.folder, python=python, machine=machine)

    def _platform(self, engine: EngineEntry, device: str) -> tuple[str, str]:
        """Return the Python and the processor architecture of the engine's image."""
        if not self._daemon.may_be_there() or self._daemon.problem() is not None:
            return build.USUAL_PYTHON, platform.machine()
        machine = self._daemon.facts.machine
        image = self.find(engine, device)
        return (image.python if image else self._expected_python), machine

    def is_built(self, engine: EngineEntry, device: str) -> bool:
        """Return True if there is an image made from the engine as it is now."""
        return self.find(engine, device) is not None

    def find(self, engine: EngineEntry, device: str) -> image_list.EngineImage | None:
        """Return the newest image made from the engine as it is now, on the base asked for.

        Raises:
            DaemonUnavailableError: The daemon does not answer.
        """
        for image in image_list.engine_images(
            self._daemon, engine.name, image_list.variant_of(device)
        ):
            if self._fits(image, engine):
                return image
        return None

    def ensure(
        self, engine: EngineEntry, device: str, preparation: Preparation
    ) -> image_list.EngineImage:
        """Return the engine's image, pulled or built first if need be; may take minutes.

        Raises:
            EngineUnavailableError: No image can be had; the message says why.
            NoRegistryError: It is to come from a registry, and none is set.
            AbandonedError: The caller stopped waiting.
        """
        variant = image_list.variant_of(device)
        sources = availability.image_sources(self._options, offline=self._offline)
        if "here" in sources and (image := self.find(engine, device)):
            return self._named(image, engine)
        with self._alone(f"{engine.name}-{variant}", preparation):
            for source in sources:
                if source == "here":  # another process may have built it while we waited
                    image = self.find(engine, device)
                elif source == "registry":
                    image = self._pull_or_none(engine, variant, preparation)
                else:
                    image = self._build(engine, variant, preparation, cached=True)
                if image is not None:
                    return image
        raise errors.ImageMissingError(engine.name, variant)

    def pull(
        self,
        engine: EngineEntry,
        device: str,
        preparation: Preparation,
        on_bytes: Transferred | None = None,
    ) -> image_list.EngineImage:
        """Pull the engine's image from the registry, and give it its local name.

        Raises:
            NoRegistryError: No registry is set.
            ImageMissingError: ``offline`` was asked for.
            ImageTransferError: It does not answer, or does not have the image.
            ForeignImageError: Its image was made from other files.
        """
        variant = image_list.variant_of(device)
        if self._options.registry is None:
            raise errors.NoRegistryError
        if self._offline:
            raise errors.ImageMissingError(engine.name, variant)
        tag = image_list.registry_tag(self._options.registry, engine, variant)
        preparation.tell(f"pulling {tag}")
        transfer_image(self._daemon, "pull", tag, preparation, on_bytes or preparation.count)
        with self._daemon.explained():
            pulled = self._daemon.client.images.get(tag)
            for image in image_list.engine_images(self._daemon, engine.name, variant):
                if image.id == pulled.id and self._fits(image, engine):
                    return self._named(replace(image, tag=None), engine)
            self._daemon.client.images.remove(tag)  # only its name, where a container has it
        raise errors.ForeignImageError(tag, engine.name)

    def push(
        self,
        engine: EngineEntry,
        device: str,
        preparation: Preparation,
        on_bytes: Transferred | None = None,
    ) -> str:
        """Push the engine's image to the registry, and return its name there.

        Raises:
            NoRegistryError: No registry is set.
            NoImageToPushError: There is no image made from the engine as it is now.
            ImageTransferError: The registry does not take it.
        """
        variant = image_list.variant_of(device)
        if self._options.registry is None:
            raise errors.NoRegistryError
        image = self.find(engine, device)
        if image is None:
            raise errors.NoImageToPushError(engine.name, variant)
        tag = image_list.registry_tag(self._options.registry, engine, variant)
        self._tag(image, tag)
        preparation.tell(f"pushing {tag}")
        transfer_image(self._daemon, "push", tag, preparation, on_bytes)
        return tag

    def build(
        self, engine: EngineEntry, device: str, preparation: Preparation, *, anew: bool = False
    ) -> image_list.EngineImage:
        """Build the engine's image, unless another process just did.

        With ``anew`` build in any case, and reuse no layer but PyTorch's.

        Raises:
            ImageMissingError: ``offline`` was asked for.
            LockMissingError: The engine has no lock.
            BaseImageMissingError: The base image is not here, and may not be pulled.
            ImageBuildError: A step failed; the message has the last lines.
            AbandonedError: The caller stopped waiting.
        """
        variant = image_list.variant_of(device)
        with self._alone(f"{engine.name}-{variant}", preparation):
            if not anew and (image := self.find(engine, device)):
                return self._named(image, engine)
            return self._build(engine, variant, preparation, cached=not anew)

    def refusal(self, engine: EngineEntry, device: str) -> str | None:
        """Explain why no image can be had for ``engine``; None where there is or will be one.

        Asks a registry at most once for each image, and for a few seconds only.
        """
        if self.find(engine, device) is not None:
            return None
        if self._offline:
            return "its image is not here, and --offline forbids to get it"
        variant = image_list.variant_of(device)
        sources = availability.image_sources(self._options, offline=False)
        if "registry" in sources and self._options.registry is not None:
            tag = image_list.registry_tag(self._options.registry, engine, variant)
            if self._availability.is_obtainable(tag):
                return None
            if "build" not in sources:
                return f"{tag} cannot be pulled"
        return self._build_refusal(engine, variant)

    def remove(self, engine: str) -> tuple[str, ...]:
        """Remove every image of an engine that no container has, and the parts that builds kept.

        Returns:
            The names of its images; the id of one that has no name.
        """
        images = image_list.engine_images(self._daemon, engine)
        gone = image_list.remove_images(self._daemon, [image.id for image in images])
        image_list.remove_images(
            self._daemon, [each.id for each in image_list.stage_images(self._daemon, engine)]
        )
        return tuple(image.tag or image.id for image in images if image.id in gone)

    def _fits(self, image: image_list.EngineImage, engine: EngineEntry) -> bool:
        asked = self._options.base_image
        if asked is not None and asked != image.base:
            return False
        return image.is_current(engine, self._daemon.facts.machine)

    def _build(
        self, engine: EngineEntry, variant: str, preparation: Preparation, *, cached: bool
    ) -> image_list.EngineImage:
        if self._offline:
            raise errors.ImageMissingError(engine.name, variant)
        if not has_lock(engine):
            raise LockMissingError(engine)
        asked = self._options.base_image
        base = asked or availability.usual_base(engine, variant)
        if self._options.pull == "never" and not self._availability.is_here(base):
            raise errors.BaseImageMissingError(engine.name, base)
        recipe = build.Recipe(
            engine=engine, variant=variant, base=base, asked_base=asked, cached=cached
        )
        told = self._logged(engine.name, preparation)
        told.tell(f"building {recipe.tag}")
        built = build.build_image(
            self._daemon, recipe, told, lambda name: self._alone(name, preparation)
        )
        return image_list.image_of_id(self._daemon, built)

    def _logged(self, engine: str, preparation: Preparation) -> Preparation:
        """Return a preparation whose lines go into a log, too."""
        log = self.logs.of_build(engine)

        def tell(line: str) -> None:
            log(line)
            preparation.tell(line)

        return preparation.telling(tell)

    def _build_refusal(self, engine: EngineEntry, variant: str) -> str | None:
        base = self._options.base_image or availability.usual_base(engine, variant)
        if not has_lock(engine):
            return "it has no lock to build an image from"
        if self._availability.is_here(base):
            return None
        if self._options.pull == "never":
            return f"its image would be built on {base}, which is not here"
        return (
            None
            if self._availability.is_obtainable(base)
            else f"{base} cannot be pulled to build on"
        )

    def _pull_or_none(
        self, engine: EngineEntry, variant: str, preparation: Preparation
    ) -> image_list.EngineImage | None:
        try:
            return self.pull(engine, variant, preparation)
        except (errors.ImageTransferError, errors.ForeignImageError) as error:
            if self._options.pull == "always":
                raise
            preparation.tell(f"{error.message}; building it instead")
            return None

    @cached_property
    def _expected_python(self) -> str:
        """Interpreter that an image built now would have, as far as known without building."""
        from docker.errors import ImageNotFound  # noqa: PLC0415 - takes 0.4 s to load

        if self._options.base_image is None:
            return build.USUAL_PYTHON
        try:
            with self._daemon.explained():
                return build.python_of(self._daemon, self._options.base_image)
        except (ImageNotFound, build.NoPythonError):
            return build.USUAL_PYTHON

    def _named(self, image: image_list.EngineImage, engine: EngineEntry) -> image_list.EngineImage:
        """Give an image its name back where an image of an earlier state of the engine has it."""
        if image.tag is not None:
            return image
        tag = image_list.image_tag(engine, image.variant)
        self._tag(image, tag)
        return replace(image, tag=tag)

    def _tag(self, image: image_list.EngineImage, tag: str) -> None:
        with self._daemon.explained():
            self._daemon.client.images.get(image.id).tag(*tag.rsplit(":", 1))

    def _alone(self, name: str, preparation: Preparation) -> AbstractContextManager[None]:
        """Keep other processes from getting the same image."""
        make_private(self._locks.parent)
        return build.build_lock(self._locks / name, preparation)
