"""Records for which earlier files an engine's results stand, after its code or the SDK changed.

    scripts/engine_results.py same [ENGINE…]   results are as before: stored ones are found again
    scripts/engine_results.py new ENGINE…      results differ: what is stored is not used any more

ENGINE is a name such as ``nemo``; without one, all engines. A test of the repository fails until
each record is of the engine's files as they are. ``recorded`` is the engine of the tests' golden
results of version 0.1, which stay as they are.
"""

import argparse
import json
from pathlib import Path

from dalston_sdk.identity import RECORD_NAME, Sources, digest_sources, results_record

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Write the records."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", choices=["same", "new"])
    parser.add_argument("engines", nargs="*", metavar="ENGINE")
    options = parser.parse_args()
    folders = engine_folders()
    if unknown := set(options.engines) - folders.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(folders)}")
    if options.results == "new" and not options.engines:
        parser.error("name the engines whose results differ")
    for name in options.engines or folders:
        write_record(folders[name], same=options.results == "same")


def engine_folders() -> dict[str, Path]:
    """Return the folder of every engine with a record, by name."""
    folders = {each.parent.name: each.parent for each in ROOT.glob("engines/*/*/engine.yaml")}
    return folders | {"recorded": ROOT / "tests/golden/stored_by_0_1/engine"}


def write_record(folder: Path, *, same: bool) -> None:
    """Write the record of one engine.

    Args:
        folder: The engine's folder.
        same: Keep the files for which its results stood before; else they are those of now.
    """
    sources, record = digest_sources(folder), folder / RECORD_NAME
    stood_for = sources
    if same and record.is_file():
        stood_for = Sources(**json.loads(record.read_text(encoding="utf-8"))["same_results_as"])
    record.write_text(results_record(sources, stood_for), encoding="utf-8")


if __name__ == "__main__":
    main()
