"""Prints the size of the largest batch that the library got: largest_batch.py MODEL WAV..."""

import sys
from pathlib import Path
from typing import Any

from engine import OnnxAsrEngine
from onnx_asr.adapters import TimestampedResultsAsrAdapter
from tests.support.batches_in_process import transcribe_at_once


def main(model: Path, recordings: list[Path]) -> None:
    """Transcribe all recordings at once."""
    sizes: list[int] = []
    recognize = TimestampedResultsAsrAdapter.recognize

    def counted(self: Any, chunks: Any, **options: Any) -> Any:
        sizes.append(len(chunks))
        return recognize(self, chunks, **options)

    TimestampedResultsAsrAdapter.recognize = counted
    transcribe_at_once(OnnxAsrEngine(), model, recordings)
    sys.stdout.write(f"{max(sizes)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]])
