"""Many machines: the array script and all commands of its page, each task as a scheduler does."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.acceptance.home import Home
from tests.support import recordings
from tests.support.documents import blocks_of
from tests.support.recordings import EXAMPLES

NUMBER = 4
NUMBERED = {
    "AWS_BATCH": {"index": "AWS_BATCH_JOB_ARRAY_INDEX", "count": "AWS_BATCH_JOB_ARRAY_SIZE"},
    "BATCH_TASK": {"index": "BATCH_TASK_INDEX", "count": "BATCH_TASK_COUNT"},
    "JOB_COMPLETION": {"index": "JOB_COMPLETION_INDEX", "count": "NO_SUCH_VARIABLE"},
}
BLOCKS = [
    block
    for block in blocks_of("docs/cluster.md", "bash")
    if "--shard" in block or "slurm" in block
]
QUEUED = [block for block in BLOCKS if "sbatch" in block]
SERVICES = [block for block in BLOCKS if "_INDEX" in block]
LOCAL = [block for block in BLOCKS if block.startswith("seq ")]
QUEUE = """\
#!/usr/bin/env bash
# A queue of one machine: runs the tasks of an array one after the other, and says which failed.
set -uo pipefail
array=$(sed -n 's/^#SBATCH --array=//p' "$(printf '%s\\n' "$@" | grep '\\.sh$')")
case $1 in --array=*) array=${1#--array=}; shift ;; esac
array=${array%%%*}
script=$1
shift
case $array in *-*) tasks=$(seq "${array%-*}" "${array#*-}") ;; *) tasks=${array//,/ } ;; esac
failed=
for task in $tasks; do
    SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_COUNT=$(wc -w <<< "$tasks") \\
        XDG_RUNTIME_DIR=/run/user/none "$script" "$@" || failed+=" $task"
done
[ -z "$failed" ] || { echo "failed:$failed" >&2; exit 1; }
"""


@pytest.fixture(scope="module")
def home(lasting_home: Home) -> Home:
    """One user on all machines, with a queue to submit to."""
    tools = lasting_home.folder / "tools"
    tools.mkdir()
    (tools / "sbatch").write_text(QUEUE, encoding="utf-8")
    (tools / "sbatch").chmod(0o755)
    lasting_home.environ["PATH"] = f"{tools}{os.pathsep}{lasting_home.environ['PATH']}"
    return lasting_home


@pytest.fixture
def work(tmp_path: Path) -> Path:
    for number in range(NUMBER):
        place = tmp_path / "recordings" / ("below" if number % 2 else "")
        place.mkdir(parents=True, exist_ok=True)
        options = ("-ss", str(number), "-t", "2")
        recordings.make(place, f"{number}.wav", *options, speech=EXAMPLES / "lecture.mp4")
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    return tmp_path


def run(
    home: Home, text: str, work: Path, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=work,
        env={**home.environ, **(environ or {})},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=600,
        check=False,
    )


def written(work: Path) -> list[str]:
    return sorted(path.stem for path in (work / "transcripts").rglob("*.txt"))


def reports(work: Path) -> dict[str, dict[str, int]]:
    """Return what each task's report counts."""
    files = (work / "transcripts" / "reports").iterdir()
    ends = {path.stem: json.loads(path.read_text("utf-8").splitlines()[-1]) for path in files}
    return {name: end["data"]["counts"] for name, end in sorted(ends.items())}


def test_the_page_shows_every_kind() -> None:
    assert sorted(map(len, (QUEUED, LOCAL, SERVICES))) == [2, 2, 3]
    assert sum(map(len, (QUEUED, LOCAL, SERVICES))) == len(BLOCKS)


def test_an_array_does_every_recording_once_and_is_submitted_again(home: Home, work: Path) -> None:
    first, second = QUEUED
    (work / "recordings" / "empty.wav").touch()
    done = run(home, first, work)
    assert re.search(r"^failed: \d$", done.stderr, re.MULTILINE), done.stderr
    assert written(work) == [str(number) for number in range(NUMBER)]
    counts = reports(work)
    assert list(counts) == [f"{number}-of-8" for number in range(1, 9)]
    assert sum(each.get("done", 0) for each in counts.values()) == NUMBER
    assert sum(each.get("failed", 0) for each in counts.values()) == 1

    (work / "recordings" / "empty.wav").unlink()
    [failed] = re.findall(r"^failed: (\d)$", done.stderr, re.MULTILINE)
    again = run(home, first.replace("sbatch", f"sbatch --array={failed}"), work)
    assert again.returncode == 0, again.stderr
    counts[f"{failed}-of-8"].pop("failed")
    kept = {"unchanged": counts[f"{failed}-of-8"].get("done", 0)}
    assert reports(work)[f"{failed}-of-8"] == ({} if not kept["unchanged"] else kept)
    assert "SHARDS=64 sbatch --array=1-64%16" in second
    few = second.replace("64", "2")
    others = run(home, few, work)
    assert others.returncode == 0, others.stderr
    counts = {name: each for name, each in reports(work).items() if name.endswith("-of-2")}
    assert list(counts) == ["1-of-2", "2-of-2"]
    assert sum(each.get("unchanged", 0) for each in counts.values()) == NUMBER


@pytest.mark.parametrize("block", LOCAL, ids=lambda block: block.split()[3])
def test_shards_side_by_side_on_one_machine(home: Home, work: Path, block: str) -> None:
    if "parallel" in block and shutil.which("parallel") is None:
        pytest.skip("GNU parallel is not installed: apt-get install parallel")
    done = run(home, block, work)
    assert done.returncode == 0, done.stderr
    assert written(work) == [str(number) for number in range(NUMBER)]
    assert len(re.findall(r"^shard \d of 4: \d of 4 recordings$", done.stderr, re.MULTILINE)) == 4


@pytest.mark.parametrize("block", SERVICES, ids=lambda block: re.findall(r"\w+_INDEX", block)[0])
def test_batch_services_number_from_zero(home: Home, work: Path, block: str) -> None:
    [names] = [names for prefix, names in NUMBERED.items() if f"(({prefix}" in block]
    few = block.replace("/8", "/3")
    for index in range(3):
        done = run(home, few, work, {names["index"]: str(index), names["count"]: "3"})
        assert done.returncode == 0, done.stderr
        assert f"shard {index + 1} of 3: " in done.stderr
    assert written(work) == [str(number) for number in range(NUMBER)]
