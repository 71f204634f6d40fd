"""The contents of an ``engine.yaml``, a model file, a group file and a pipeline file.

An unknown key is an error.
"""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta

from dalston_cli.catalog.entry import Entry
from dalston_cli.catalog.sources import (
    BundledSource,
    FileSource,
    HubSource,
    Mirror,
    ServiceSource,
    Source,
)
from dalston_sdk.wire import Stage

Identifier = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*\Z", max_length=80)]

Alias = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)?(@[A-Za-z0-9._/-]+)?\Z",
        max_length=200,
    ),
]

DebianPackage = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9+.-]*\Z", max_length=80)]


class CatalogEntry(Entry, frozen=True, kw_only=True):
    """A file of the catalog."""

    def read_from(self, file: Path) -> Self:
        """Return the entry with the place of its file."""
        return self.replaced(file=file)


class Device(StrEnum):
    """A kind of device that an engine can run on."""

    CPU = "cpu"
    CUDA = "cuda"


class StageSupport(Entry, frozen=True, kw_only=True):
    """An engine's support of one stage: the options of the wire types that it implements."""

    options: tuple[str, ...] = ()


class NetworkService(Entry, frozen=True, kw_only=True):
    """A service on the network that an engine asks.

    Attributes:
        usual: Its address, where no variable names another one; empty where only that can.
        url: The environment variable that may name another server.
        key: The environment variable with its key; without both the service is not asked.
    """

    usual: str = ""
    url: str
    key: str


class EngineEntry(CatalogEntry, frozen=True, kw_only=True):
    """One engine, from its ``engine.yaml``.

    Attributes:
        library: The speech package, for people.
        embedded: Runs with the CLI's own interpreter; no environment is built.
        slots: Requests that one process works on at the same time.
        network: True if the engine may use the network.
        services: All that it reaches over the network; empty for anything.
        secrets: Environment variables that are passed to the engine.
        system_packages: Packages of Debian with libraries that the engine's own packages need.
        tested: Environment of its tests, in a few words, for people.
    """

    name: Identifier
    version: str
    summary: str
    library: str
    licence: str
    stages: dict[Stage, StageSupport]
    devices: tuple[Device, ...] = (Device.CPU,)
    embedded: bool = False
    slots: Annotated[int, Meta(ge=1)] = 1
    ram_mb: Annotated[int, Meta(ge=0)] = 0
    network: bool = False
    services: tuple[NetworkService, ...] = ()
    secrets: tuple[str, ...] = ()
    system_packages: tuple[DebianPackage, ...] = ()
    tested: str = ""
    folder: Path = Path()

    def read_from(self, file: Path) -> Self:
        """Return the entry with its folder."""
        return self.replaced(folder=file.parent)


class Hardware(Entry, frozen=True, kw_only=True):
    """A model's requirements; None if not known.

    Attributes:
        estimated: True if they were computed from the number and format of its weights, and not
            measured.
    """

    vram_mb: int | None = None
    ram_mb: int | None = None
    estimated: bool = False
    supports_cpu: bool = True


class Capabilities(Entry, frozen=True, kw_only=True):
    """A model's features beyond plain text."""

    word_timestamps: bool = False
    punctuation: bool = False
    translation: bool = False
    hotwords: bool = False
    prompts: bool = False
    language_detection: bool = False


class VoiceFigures(Entry, frozen=True, kw_only=True):
    """Figures by which a diarizing model's vectors of voices tell people apart, as measured.

    Attributes:
        threshold: The least cosine of a voice and its person.
        margin: The least difference between that and the cosine with any other person.
    """

    threshold: Annotated[float, Meta(gt=0, lt=1)]
    margin: Annotated[float, Meta(ge=0, lt=1)]


class ModelEntry(CatalogEntry, frozen=True, kw_only=True):
    """One model, from its file under ``catalog/models``.

    Attributes:
        aliases: Other names, such as `large-v3`; each means one model in the whole catalog.
        runtime_model_id: Name in the engine's library.
        languages: BCP-47 lower case; empty means that language does not matter.
        stage_languages: Languages of stages with others than ``languages``.
        mirrors: Further sources of the same files, for when ``source`` cannot be reached.
        licence: SPDX identifier of the weights.
        gated: True if the source, without its parts, requires users to accept terms.
        word_error_rate: Measured on clear English speech, 0 to 1 and above; None if not measured.
        voices: For known voices; None for a model that gives no vectors, or was not measured.
        rank: ``--model auto`` takes the installed model with the highest rank that fits.
        recommended: Listed among the few that most people need.
        defaults: Options of this model unless the user sets them.
    """

    id: Identifier
    aliases: tuple[Alias, ...] = ()
    engine: Identifier
    runtime_model_id: str
    stages: Annotated[tuple[Stage, ...], Meta(min_length=1)]
    name: str
    languages: tuple[str, ...] = ()
    stage_languages: dict[Stage, tuple[str, ...]] = msgspec.field(default_factory=dict)
    licence: str
    gated: bool = False
    source: Source
    mirrors: tuple[Mirror, ...] = ()
    size_mb: Annotated[int, Meta(ge=0)]
    word_error_rate: Annotated[float, Meta(ge=0)] | None = None
    voices: VoiceFigures | None = None
    rank: int = 0
    recommended: bool = False
    hardware: Hardware = Hardware()
    capabilities: Capabilities = Capabilities()
    defaults: dict[str, Any] = msgspec.field(default_factory=dict)
    notes: str = ""
    file: Path = Path()

    def read_from(self, file: Path) -> Self:
        """Return the entry with its file, from whose folder a path to weights counts."""
        update: dict[str, object] = {"file": file}
        if isinstance(self.source, FileSource):
            named = file.parent.absolute() / self.source.path.expanduser()
            path = Path(os.path.normpath(named))  # a container sees nothing but this very path
            update["source"] = self.source.replaced(path=path)
        return self.replaced(**update)

    def languages_of(self, stage: Stage) -> tuple[str, ...]:
        """Return BCP-47 lower case; empty if language does not matter to the stage."""
        return self.stage_languages.get(stage, self.languages)

    @property
    def in_catalog(self) -> bool:
        """False for a folder or repository that was named for one command."""
        return self.file != Path()

    @property
    def is_assumed(self) -> bool:
        """True for a repository of which only the name is known: the hub was not asked."""
        return isinstance(self.source, HubSource) and not self.source.files

    @property
    def sources(self) -> tuple[Source, ...]:
        """All sources of the files."""
        return (self.source, *self.mirrors)

    def with_source(self, source: Source) -> Self:
        """Return the entry with one of its sources as the only one."""
        return self.replaced(source=source, mirrors=())

    @property
    def has_files(self) -> bool:
        """True if the model has weights of its own that can be pulled and removed."""
        return not isinstance(self.source, BundledSource | ServiceSource)

    @property
    def gated_repos(self) -> tuple[str, ...]:
        """Repositories whose terms must be accepted before the weights can be pulled."""
        if not isinstance(self.source, HubSource):
            return ()
        first = (self.source.repo,) if self.gated else ()
        return first + tuple(part.repo for part in self.source.parts if part.gated)


class ModelGroup(CatalogEntry, frozen=True, kw_only=True):
    """An id that stands for several models, from its file under ``catalog/groups``.

    Attributes:
        models: The id of the model for each stage; transcribing is one of them.
        options: Options of transcribing, unless the user sets them.
        engines: A name that the engines of its models have together.
    """

    id: Identifier
    name: str
    models: dict[Stage, Identifier]
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    engines: Identifier | None = None
    notes: str = ""
    file: Path = Path()

    @property
    def by_stage(self) -> dict[Stage, str]:
        """The ids of its models in the order of stages."""
        return {stage: self.models[stage] for stage in Stage if stage in self.models}

    def check(self) -> None:
        """Refuse a group that cannot transcribe."""
        if Stage.TRANSCRIBE not in self.models:
            raise ValueError("`models` lacks one for transcribe")
