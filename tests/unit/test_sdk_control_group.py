"""Limits of the control groups that hold a process, of both versions."""

from pathlib import Path

import pytest

from dalston_sdk.control_group import cpu_limit, memory_left, memory_limit

MIB = 1024 * 1024
OF_NO_LIMIT = str((1 << 63) - 4096)

V2_OWN = "0::/system.slice/run-1.scope\n"
V1_OWN = "11:memory:/slurm/job_1\n4:cpu,cpuacct:/slurm/job_1\n0::/\n"


def write(folder: Path, files: dict[str, str]) -> tuple[Path, Path]:
    """Write a mount and the file that names the process's groups; return both."""
    mount, own = folder / "mount", folder / "own"
    for name, text in files.items():
        path = own if name == "own" else mount / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text.rstrip()}\n", encoding="ascii")
    return mount, own


@pytest.mark.parametrize(
    ("files", "limit_mib", "left_mib"),
    [
        pytest.param({}, None, None, id="no groups"),
        pytest.param({"own": V2_OWN, "memory.max": "max"}, None, None, id="v2, no limit"),
        pytest.param(
            {
                "own": V2_OWN,
                "memory.max": str(500 * MIB),
                "memory.current": str(200 * MIB),
                "memory.stat": f"anon 1\ninactive_file {50 * MIB}",
            },
            500,
            350,
            id="v2, the mount is a container's own group",
        ),
        pytest.param(
            {
                "own": V2_OWN,
                "system.slice/run-1.scope/memory.max": str(500 * MIB),
                "system.slice/run-1.scope/memory.current": str(100 * MIB),
                "system.slice/run-1.scope/memory.stat": "inactive_file 0",
                "system.slice/memory.max": str(800 * MIB),
                "system.slice/memory.current": str(700 * MIB),
                "system.slice/memory.stat": "inactive_file 0",
            },
            500,
            100,
            id="v2, the group above has less left",
        ),
        pytest.param(
            {
                "own": V1_OWN,
                "memory/memory.limit_in_bytes": OF_NO_LIMIT,
                "memory/slurm/job_1/memory.limit_in_bytes": str(400 * MIB),
                "memory/slurm/job_1/memory.usage_in_bytes": str(450 * MIB),
                "memory/slurm/job_1/memory.stat": f"cache 1\ntotal_inactive_file {20 * MIB}",
            },
            400,
            0,
            id="v1, more than all is used",
        ),
        pytest.param(
            {"own": "3:memory:/../..\n", "memory/memory.limit_in_bytes": str(300 * MIB)},
            300,
            None,
            id="v1, a name outside of the mount, and no use known",
        ),
    ],
)
def test_memory(
    tmp_path: Path, files: dict[str, str], limit_mib: int | None, left_mib: int | None
) -> None:
    mount, own = write(tmp_path, files)
    limit, left = memory_limit(mount, own), memory_left(mount, own)
    assert limit == (None if limit_mib is None else limit_mib * MIB)
    assert left == (None if left_mib is None else left_mib * MIB)


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        pytest.param({}, None, id="no groups"),
        pytest.param({"own": V2_OWN, "cpu.max": "max 100000"}, None, id="v2, no limit"),
        pytest.param(
            {
                "own": V2_OWN,
                "cpu.max": "400000 100000",
                "system.slice/run-1.scope/cpu.max": "150000 100000",
            },
            1.5,
            id="v2, the least holds",
        ),
        pytest.param(
            {
                "own": V1_OWN,
                "cpu/cpu.cfs_quota_us": "-1",
                "cpu/cpu.cfs_period_us": "100000",
                "cpu/slurm/job_1/cpu.cfs_quota_us": "300000",
                "cpu/slurm/job_1/cpu.cfs_period_us": "100000",
            },
            3.0,
            id="v1",
        ),
    ],
)
def test_processor_time(tmp_path: Path, files: dict[str, str], cores: float | None) -> None:
    assert cpu_limit(*write(tmp_path, files)) == cores
