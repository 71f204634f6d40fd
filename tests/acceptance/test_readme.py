"""The commands of the documentation work, in a folder with the files that they name."""

import dataclasses
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from urllib.request import urlopen

import pytest
from tests.acceptance.home import Home
from tests.support.documents import (
    DOCUMENTS,
    REPOSITORY,
    Command,
    blocks_of,
    commands_of,
    read,
    spans_of,
)
from tests.support.hub import HubRepo, HubServer, running_hub
from tests.support.isolation import Isolation
from tests.support.recordings import ffmpeg

from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import probe_machine
from dalston_cli.catalog.sources import HubSource
from dalston_cli.errors import ExitCode
from dalston_cli.formats.registry import WRITERS
from dalston_cli.settings.load import load_settings
from dalston_cli.settings.table import TABLE

pytestmark = pytest.mark.network

WEIGHTS = REPOSITORY / "engines/transcribe/faster-whisper/tests/data/tiny-whisper-flite"
PULLED = "faster-whisper-large-v3-turbo"
MANIFEST = f"""\
path,language,initial_prompt,model
interview.mp3,en,An interview.,{PULLED}
call.wav,en,,pocketsphinx-en-us
"""
NEEDS_A_PULLED_MODEL = {
    "models pull": "is what pulls it",
    "interview.mp3 ": "the line above it pulls one, and this is to take it",
    "--language de": "the bundled model knows English only",
    "--manifest": "the bundled model takes no prompts",
}
"""All other commands run on a machine that has pulled nothing."""
NEEDS_THE_STARTER = {"plan recordings/ -r --diarize": "no bundled model finds speakers"}
DOWNLOADS = "dalston setup -"
"""What begins so pulls models whose weights the hub of these tests does not have."""
TOLD_ON_STANDARD_ERROR = ("shard ", "break a rule", " passages in ")
SHOWS_SOMETHING = ("models", "pipelines", "engines", "runs", "doctor", "config")
STICK = "/media/stick"
CHANGE_THE_SETTINGS = [["config", name] for name in ("set", "unset", "edit")]
SETTINGS = 'model = "auto"\n'
HAS_MANY_OPTIONS = ("transcribe", "plan")
WRITTEN = [command for document in DOCUMENTS for command in commands_of(document)]
HERE = list(
    {
        command.typed: command
        for command in reversed(WRITTEN)
        if not (
            command.needs_docker
            or command.needs_gpu
            or command.needs_language_model
            or command.needs_store
            or command.needs_voices
        )
    }.values()
)[::-1]
"""Each once, where it is written first."""
TO_CHANGE = [command for command in HERE if command.words[1:3] in CHANGE_THE_SETTINGS]
TO_DOWNLOAD = [command for command in HERE if command.text.startswith(DOWNLOADS)]
TO_CARRY = [command for command in HERE if STICK in command.text]
SERVED = {"review": ("", b"<title>"), "serve": ("/health", b'"ok"')}
"""Commands that serve: where to look, and what is there."""
TO_SERVE = [command for command in HERE if {*command.words[1:2]} & SERVED.keys()]
TO_WATCH = [each for each in HERE if each.words[1:2] == ["watch"] and "--once" not in each.words]
OTHERS = (*TO_CHANGE, *TO_DOWNLOAD, *TO_CARRY, *TO_SERVE, *TO_WATCH)
COMMANDS = [each for each in HERE if each not in OTHERS]
FOR_GPUS = [command for command in WRITTEN if command.needs_gpu]
SPANS = [command for document in DOCUMENTS for command in spans_of(document)]


@pytest.fixture(scope="module")
def hub() -> Iterator[HubServer]:
    """Has the model that the README pulls, under its real name but with tiny weights."""
    source = load_catalog().model(PULLED).source
    assert isinstance(source, HubSource)
    repo = dataclasses.replace(HubRepo.from_folder(WEIGHTS), commit=source.revision)
    with running_hub({source.repo: repo}) as server:
        yield server


@pytest.fixture(scope="module")
def user(lasting_home: Home, hub: HubServer) -> Home:
    lasting_home.environ |= hub.environment
    return lasting_home


@pytest.fixture(scope="module")
def pulled(user: Home) -> Path:
    """A models folder with the model that the README pulls."""
    models = user.folder / "pulled"
    done = user.run_here("models", "pull", PULLED, DALSTON_MODELS_DIR=str(models))
    assert done.returncode == 0, done.stderr
    return models


@pytest.fixture(scope="module")
def prepared(user: Home, examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the documentation speaks of."""
    folder = tmp_path_factory.mktemp("prepared")
    shutil.copytree(examples, folder / "examples")
    names = ("recordings/one.wav", "recordings/below/two.wav", "talks/2024/talk.mp4", "inbox/a.wav")
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        ffmpeg("-i", examples / "lecture.mp4", "-t", "4", folder / name)
    # Long enough for what is cut out of it, but with no more than nine seconds to recognise.
    ffmpeg("-i", examples / "lecture.mp4", "-vn", "-af", "adelay=88s:all=1", folder / "lecture.mp4")
    shutil.copy(examples / "call.wav", folder / "call.wav")
    ffmpeg("-i", examples / "call.wav", "-t", "4", folder / "call.mp3")
    shutil.copy(examples / "dialogue.wav", folder / "interview.wav")
    ffmpeg("-i", examples / "dialogue.wav", "-t", "8", folder / "interview.mp3")
    (folder / "session").mkdir()
    for name in ("Ada", "Grace"):
        shutil.copy(folder / "recordings/one.wav", folder / f"session/{name}.wav")
    shutil.copytree(WEIGHTS, folder / "weights")
    (folder / "people.txt").write_text("Ada Lovelace, Countess\n", encoding="utf-8")
    (folder / "batch.csv").write_text(MANIFEST, encoding="utf-8")
    made = user.run_here("transcribe", examples / "dialogue.wav", "-o", folder, "-f", "json")
    assert made.returncode == 0, made.stderr
    _add_chapters(folder / "dialogue.json", folder / "talk.json")
    shutil.copy(folder / "talk.json", folder / "interview.json")
    shutil.copy(REPOSITORY / "tests/golden/files/monologue.srt", folder / "talk.srt")
    (folder / "out").mkdir()
    shutil.copy(folder / "talk.json", folder / "out/dialogue.json")
    _add_film(folder)
    _add_calls(user, folder)
    _add_chapter(folder)
    (folder / "right").mkdir()
    for known in examples.glob("dialogue.*"):
        shutil.copy(known, folder / "right")
    of_whisper = {"segments": [{"start": 0.5, "end": 2.0, "text": " Good evening."}]}
    (folder / "whisper-output.json").write_text(json.dumps(of_whisper), encoding="utf-8")
    return folder


def _add_film(folder: Path) -> None:
    """Add a video and its subtitles."""
    shutil.copy(folder / "talks/2024/talk.mp4", folder / "film.mp4")
    for name in ("film.srt", "film.en.srt", "film.de.srt"):
        shutil.copy(folder / "talk.srt", folder / name)


def _add_chapter(folder: Path) -> None:
    """Add a chapter and a song, whose texts are known."""
    ffmpeg("-i", folder / "examples/lecture.mp4", "-vn", folder / "chapter.mp3")
    ffmpeg("-i", folder / "examples/lecture.mp4", "-vn", folder / "song.flac")
    text = (folder / "examples/lecture.txt").read_text(encoding="utf-8")
    for name in ("chapter.txt", "lyrics.txt"):
        (folder / name).write_text(text, encoding="utf-8")
    page = f"<html xmlns='http://www.w3.org/1999/xhtml'><body><p>{text}</p></body></html>"
    (folder / "chapter.xhtml").write_text(page, encoding="utf-8")


def _add_calls(user: Home, folder: Path) -> None:
    """Add transcripts to search, to count and to redact."""
    for name in ("calls", "interviews"):
        (folder / name).mkdir()
        shutil.copy(folder / "talk.json", folder / name)
    document = json.loads((folder / "talk.json").read_text(encoding="utf-8"))
    first = document["segments"][0] | {"text": "Next year taxes rise.", "words": []}
    document["segments"] = [first]
    (folder / "calls/tax.json").write_text(json.dumps(document), encoding="utf-8")
    made = user.run_here("transcribe", folder / "call.wav", "-o", folder, "-f", "json")
    assert made.returncode == 0, made.stderr
    redacted = user.run_here("redact", "call.json", "--key", "case.key", "-o", "kept", cwd=folder)
    assert redacted.returncode == 0, redacted.stderr


def _add_chapters(transcript: Path, to: Path) -> None:
    """Add what a language model would have written."""
    document = json.loads(transcript.read_text(encoding="utf-8"))
    document["chapters"] = [{"start": 0.0, "end": 9.0, "title": "All of it"}]
    for segment in document["segments"]:
        segment["translations"] = {"de": "Guten Tag."}
    to.write_text(json.dumps(document), encoding="utf-8")


def shell(
    user: Home, command: Command, cwd: Path, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run as if it was typed; in this process where a shell would only split it into words.

    Workers are children of a process of their own, which takes Python's helpers of theirs with it.
    """
    if (words := command.words) and "--runner" not in words:
        return user.run_here(*words[1:], cwd=cwd, **environ)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command.text],
        cwd=cwd,
        env={**user.environ, **environ},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.file}:{command.line}")
def test_a_command_works_as_it_is_written(
    user: Home, prepared: Path, pulled: Path, tmp_path: Path, command: Command
) -> None:
    work = tmp_path / "work"
    shutil.copytree(prepared, work)
    if "export" not in command.text:
        (work / "interview.json").unlink()  # or it would be in the way, and kept
    if "--restore" in command.text:
        shutil.copytree(work / "kept", work, dirs_exist_ok=True)
    has_pulled = any(part in f"{command.text} " for part in NEEDS_A_PULLED_MODEL)
    places = {"DALSTON_MODELS_DIR": str(pulled)} if has_pulled else {}
    if any(part in command.text for part in NEEDS_THE_STARTER):
        places["DALSTON_STARTER"] = "yes"
    before = {path for path in work.rglob("*") if path.is_file()}

    done = shell(user, command, work, **places)

    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    new = {path for path in work.rglob("*") if path.is_file()} - before
    tells = new or done.stdout or any(part in done.stderr for part in TOLD_ON_STANDARD_ERROR)
    tells = tells or "models pull" in command.text
    assert tells, f"{command}: came to nothing"
    assert all(path.stat().st_size for path in new), new


def on_a_free_port(words: list[str]) -> list[str]:
    """Return a command for another port than is written, which a test beside this one may have."""
    at = words.index("--port") if "--port" in words else len(words)
    return [*words[:at], "--port", "0", *words[at + 2 :]]


@pytest.mark.parametrize("command", TO_SERVE, ids=lambda command: f"{command.file}:{command.line}")
def test_a_command_serves_until_it_is_stopped(
    user: Home, prepared: Path, tmp_path: Path, command: Command
) -> None:
    work = tmp_path / "work"
    shutil.copytree(prepared, work)
    (work / "transcripts").mkdir()
    shutil.copy(work / "talk.json", work / "transcripts")
    path, shown = SERVED[command.words[1]]
    if "--host" in command.words:
        assert user.run_here("tokens", "add", f"line{command.line}").returncode == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "dalston_cli", *on_a_free_port(command.words[1:])],
        cwd=work,
        env={**user.environ, "BROWSER": "true"},  # a program that does nothing
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline()
        with urlopen(address.partition("#")[0].strip() + path, timeout=30) as answer:
            assert shown in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=180) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("command", TO_WATCH, ids=lambda command: f"{command.file}:{command.line}")
def test_a_command_watches_until_it_is_stopped(
    user: Home, prepared: Path, tmp_path: Path, command: Command
) -> None:
    (tmp_path / "inbox").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "dalston_cli", *command.words[1:], "--settle", "0.5"],
        cwd=tmp_path,
        env=user.environ,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("watching inbox")
        shutil.copy(prepared / "inbox/a.wav", tmp_path / "inbox")
        told = next(line for line in process.stderr if line.startswith("done: "))
        assert "inbox/a.wav" in told
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=180) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("command", TO_CHANGE, ids=lambda command: f"{command.file}:{command.line}")
def test_a_command_changes_the_settings(user: Home, tmp_path: Path, command: Command) -> None:
    file = tmp_path / "config.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    changed = shell(user, command, tmp_path, DALSTON_CONFIG_DIR=str(tmp_path), EDITOR="sed -i 1d")
    assert changed.returncode == 0, f"{command}\n{changed.stderr}"
    assert file.read_text(encoding="utf-8") != SETTINGS
    load_settings(environ={}, file=file)  # raises for what is no settings file


@pytest.mark.parametrize(
    "command", TO_DOWNLOAD, ids=lambda command: f"{command.file}:{command.line}"
)
def test_a_command_that_downloads_asks_the_hub(
    user: Home, prepared: Path, tmp_path: Path, command: Command
) -> None:
    done = shell(user, command, prepared, DALSTON_MODELS_DIR=str(tmp_path))
    assert done.returncode == ExitCode.UNAVAILABLE, f"{command}\n{done.stderr}"
    assert "Downloading" in done.stderr
    assert "does not exist, or is private (401)" in done.stderr


def test_weights_are_carried_as_it_is_written(
    user: Home, pulled: Path, prepared: Path, tmp_path: Path
) -> None:
    """With the model that is pulled here, in place of the page's, and a folder for the stick."""
    written = [command.typed.replace(STICK, str(tmp_path / "stick")) for command in TO_CARRY]
    assert [line.split()[1:3] for line in written] == [["models", "export"], ["models", "import"]]
    for line, models in zip(written, (pulled, tmp_path / "elsewhere"), strict=True):
        command = Command("docs/models.md", 0, line.replace("tiny.en", PULLED))
        done = shell(user, command, prepared, DALSTON_MODELS_DIR=str(models))
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert any((tmp_path / "elsewhere").rglob("model.bin"))


@pytest.mark.parametrize("command", FOR_GPUS, ids=lambda command: f"{command.file}:{command.line}")
def test_a_command_for_gpus_is_refused_without_them(
    user: Home, prepared: Path, command: Command
) -> None:
    if probe_machine().gpus:
        pytest.skip("this machine has a GPU, and the documentation speaks of several")
    done = shell(user, command, prepared)
    assert done.returncode == ExitCode.UNAVAILABLE, f"{command}\n{done.stderr}"
    assert "no GPU can be used on this machine" in done.stderr


def test_the_reasons_for_pulled_models_are_needed() -> None:
    for part in (*NEEDS_A_PULLED_MODEL, *NEEDS_THE_STARTER):
        assert any(part in f"{command.text} " for command in COMMANDS), part


@pytest.mark.parametrize("span", SPANS, ids=lambda span: f"{span.file}:{span.line}-{span.text}")
def test_a_command_within_a_sentence_exists(user: Home, tmp_path: Path, span: Command) -> None:
    text = span.text.replace("--again MODEL", f"--again {PULLED}")
    words = text.replace("ID", "pocketsphinx-en-us").split()[1:]
    path = list(takewhile(lambda word: not word.startswith("-"), words))

    explained = user.run_here(
        *path, "--help-all" if path and path[0] in HAS_MANY_OPTIONS else "--help"
    )

    assert explained.returncode == 0, span
    for option in words[len(path) :]:
        if option == PULLED:
            continue
        assert option in explained.stdout, span
    if words[:2] == ["models", "pull"] and PULLED not in words:  # all that the tests' hub has
        words[1] = "show"
    changes = words[:2] in CHANGE_THE_SETTINGS
    if words[0] in SHOWS_SOMETHING and not (span.needs_docker or changes):
        done = user.run_here(*words, cwd=tmp_path)
        assert done.returncode == 0, f"{span}\n{done.stderr}"


def test_the_readme_shows_how_the_transcript_begins(
    user: Home, isolation: Isolation, tmp_path: Path
) -> None:
    """With the real weights that a bare machine gets, kept with engines' environments."""
    [text] = blocks_of("README.md", "text")
    wav = REPOSITORY / "examples" / "monologue.wav"
    models = str(isolation.places["CACHE"] / "starter")

    done = user.run_here(
        *("transcribe", wav, "-o", tmp_path, "-f", "txt"),
        DALSTON_STARTER="yes",
        DALSTON_WEIGHTS_FROM="index",
        DALSTON_MODELS_DIR=models,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "monologue.txt").read_text(encoding="utf-8").startswith(text.strip())


def test_other_words_for_a_command_exist(user: Home) -> None:
    rows = re.findall(
        r"^\| `dalston (\w+) (\w+)`((?:, `\w+`)+) \|", read("README.md"), re.MULTILINE
    )
    assert len(rows) == 8
    for group, first, others in rows:
        for name in (first, *re.findall(r"\w+", others)):
            assert user.run_here(group, name, "--help").returncode == 0, f"dalston {group} {name}"


def test_the_readme_names_every_format_and_exit_code() -> None:
    text = read("README.md")
    [formats] = re.findall(r"^`-f` takes (.*), several of them", text, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"`(\w+)`", formats)) == set(WRITERS)
    codes = {
        int(code)
        for row in re.findall(r"^\| ([\d, ]+) \|", text, re.MULTILINE)
        for code in row.split(",")
    }
    assert codes == {int(code) for code in ExitCode}


def test_the_readme_tells_the_truth_about_models_and_engines() -> None:
    catalog = load_catalog()
    text = read("README.md")
    engines = re.findall(r"^\| \[([\w-]+)\]\(engines", text, re.MULTILINE)
    assert set(engines) == set(catalog.engines)
    [(size, languages)] = re.findall(rf"{PULLED} +# ([\d.]+) GB, (\d+) languages", text)
    model = catalog.model(PULLED)
    assert float(size) == round(model.size_mb / 1000, 1)
    assert int(languages) == len(model.languages)


@pytest.mark.parametrize("document", [*DOCUMENTS, "CONTRIBUTING.md", "ARCHITECTURE.md"])
def test_links_lead_somewhere(document: str) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", read(document)):
        if not target.startswith(("http://", "https://")):
            assert ((REPOSITORY / document).parent / target).exists(), target


@pytest.mark.parametrize("text", blocks_of("docs/settings.md", "toml"))
def test_settings_files_are_understood(
    user: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    plain = load_settings(environ={}, file=file)
    assert plain.sources["model"].kind == "file"
    profiles = re.findall(r"^\[profiles\.(\w+)\]", text, re.MULTILINE)
    assert profiles
    for profile in profiles:
        found = load_settings(environ={}, file=file, profile=profile)
        assert "profile" in {source.kind for source in found.sources.values()}
        monkeypatch.setitem(user.environ, "DALSTON_CONFIG_DIR", str(tmp_path))
        shown = user.run_here("config", "show", "--profile", profile)
        assert shown.returncode == 0, shown.stderr
        assert profile in shown.stdout


def test_every_setting_is_named_once() -> None:
    [table] = re.findall(
        r"^## Every setting\n(.*?)^## ", read("docs/settings.md"), re.MULTILINE | re.DOTALL
    )
    named = re.findall(r"`(\w+)`", table)
    assert len(named) == len(set(named))
    assert set(named) == set(TABLE)


def test_every_variable_that_is_named_is_read() -> None:
    modules = [*(REPOSITORY / "src").rglob("*.py"), *(REPOSITORY / "engines/sdk").rglob("*.py")]
    modules += (REPOSITORY / "benchmarks").glob("*.py")
    modules += [REPOSITORY / "compose.yaml", REPOSITORY / ".ci" / "docker"]
    sources = re.sub(r"\s", "", "".join(path.read_text(encoding="utf-8") for path in modules))
    known = {f"DALSTON_{name.upper()}" for name in TABLE}
    known |= {f"DALSTON_RECORDING_{name.upper()}" for name in WRITERS}  # for --on-finish of watch
    for document in DOCUMENTS:
        for name in set(re.findall(r"\bDALSTON_[A-Z_]+\b", read(document))) - known:
            folder = re.fullmatch(r"DALSTON_(\w+)_DIR", name)
            assert (f'place("{folder[1]}",' if folder else name) in sources, f"{document}: {name}"


def test_events_are_json_lines_with_a_final_report(user: Home, tmp_path: Path) -> None:
    wav = REPOSITORY / "examples" / "lecture.mp4"
    done = user.run_here("transcribe", wav, "-o", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) > 1
    assert lines[-1]["event"] == "run_finished"
