"""Images of engines, as far as no daemon is needed: names, contexts, sources."""

import io
import re
import tarfile
from pathlib import Path

import pytest
from docker.utils.build import exclude_paths
from tests.support.launching import FAKE, engine_entry

from dalston_cli.catalog.schema import StageSupport
from dalston_cli.launchers.docker.images.availability import Source, image_sources, usual_base
from dalston_cli.launchers.docker.images.context import (
    CERTIFICATES,
    TORCH_LOCKS,
    CertificatesMissingError,
    engine_place,
    make_context,
    pack,
)
from dalston_cli.launchers.docker.images.errors import NoRegistryError
from dalston_cli.launchers.docker.images.image_list import image_tag, registry_tag, variant_of
from dalston_cli.launchers.docker.images.torch_layer import torch_locks
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.settings.choices import PullPolicy
from dalston_sdk.identity import engine_files, sdk_folder, source_files
from dalston_sdk.wire import Stage

ROOT = Path(__file__).parents[2]
ENGINES = [path.parent for path in sorted((ROOT / "engines").glob("*/*/engine.yaml"))]
WITH_PYTORCH = {
    *("nemo", "transformers", "whisperx-align", "pyannote", "emotion2vec", "panns-events"),
}
REGISTRY = "registry.example.org/speech"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An engine of a user's own, with everything that belongs into no image."""
    for name in ("engine.py", "engine.yaml", "requirements.lock", "requirements.in", "README.md"):
        (tmp_path / name).write_bytes((FAKE / name).read_bytes())
    for name in ("tests/test_own.py", ".secret", "__pycache__/engine.pyc", "part/more.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1\n")
    return tmp_path


def unpack(context: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(context)) as archive:
        files = {entry.name: archive.extractfile(entry) for entry in archive}
        return {name: file.read() for name, file in files.items() if file is not None}


@pytest.mark.parametrize(
    ("device", "expected"), [("cpu", "cpu"), ("cuda", "cuda"), ("cuda:1", "cuda")]
)
def test_the_variant_follows_from_the_device(device: str, expected: str) -> None:
    assert variant_of(device) == expected


def test_names_have_engine_version_and_variant() -> None:
    entry = engine_entry()
    assert image_tag(entry, "cuda") == "dalston/fake:1.0.0-cuda"
    assert registry_tag(REGISTRY + "/", entry, "cpu") == f"{REGISTRY}/fake:1.0.0-cpu"


@pytest.mark.parametrize("variant", ["cpu", "cuda"])
def test_a_dockerfile_names_its_base_by_digest(variant: str) -> None:
    name, _, digest = usual_base(engine_entry(), variant).partition("@sha256:")
    assert ":" in name
    assert len(digest) == 64


@pytest.mark.parametrize(
    ("place", "brings_cuda"),
    [
        ("transcribe/faster-whisper", False),  # CTranslate2 loads CUDA 12
        ("transcribe/onnx-asr", False),  # as does ONNX Runtime
        ("translate/ctranslate2", False),
        ("transcribe/nemo", True),
        ("transcribe/transformers", True),
        ("align/whisperx-align", True),
        ("diarize/pyannote", True),
        ("detect/emotion2vec", True),
        ("detect/panns-events", True),
    ],
)
def test_an_engine_whose_packages_bring_cuda_is_built_on_a_base_without(
    place: str, brings_cuda: bool
) -> None:
    entry = engine_entry(ROOT / "engines" / place)
    base = usual_base(entry, "cuda")
    assert base.startswith("python:" if brings_cuda else "nvidia/cuda:")
    assert (base == usual_base(entry, "cpu")) is brings_cuda


def test_a_context_has_the_places_of_the_checkout(folder: Path) -> None:
    entry = engine_entry(folder)
    files = unpack(make_context(entry, "cpu", {}))
    place = f"engines/{engine_place(entry)}/"
    assert place == "engines/transcribe/fake/"
    engine = {
        name.removeprefix(place): content
        for name, content in files.items()
        if name.startswith(place)
    }
    assert engine == dict(engine_files(folder))
    assert sorted(engine) == ["engine.py", "engine.yaml", "part/more.py", "requirements.lock"]
    sdk = {f"engines/sdk/src/dalston_sdk/{name}" for name, _ in source_files(sdk_folder())}
    rest = set(files) - sdk - {place + name for name in engine}
    assert rest == {"dockerfiles/cpu.Dockerfile", *TORCH_LOCKS}


def test_the_same_content_gives_the_same_bytes(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = tmp_path_factory.mktemp("copy")
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            target = copy / path.relative_to(folder)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes())
            target.chmod(0o700)
    first, second = (make_context(engine_entry(each), "cpu", {}) for each in (folder, copy))
    assert first == second
    (copy / "engine.py").write_text("2\n")
    assert make_context(engine_entry(copy), "cpu", {}) != first


def test_wheels_come_along_beside_the_checkout(tmp_path: Path) -> None:
    wheel = tmp_path / "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
    wheel.write_bytes(b"wheel")
    assert unpack(pack({}, [wheel])) == {f"wheels/{wheel.name}": b"wheel"}


def test_all_engines_with_pytorch_share_its_lines() -> None:
    """And builders of the checkout, such as Compose, install the same."""
    found = {folder: torch_locks(folder) for folder in ENGINES}
    assert {folder.name for folder in ENGINES if found[folder]} == WITH_PYTORCH
    for name in TORCH_LOCKS:
        header, _, lines = (ROOT / name).read_text().partition("\n")
        assert header.startswith("# Made by: scripts/lock_engine.py")
        assert {locks[name] for locks in found.values() if locks} == {lines}
        assert len(re.findall(r"^torch==", lines, re.MULTILINE)) == (2 if "cpu" in name else 1)


@pytest.mark.parametrize("folder", ENGINES, ids=lambda folder: folder.name)
def test_the_lock_for_gpus_has_every_part_of_pytorch_that_is_shared(folder: Path) -> None:
    cuda = folder / "requirements-cuda.lock"
    if folder.name not in WITH_PYTORCH:
        assert not cuda.is_file()
        return
    names = re.findall(r"^([a-z0-9-]+)==", torch_locks(folder)[TORCH_LOCKS[1]], re.MULTILINE)
    assert {"torch", "triton", "cuda-toolkit", "nvidia-cudnn-cu13", "nvidia-cublas"} <= set(names)
    assert "nvidia-ml-py" not in names


def test_the_image_of_the_server_has_the_libraries_of_all_engines() -> None:
    """Engines are processes of its workers."""
    text = (ROOT / "dockerfiles" / "server.Dockerfile").read_text()
    named = {name for folder in ENGINES for name in engine_entry(folder).system_packages}
    assert named
    assert named <= set(re.findall(r"[a-z0-9-]+", text.partition("RUN packages=")[2]))


def test_both_dockerfiles_begin_with_the_same_base() -> None:
    cpu, cuda = ((ROOT / f"dockerfiles/{each}.Dockerfile").read_text() for each in ("cpu", "cuda"))
    first, second = (text.partition("AS base\n")[2].partition("\n\n")[0] for text in (cpu, cuda))
    assert "SYSTEM_PACKAGES" in first
    assert first == second


def test_both_dockerfiles_finish_an_image_in_the_same_way() -> None:
    cpu, cuda = ((ROOT / f"dockerfiles/{each}.Dockerfile").read_text() for each in ("cpu", "cuda"))
    last = cpu.index("\nFROM base AS code")
    assert cpu[last:].replace('"cpu"', '"cuda"') == cuda[cuda.index("\nFROM base AS code") :]


@pytest.mark.parametrize(
    ("place", "stages", "expected"),
    [
        pytest.param("engines/multi/own", "transcribe", "multi/fake", id="as-in-the-checkout"),
        pytest.param("elsewhere/own", "align", "align/fake", id="by-its-stage"),
        pytest.param("elsewhere/own", "emotion", "detect/fake", id="what-detects"),
        pytest.param("elsewhere/own", "events", "detect/fake", id="what-detects-too"),
    ],
)
def test_an_engine_has_its_place_among_its_kind(
    tmp_path: Path, place: str, stages: str, expected: str
) -> None:
    entry = engine_entry().replaced(folder=tmp_path / place, stages={Stage(stages): StageSupport()})
    assert engine_place(entry) == expected


def test_certificates_come_along_only_where_they_are_named(folder: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    bundle.write_bytes(b"certificate")
    entry = engine_entry(folder)
    assert CERTIFICATES not in unpack(make_context(entry, "cpu", {}))
    named = unpack(make_context(entry, "cpu", {"SSL_CERT_FILE": str(bundle)}))
    assert named[CERTIFICATES] == b"certificate"
    with pytest.raises(CertificatesMissingError, match="SSL_CERT_FILE names /nowhere"):
        make_context(entry, "cpu", {"SSL_CERT_FILE": "/nowhere"})


@pytest.mark.parametrize(
    ("pull", "registry", "offline", "expected"),
    [
        pytest.param("missing", None, False, ("here", "build"), id="no registry"),
        pytest.param("missing", REGISTRY, False, ("here", "registry", "build"), id="registry"),
        pytest.param("never", None, False, ("here", "build"), id="never"),
        pytest.param("never", REGISTRY, False, ("here", "build"), id="never, with a registry"),
        pytest.param("always", REGISTRY, False, ("registry",), id="always"),
        pytest.param("missing", REGISTRY, True, ("here",), id="offline"),
        pytest.param("always", None, True, ("here",), id="always, but offline"),
    ],
)
def test_where_images_may_come_from(
    pull: PullPolicy, registry: str | None, offline: bool, expected: tuple[Source, ...]
) -> None:
    options = DockerOptions(pull=pull, registry=registry)
    assert image_sources(options, offline=offline) == expected


def test_always_pulling_needs_a_registry() -> None:
    with pytest.raises(NoRegistryError, match="no registry is set"):
        image_sources(DockerOptions(pull="always"), offline=False)


def test_builders_of_the_checkout_get_the_same_files() -> None:
    entry = engine_entry(ROOT / "engines" / "transcribe" / "pocketsphinx")
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    sent = {name for name in exclude_paths(str(ROOT), rules) if (ROOT / name).is_file()}
    ours = set(unpack(make_context(entry, "cpu", {})))
    places = (f"engines/{engine_place(entry)}/", "engines/sdk/")
    assert {name for name in ours if name.startswith(places)} == {
        name for name in sent if name.startswith(places)
    }
    others = {Path(name).parts[0] for name in sent}
    of_the_server = {"src", "catalog", "pyproject.toml", "README.md", "LICENSE"}
    assert others <= {"engines", "dockerfiles", "certificates", ".dockerignore"} | of_the_server
