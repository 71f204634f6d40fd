"""What one command loads and opens: counted, not timed."""

import json
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.launching import FAKE, EngineHome

ALL_STORED = (
    "av",
    "docker",
    "httpx2",
    "huggingface_hub",
    "numpy",
    "pydantic",
    "rich",
    "tarfile",
    "yaml",
    "dalston_cli.audio.container",
    "dalston_cli.audio.decode",
    "dalston_cli.audio.worker",
    "dalston_cli.catalog.names.adopt",
    "dalston_cli.catalog.weights.hub",
    "dalston_cli.commands.models",
    "dalston_cli.formats.readers.srt",
    "dalston_cli.launchers.docker",
    "dalston_cli.pipeline.running.graph",
    "dalston_cli.stages.merge.assemble",
)
"""Neither is loaded where there is nothing to do."""

PROBE = """
import json, sys
opened, started = [], []
def hear(event, arguments):
    if event == "open" and str(arguments[0]).endswith((".yaml", ".wav")):
        opened.append(str(arguments[0]))
    elif event == "subprocess.Popen":
        started.append(str(arguments[0]))
sys.addaudithook(hear)
from dalston_cli.app import main
code = main(sys.argv[1:])
print(json.dumps([opened, started, sorted(sys.modules)]), file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[EngineHome]:
    made = EngineHome()
    for name, place in made.variables.items():
        monkeypatch.setenv(name, place)
    monkeypatch.setenv("DALSTON_ENGINES_PATH", str(FAKE.parent))
    monkeypatch.setenv("DALSTON_CATALOG_PATH", str(FAKE.parent / "catalog"))
    monkeypatch.chdir(tmp_path)
    yield made
    made.close()


def probed(*words: str) -> tuple[list[str], list[str], set[str]]:
    """Return opened YAML files and recordings, started programs, and loaded modules."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words], capture_output=True, text=True, check=True
    )
    opened, started, modules = json.loads(done.stderr.splitlines()[-1])
    return opened, started, set(modules)


def _write(path: Path, sample: bytes) -> None:
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(16_000)
        wav.writeframes(sample * 8_000)


@pytest.mark.usefixtures("home")
def test_a_command_with_nothing_to_do_opens_and_starts_nothing(tmp_path: Path) -> None:
    _write(tmp_path / "talk.wav", b"\1\0")
    command = ("transcribe", "talk.wav", "-m", "fake", "-q")
    first, engine_and_decoder, _ = probed(*command)
    assert engine_and_decoder != []
    opened, started, modules = probed(*command)
    assert started == []
    assert modules & set(ALL_STORED) == set()
    assert len(first) > 50, "the first command reads every file of the catalog"
    assert set(opened) == {str(FAKE / "engine.yaml")}, "its digest decides which results count"


@pytest.mark.usefixtures("home")
def test_a_new_recording_beside_a_running_engine_loads_no_general_client(tmp_path: Path) -> None:
    _write(tmp_path / "first.wav", b"\1\0")
    _write(tmp_path / "second.wav", b"\2\0")
    probed("transcribe", "first.wav", "-m", "fake", "-q")
    _, started, modules = probed("transcribe", "second.wav", "-m", "fake", "-q")
    assert len(started) == 1, "the decoder; the engine runs"
    assert "h11" in modules
    assert modules.isdisjoint({"httpx2", "anyio", "av", "numpy", "pydantic", "yaml"})


@pytest.mark.usefixtures("home")
def test_a_recording_that_engines_read_already_needs_no_decoder(tmp_path: Path) -> None:
    _write(tmp_path / "first.wav", b"\1\x10\1\xf0")
    _write(tmp_path / "second.wav", b"\2\x10\2\xf0")
    probed("transcribe", "first.wav", "-m", "fake", "-q")
    _, started, modules = probed("transcribe", "second.wav", "-m", "fake", "-q", "-l", "en")
    assert started == []
    unused = ("commands.mux_after", "commands.on_finish", "known_text.placing", "audio.container")
    assert modules.isdisjoint({"langcodes", *(f"dalston_cli.{name}" for name in unused)})


@pytest.mark.usefixtures("home")
def test_settings_that_are_plain_need_no_checker(
    home: EngineHome, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = home.locations.config / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        'beam_size = 5\nlanguage = "English"\nprofile = "subtitles"\n'
        '[profiles.subtitles]\noutput_format = ["srt", "vtt"]\nmax-cps = 17\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("DALSTON_KEEP_ALIVE", "60")
    _write(tmp_path / "talk.wav", b"\1\0")
    command = ("plan", "talk.wav", "-m", "fake", "--clip", "0-1", "--min-gap", "0.1", "--jobs", "2")
    _, _, modules = probed(*command)
    assert "pydantic" not in modules
    monkeypatch.setenv("DALSTON_KEEP_ALIVE", "+60")
    _, _, modules = probed(*command)
    assert "pydantic" in modules, "which knows how numbers may be written"
