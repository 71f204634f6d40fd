"""How Dalston, each peer and the bare library are asked for the same transcripts.

All of them decode in 8 bits with a beam of 5, voice activity detection and the language given; none
carries text along or looks for word times, and all write plain text.
"""

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil
from tests.support.processes import processes_of

from benchmarks.peers.benchmark import Contender, ContenderError, Setting
from benchmarks.peers.environments import environment_of
from benchmarks.workshop import DALSTON

MODELS = {"tiny.en": "faster-whisper-tiny.en", "base": "faster-whisper-base"}
"""Of which a package index has the weights."""
BATCH_SIZE = 8
NOT_ONLINE = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "ORT_DISABLE_TELEMETRY": "1",
    "PYANNOTE_METRICS_ENABLED": "0",
}


class Dalston:
    """Dalston with folders of its own, so that its engines are its own.

    Args:
        setting: What all contenders share.
        name: Of its folder.
        engines: A folder with engines that take the place of ours; None for ours.

    Attributes:
        folder: For sockets, its path is short.
    """

    def __init__(self, setting: Setting, name: str, engines: Path | None = None) -> None:
        self._setting = setting
        self.folder = setting.folder / name
        self.environ = real_environment(setting, self.folder)
        if engines is not None:
            self.environ["DALSTON_ENGINES_PATH"] = str(engines)
        stop = [DALSTON, "engines", "stop", "--all"]
        setting.closing.callback(run, stop, environ=self.environ)

    def contender(
        self, name: str, model: str, calls: Sequence[Sequence[Path]], **options: int
    ) -> Contender:
        """Return the contender that makes these calls; its engine runs already."""
        chosen = {"threads": self._setting.threads} | options
        out = self.folder / name.replace(" ", "-")
        words = [DALSTON, "transcribe", "-m", MODELS[model], "--compute-type", "int8", "-l", "en"]
        words += ["--beam-size", "5", "--no-word-timestamps", "--align", "never", "-f", "txt"]
        words += ["--overwrite", "--keep-alive", "3600", "-q"]
        for option, value in chosen.items():
            words += [f"--{option.replace('_', '-')}", str(value)]
        words += ["-o"]
        run([*words, f"{out}-warm", *map(str, calls[0][:1])], environ=self.environ)
        commands = [[*words, str(out), *map(str, recordings)] for recordings in calls]
        return Contender(
            name=name,
            run=_all(commands, self.environ),
            servers=self.servers,
            texts=out,
            command=commands[0],
            environ=self.environ,
        )

    def servers(self) -> list[psutil.Process]:
        """Return the processes of the engines that run."""
        return processes_of(self.folder)


def real_environment(setting: Setting, folder: Path) -> dict[str, str]:
    """Return the variables for the real catalog, with environments and weights that are kept."""
    moved = {name: str(folder / name[0].lower()) for name in ("CONFIG", "STATE", "RUNTIME")}
    kept = {"CACHE": str(setting.cache), "MODELS": str(setting.cache / "models")}
    environ = {name: text for name, text in os.environ.items() if not name.startswith("DALSTON_")}
    folders = {f"DALSTON_{name}_DIR": path for name, path in (moved | kept).items()}
    return environ | folders | {"DALSTON_WEIGHTS_FROM": "index", "DALSTON_STARTER": "no"}


def weights(setting: Setting, model: str) -> Path:
    """Return the folder of a model's weights, which are pulled if they are missing."""
    environ = real_environment(setting, setting.folder / "weights")
    run([DALSTON, "models", "pull", "-y", "-q", MODELS[model]], environ=environ)
    shown = subprocess.run(
        [DALSTON, "models", "show", MODELS[model], "--json"],
        env=environ,
        check=True,
        stdout=subprocess.PIPE,
    )
    return Path(json.loads(shown.stdout)["data"]["installation"]["path"])


def whisper_ctranslate2(
    setting: Setting, model: str, calls: Sequence[Sequence[Path]], *, batched: bool = False
) -> Contender:
    """Return whisper-ctranslate2, decoding in order or in batches."""
    name = "whisper-ctranslate2 in batches" if batched else "whisper-ctranslate2"
    words = [str(environment_of("whisper-ctranslate2", setting.cache) / "whisper-ctranslate2")]
    words += ["--model_directory", str(weights(setting, model)), "--device", "cpu"]
    words += ["--compute_type", "int8", "--threads", str(setting.threads), "--language", "en"]
    words += ["--beam_size", "5", "--vad_filter", "True", "--condition_on_previous_text", "False"]
    words += ["--word_timestamps", "False", "--output_format", "txt", "--verbose", "False"]
    if batched:
        words += ["--batched", "True", "--batch_size", str(BATCH_SIZE)]
    return _peer(setting, name, words, calls)


def whisperx(setting: Setting, model: str, calls: Sequence[Sequence[Path]]) -> Contender:
    """Return whisperx, which always decodes in batches, without its alignment."""
    words = [str(environment_of("whisperx", setting.cache) / "whisperx")]
    words += ["--model", str(weights(setting, model)), "--device", "cpu", "--compute_type", "int8"]
    words += ["--threads", str(setting.threads), "--language", "en", "--beam_size", "5"]
    words += ["--batch_size", str(BATCH_SIZE), "--no_align", "--vad_method", "pyannote"]
    words += ["--output_format", "txt", "--verbose", "False", "--log-level", "error"]
    return _peer(setting, "whisperx", words, calls)


def bare_library(
    setting: Setting, model: str, calls: Sequence[Sequence[Path]], *, batched: bool = False
) -> Contender:
    """Return faster-whisper itself."""
    out = setting.folder / "faster-whisper"
    python = environment_of("whisper-ctranslate2", setting.cache) / "python"
    script = Path(__file__).with_name("library.py")
    words = [str(python), str(script), str(weights(setting, model)), str(setting.threads)]
    words += [str(BATCH_SIZE if batched else 0), str(out)]
    commands = [[*words, *map(str, recordings)] for recordings in calls]
    work = _all(commands, _peer_environ(setting))
    return Contender(name="faster-whisper", run=work, texts=out, is_other=True)


def run(command: Sequence[str], *, environ: Mapping[str, str]) -> None:
    """Run a command.

    Raises:
        ContenderError: It fails.
    """
    done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
    if done.returncode:
        raise ContenderError(f"{' '.join(command)[:500]}\n{done.stderr[-2000:]}")


def _peer(
    setting: Setting, name: str, words: Sequence[str], calls: Sequence[Sequence[Path]]
) -> Contender:
    out = setting.folder / name.replace(" ", "-")
    commands = [[*words, "--output_dir", str(out), *map(str, recordings)] for recordings in calls]
    work = _all(commands, _peer_environ(setting))
    return Contender(name=name, run=work, texts=out, is_peer=True, is_other=True)


def _peer_environ(setting: Setting) -> dict[str, str]:
    """Return the variables of what is not Dalston; its temporary files go with the setting's."""
    return {**os.environ, **NOT_ONLINE, "TMPDIR": str(setting.folder)}


def _all(commands: Sequence[Sequence[str]], environ: Mapping[str, str]) -> Callable[[], None]:
    """Return what runs the commands one after the other."""

    def work() -> None:
        for command in commands:
            run(command, environ=environ)

    return work
