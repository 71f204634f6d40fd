"""Prints the size of the largest batch that the library got: largest_batch.py MODEL... -- WAV...

At the end, one line for each model: to import NeMo takes longer than all else here.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine import NemoEngine
from tests.support.batches_in_process import transcribe_at_once


def main(model_folders: list[Path], recordings: list[Path]) -> None:
    """Transcribe all recordings at once with each model."""
    sizes: list[int] = []

    from nemo.collections.asr import models  # noqa: PLC0415 - after what the engine sets

    for kind in (models.EncDecCTCModel, models.EncDecRNNTModel, models.EncDecMultiTaskModel):
        kind.transcribe = _counted(kind.transcribe, sizes)
    largest = []
    for folder in model_folders:
        sizes.clear()
        transcribe_at_once(NemoEngine(), folder, recordings)
        largest.append(max(sizes))
    sys.stdout.write("".join(f"{size}\n" for size in largest))


def _counted(transcribe: Callable[..., Any], sizes: list[int]) -> Callable[..., Any]:
    def counted(self: object, chunks: list[Any], **options: object) -> object:
        sizes.append(len(chunks))
        return transcribe(self, chunks, **options)

    return counted


if __name__ == "__main__":
    arguments = [Path(each) for each in sys.argv[1:]]
    middle = sys.argv.index("--") - 1
    main(arguments[:middle], arguments[middle + 1 :])
