"""Records for which earlier files results stand, after the code of an engine or the SDK changed.

    scripts/engine_results.py same [NAME…]   results are as before: stored ones are found again
    scripts/engine_results.py new ENGINE…    results differ: what is stored is not used any more

NAME is an engine such as ``nemo``, or ``sdk``; without one, all. A test of the repository fails
until each record is of the files as they are. Where a change of the SDK changes an engine's
results, that engine is ``new``. ``recorded`` is the engine of the tests' golden results of version
0.1, which stay as they are.
"""

import argparse
import hashlib
import json
from pathlib import Path

from dalston_sdk.identity import RECORD_NAME, digest_sources, results_record, sdk_folder

ROOT = Path(__file__).resolve().parents[1]
SDK = "sdk"


def main() -> None:
    """Write the records."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", choices=["same", "new"])
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    folders = recorded_folders()
    if unknown := set(options.names) - folders.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(folders)}")
    if options.results == "new" and (not options.names or SDK in options.names):
        parser.error("name the engines whose results differ")
    for name in options.names or folders:
        write_record(name, folders[name], same=options.results == "same")


def recorded_folders() -> dict[str, Path]:
    """Return every folder with a record, by name: those of the engines, and the SDK's."""
    folders = {each.parent.name: each.parent for each in ROOT.glob("engines/*/*/engine.yaml")}
    return folders | {"recorded": ROOT / "tests/golden/stored_by_0_1/engine", SDK: sdk_folder()}


def write_record(name: str, folder: Path, *, same: bool) -> None:
    """Write one record.

    Args:
        name: Of the engine, or ``sdk``.
        folder: The engine's folder, or the package of the SDK.
        same: Keep the files for which its results stood before; else they are new.
    """
    files, record = files_of(name, folder), folder / RECORD_NAME
    if not same:  # of this code with this SDK, so that no earlier results are meant
        stood_for = hashlib.sha256("\0".join(digest_sources(folder)).encode()).hexdigest()
    elif record.is_file():
        stood_for = json.loads(record.read_text(encoding="utf-8"))["same_results_as"]
    else:
        stood_for = files
    record.write_text(results_record(files, stood_for), encoding="utf-8")


def files_of(name: str, folder: Path) -> str:
    """Compute the digest of the files that a record is about."""
    sources = digest_sources(folder)
    return sources.sdk if name == SDK else sources.code


if __name__ == "__main__":
    main()
