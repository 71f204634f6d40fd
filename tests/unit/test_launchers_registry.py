"""The choice of an engine's launcher, and its reason."""

from pathlib import Path

import pytest
from tests.support.launching import engine_entry

import dalston_cli.launchers
from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.device import DeviceMissingError, DeviceNotSupportedError
from dalston_cli.catalog.machine import Gpu, Machine
from dalston_cli.errors import DalstonError, ExitCode
from dalston_cli.launchers.base import EngineSpec, LauncherContext
from dalston_cli.launchers.control import engine_device, engine_devices
from dalston_cli.launchers.docker.daemon import DaemonUnavailableError
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.launchers.registry import (
    LAUNCHER_NAMES,
    Launchers,
    UnknownLauncherError,
    check_remotes,
    configured_launchers,
    make_launchers,
)
from dalston_cli.launchers.remote.launcher import NoRemoteError, RemoteUnreachableError
from dalston_cli.settings.explain import SettingsFileError
from dalston_cli.settings.load import load_settings
from dalston_cli.settings.locations import Locations
from dalston_cli.settings.schema import RemoteEngine

REMOTES = {"fake": RemoteEngine(url="http://gpu:8401")}


@pytest.fixture(autouse=True)
def no_daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Docker is looked for where it is not."""
    host = f"unix://{tmp_path}/no.sock"
    monkeypatch.setenv("DOCKER_HOST", host)
    return host


def launchers(folder: Path, requested: str, *, with_remote: bool) -> Launchers:
    locations = Locations.from_environment({"DALSTON_RUNTIME_DIR": str(folder)})
    remotes = REMOTES if with_remote else {}
    context = LauncherContext(locations=locations, requested=requested, remotes=remotes)
    return make_launchers(context)


def test_launchers_know_nothing_of_each_other() -> None:
    package = Path(dalston_cli.launchers.__file__).parent
    for name in LAUNCHER_NAMES:
        code = "".join(file.read_text(encoding="utf-8") for file in (package / name).rglob("*.py"))
        others = [other for other in LAUNCHER_NAMES if f"dalston_cli.launchers.{other}" in code]
        assert others in ([], [name])


@pytest.mark.parametrize(
    ("requested", "embedded", "with_remote", "expected", "reason"),
    [
        pytest.param("auto", True, False, "local", "needs no environment", id="auto embedded"),
        pytest.param("auto", False, False, "local", "no daemon at unix://", id="auto no Docker"),
        pytest.param("auto", True, True, "remote", "settings name a URL", id="auto remote"),
        pytest.param("local", True, True, "local", "asked for", id="local wins over a URL"),
        pytest.param("remote", True, True, "remote", "asked for", id="remote"),
    ],
)
def test_the_choice_and_its_reason(
    tmp_path: Path, requested: str, embedded: bool, with_remote: bool, expected: str, reason: str
) -> None:
    found = launchers(tmp_path, requested, with_remote=with_remote)
    choice = found.choose(engine_entry(embedded=embedded), "cpu")
    assert choice.launcher.name == expected
    assert reason in choice.reason


def test_docker_without_a_daemon_is_an_error_that_says_where(
    tmp_path: Path, no_daemon: str
) -> None:
    with pytest.raises(DaemonUnavailableError, match=f"no daemon at {no_daemon}") as caught:
        launchers(tmp_path, "docker", with_remote=True).choose(engine_entry(), "cpu")
    assert caught.value.exit_code == ExitCode.UNAVAILABLE
    assert "--launcher local" in (caught.value.hint or "")


def test_a_choice_stays_the_same_while_things_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = launchers(tmp_path, "auto", with_remote=False)
    engine = engine_entry(embedded=False)
    first = found.choose(engine, "cpu")
    monkeypatch.setenv("DOCKER_HOST", "unix:///elsewhere.sock")
    assert found.choose(engine, "cpu") is first


def test_remote_without_a_url_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoRemoteError, match="no URL for engine fake"):
        launchers(tmp_path, "remote", with_remote=False).choose(engine_entry(), "cpu")


def test_an_unknown_launcher_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownLauncherError, match="no launcher moon") as caught:
        launchers(tmp_path, "moon", with_remote=False).choose(engine_entry(), "cpu")
    assert caught.value.hint == "use --launcher with one of auto, docker, local, remote"


def test_the_settings_name_launcher_urls_and_tokens(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        'launcher = "remote"\noffline = true\n'
        '[remote.fake]\nurl = "http://gpu:8401"\ntoken_env = "GPU_TOKEN"\n'
        '[remote.other]\nurl = "http://gpu:8402"\n',
        encoding="utf-8",
    )
    resolved = load_settings(environ={}, file=file)
    found = configured_launchers(
        resolved, Locations.from_environment({}), environ={"GPU_TOKEN": "opensesame"}
    )
    instances = {instance.engine: instance for instance in found.by_name["remote"].find()}
    assert found.requested == "remote"
    assert instances["fake"].address.url == "http://gpu:8401"
    assert instances["fake"].address.token == "opensesame"
    assert instances["other"].address.token is None
    assert "opensesame" not in repr(instances)


def test_the_settings_say_how_images_are_had_and_what_containers_may_take() -> None:
    values = {"PULL_IMAGE": "never", "IMAGE_REGISTRY": "registry.example.org/speech"}
    values |= {"BASE_IMAGE": "base:1", "ENGINE_MEMORY_MB": "2000", "ENGINE_CPUS": "1.5"}
    resolved = load_settings(environ={f"DALSTON_{name}": value for name, value in values.items()})
    assert DockerOptions.from_settings(resolved.settings) == DockerOptions(
        pull="never",
        registry="registry.example.org/speech",
        base_image="base:1",
        memory_mb=2000,
        cpus=1.5,
    )


def test_a_token_that_is_not_set_is_named(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[remote.fake]\nurl = "http://127.0.0.1:1"\ntoken_env = "GPU_TOKEN"\n', encoding="utf-8"
    )
    resolved = load_settings(environ={}, file=file)
    found = configured_launchers(resolved, Locations.from_environment({}), environ={})
    with pytest.raises(RemoteUnreachableError, match="GPU_TOKEN is not set"):
        found.by_name["remote"].fingerprint(
            EngineSpec(engine=engine_entry(), device="cpu", keep_alive_s=1, models_dir=tmp_path)
        )


def test_a_remote_engine_that_does_not_exist_is_a_wrong_setting(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('model = "auto"\n[remote.faek]\nurl = "http://gpu:8401"\n', encoding="utf-8")
    resolved = load_settings(environ={}, file=file)
    with pytest.raises(SettingsFileError) as caught:
        check_remotes(resolved, Catalog(engines={"fake": engine_entry()}, models={}))
    assert caught.value.message == (
        f"{file}:2: remote.faek: there is no engine `faek`; did you mean `fake`?"
    )
    check_remotes(resolved, Catalog(engines={"faek": engine_entry()}, models={}))


GPUS = (Gpu(index=0, name="small", vram_mb=8000), Gpu(index=1, name="large", vram_mb=24000))


@pytest.mark.parametrize(
    ("requested", "devices", "gpus", "expected"),
    [
        pytest.param("auto", ("cpu", "cuda"), (), "cpu", id="auto without a GPU"),
        pytest.param("auto", ("cpu", "cuda"), GPUS, "cuda:1", id="auto takes the largest"),
        pytest.param("auto", ("cpu",), GPUS, "cpu", id="auto for a CPU engine"),
        pytest.param("cpu", ("cpu", "cuda"), GPUS, "cpu", id="cpu"),
        pytest.param("cuda", ("cuda",), GPUS, "cuda:1", id="cuda"),
        pytest.param("cuda:0", ("cpu", "cuda"), GPUS, "cuda:0", id="cuda:0"),
    ],
)
def test_the_device(
    requested: str, devices: tuple[str, ...], gpus: tuple[Gpu, ...], expected: str
) -> None:
    machine = Machine(cpus=2, ram_mb=4000, gpus=gpus)
    assert engine_device(requested, engine_entry(devices=devices), machine) == expected


@pytest.mark.parametrize(
    ("requested", "listed", "expected"),
    [
        pytest.param("auto", (), ("cuda:1",), id="no list"),
        pytest.param("auto", (0,), ("cuda:0",), id="not the largest"),
        pytest.param("auto", (0, 1), ("cuda:1", "cuda:0"), id="all"),
        pytest.param("cpu", (0, 1), ("cpu",), id="cpu"),
    ],
)
def test_the_devices_of_replicas(
    requested: str, listed: tuple[int, ...], expected: tuple[str, ...]
) -> None:
    machine = Machine(cpus=2, ram_mb=4000, gpus=GPUS)
    engine = engine_entry(devices=("cpu", "cuda"))
    assert engine_devices(requested, listed, engine, machine) == expected


def test_a_list_of_gpus_is_no_wish_that_the_cpu_fulfils() -> None:
    machine = Machine(cpus=2, ram_mb=4000, gpus=GPUS)
    with pytest.raises(DeviceNotSupportedError):
        engine_devices("auto", (0,), engine_entry(devices=("cpu",)), machine)


@pytest.mark.parametrize(
    ("requested", "devices", "gpus", "kind"),
    [
        pytest.param("cuda", ("cpu",), GPUS, DeviceNotSupportedError, id="GPU for a CPU engine"),
        pytest.param("cpu", ("cuda",), GPUS, DeviceNotSupportedError, id="CPU for a GPU engine"),
        pytest.param("auto", ("cuda",), (), DeviceMissingError, id="no GPU for a GPU engine"),
        pytest.param("cuda:7", ("cuda",), GPUS, DeviceMissingError, id="no such GPU"),
    ],
)
def test_devices_that_cannot_be(
    requested: str, devices: tuple[str, ...], gpus: tuple[Gpu, ...], kind: type[DalstonError]
) -> None:
    machine = Machine(cpus=2, ram_mb=4000, gpus=gpus)
    with pytest.raises(kind):
        engine_device(requested, engine_entry(devices=devices), machine)
