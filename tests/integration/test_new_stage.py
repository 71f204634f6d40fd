"""A new optional stage takes nine files: here one is added to a copy of the tree, and runs.

It counts silences. The edits below are all that it needs; the pages about settings are generated.
"""

import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
import venv
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline_home import write_model, write_recording
from tests.support.places import folder_variables

ROOT = Path(__file__).parents[2]
SDK = "engines/sdk/src/dalston_sdk"
CLI = "src/dalston_cli"
FAKE = "tests/engines/fake"
MOST_FILES = 9


@dataclass(frozen=True)
class Edit:
    """Text that is put before another text, which stands in the file once; or a new file."""

    file: str
    text: str
    before: str = ""


WIRE = '''\
class SilencesOptions(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """How to count silences: those that last at least ``min_duration_ms``."""

    min_duration_ms: int | None = None


class SilencesRequest(_Request, frozen=True, kw_only=True, tag="silences"):
    """Count silences."""

    options: SilencesOptions = SilencesOptions()


'''

WIRE_RESULT = '''\
class SilencesResult(_Result, frozen=True, kw_only=True, tag="silences"):
    """How many silences there are."""

    count: int


'''

STAGE = '''\
"""Silences: count where nothing is to be heard."""

from collections.abc import Sequence

import msgspec

from dalston_cli.stages.base import Found, Stage
from dalston_cli.stages.origin import origin, with_origin
from dalston_sdk.wire import Transcript
from dalston_sdk.wire import Stage as StageKind
from dalston_sdk.wire.stage import SilencesOptions, SilencesRequest, SilencesResult


class CountSilences(Stage[SilencesOptions, SilencesResult]):
    """Needs no other stage."""

    name = "silences"
    kind = StageKind.SILENCES
    verb = "count silences"
    options = SilencesOptions
    asks = SilencesRequest
    result = SilencesResult

    def contribute(
        self, transcript: Transcript, found: Sequence[Found[SilencesResult]]
    ) -> Transcript:
        """Add up the channels' silences."""
        if not found:
            return transcript
        count = sum(channel.result.count for channel in found)
        transcript = msgspec.structs.replace(transcript, silences=count)
        return with_origin(transcript, self.name, origin(self.name, transcript.stages))


SILENCES = CountSilences()
'''

SETTINGS = """\
    silences: bool = kinds.switch("Count silences.", default=False)
    silences_model: str = kinds.model_id("Model that counts silences.", "auto", needs=("silences",))
    min_silences_ms: int | None = kinds.milliseconds(
        "Shorter silences do not count.",
        example="300",
        sets="silences.min_duration_ms",
        needs=("silences",),
    )
"""

ENGINE_METHOD = '''\
    def count_silences(
        self, request: SilencesRequest, audio: Samples, context: RunContext
    ) -> SilencesResult:
        """Count silences."""
        raise self._not_offered(Stage.SILENCES)

'''

FAKE_METHOD = """\
    def count_silences(
        self, request: SilencesRequest, audio: Samples, context: RunContext
    ) -> SilencesResult:
        self._misbehave(None, context)
        shortest = (request.options.min_duration_ms or 100) * SAMPLE_RATE // 1000
        quiet = "".join("s" if abs(sample) < 1e-3 else " " for sample in audio)
        silences = [each for each in quiet.split() if len(each) >= shortest]
        effective = {"min_duration_ms": request.options.min_duration_ms or 100}
        return SilencesResult(count=len(silences), effective=effective)

"""

EDITS = (
    Edit(f"{SDK}/wire/stage.py", '    SILENCES = "silences"\n', '    REFINE = "refine"\n'),
    Edit(f"{SDK}/wire/stage.py", WIRE, "class RefineRequest("),
    Edit(f"{SDK}/wire/stage.py", "    | SilencesRequest\n", "    | RefineRequest\n"),
    Edit(f"{SDK}/wire/stage.py", WIRE_RESULT, "class RefineResult("),
    Edit(f"{SDK}/wire/stage.py", "    | SilencesResult\n", "    | RefineResult\n"),
    Edit(f"{SDK}/wire/transcript.py", "    silences: int | None = None\n", "    title: str | None"),
    Edit(
        f"{SDK}/engine.py",
        "from dalston_sdk.wire.stage import SilencesRequest, SilencesResult\n",
        "\nSAMPLE_RATE = ",
    ),
    Edit(f"{SDK}/engine.py", ENGINE_METHOD, "    def refine("),
    Edit(
        f"{SDK}/engine.py",
        "            case SilencesRequest():\n"
        "                return self.count_silences(request, audio, context)\n",
        "            case RefineRequest():\n",
    ),
    Edit(
        f"{SDK}/testing/rules.py",
        "from dalston_sdk.wire.stage import SilencesResult\n",
        "\nSLACK_S = ",
    ),
    Edit(
        f"{SDK}/testing/rules.py",
        "        case SilencesResult():\n"
        '            require(result.count >= 0, "fewer silences than none")\n',
        "        case RefineResult():\n",
    ),
    Edit(f"{CLI}/stages/silences.py", STAGE),
    Edit(
        f"{CLI}/stages/registry.py",
        "from dalston_cli.stages.silences import SILENCES\n",
        "from dalston_cli.stages.transcribe import",
    ),
    Edit(
        f"{CLI}/stages/registry.py",
        "        case StageKind.SILENCES:\n            return (SILENCES,)\n",
        "        case StageKind.REFINE:\n",
    ),
    Edit(f"{CLI}/settings/table/stages.py", SETTINGS, "    events: bool = "),
    Edit(
        f"{FAKE}/engine.py",
        "from dalston_sdk.wire.stage import SilencesRequest, SilencesResult\n",
        "\nKNOBS = ",
    ),
    Edit(
        f"{FAKE}/engine.py",
        '        Stage.SILENCES: frozenset({"min_duration_ms"}),\n',
        "        Stage.REFINE: frozenset(",
    ),
    Edit(f"{FAKE}/engine.py", FAKE_METHOD, "    def refine("),
    Edit(f"{FAKE}/engine.yaml", "  silences:\n    options: [min_duration_ms]\n", "  refine:\n"),
)


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A folder for sockets, whose paths have to be short."""
    with tempfile.TemporaryDirectory(prefix="dal-") as folder:
        yield Path(folder)


def write_tone_and_silence(path: Path) -> None:
    """A second of each."""
    write_recording(path, seconds=1.0)
    with wave.open(str(path)) as tone:
        parameters, frames = tone.getparams(), tone.readframes(tone.getnframes())
    with wave.open(str(path), "wb") as both:
        both.setparams(parameters)
        both.writeframes(frames + bytes(len(frames)))


def test_a_new_stage_takes_nine_files(tmp_path: Path, runtime: Path) -> None:
    assert len({edit.file for edit in EDITS}) <= MOST_FILES
    tree = tmp_path / "tree"
    for folder in ("src", "engines/sdk/src", FAKE):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for edit in EDITS:
        apply(tree, edit)
    source = tree / FAKE / "engine.py"
    source.write_text(source.read_text().replace("from tests.engines.fake.knobs", "from knobs"))
    write_model(tmp_path / "catalog", "speech", "transcribe")
    write_model(tmp_path / "catalog", "counter", "silences")
    write_tone_and_silence(tmp_path / "talk.wav")

    transcript, helped = transcribe(tmp_path, tree, runtime)

    assert transcript["silences"] == 1
    [record] = [stage for stage in transcript["stages"] if stage["stage"] == "silences"]
    assert (record["status"], record["model"]) == ("done", "counter")
    assert record["options"] == {"min_duration_ms": 300}
    assert transcript["provenance"]["silences"][0]["engine"] == "fake"
    assert "--silences" in helped


def test_the_files_of_a_new_stage_are_named() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = page.split("A new optional stage is nine files.")[1].split("One that is to stay")[0]
    for file in {edit.file.replace("silences.py", "NAME.py") for edit in EDITS}:
        parts = Path(file).parts
        assert any("/".join(parts[-count:]) + "`" in table for count in (1, 2, 3)), file


def apply(tree: Path, edit: Edit) -> None:
    path = tree / edit.file
    if not edit.before:
        assert not path.exists()
        path.write_text(edit.text)
        return
    text = path.read_text()
    assert text.count(edit.before) == 1, f"{edit.before!r} is not once in {edit.file}"
    path.write_text(text.replace(edit.before, edit.text + edit.before))


def install(tree: Path, environment: Path) -> Path:
    """An interpreter, for engines, too, that has the copy and this environment's packages."""
    venv.create(environment, symlinks=True)
    (site,) = environment.glob("lib/python*/site-packages")
    packages = sysconfig.get_path("purelib")
    paths = [str(tree / "src"), str(tree / "engines/sdk/src"), packages]
    (site / "copy.pth").write_text("\n".join(paths))
    return environment / "bin" / "python"


def transcribe(folder: Path, tree: Path, runtime: Path) -> tuple[dict[str, Any], str]:
    """Return the transcript that the copy's command writes, and its help."""
    python = install(tree, folder / "venv")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DALSTON_")},
        **folder_variables(folder, runtime=runtime),
        "DALSTON_ENGINES_PATH": str(tree / FAKE),
        "DALSTON_CATALOG_PATH": str(folder / "catalog"),
        "DALSTON_LAUNCHER": "local",
    }
    command = [str(python), "-m", "dalston_cli", "transcribe", "talk.wav", "--model", "speech"]
    asked = ["--silences", "--min-silences-ms", "300", "-f", "json", "--keep-alive", "0"]

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [*command, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(*asked)
    written: dict[str, Any] = json.loads((folder / "talk.json").read_text(encoding="utf-8"))
    return written, run("--help-all")
