"""Prints the size of the largest batch that the library got: largest_batch.py MODEL WAV..."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine import NemoEngine
from tests.support.batches_in_process import transcribe_at_once


def main(model: Path, recordings: list[Path]) -> None:
    """Transcribe all recordings at once."""
    engine = NemoEngine()
    sizes: list[int] = []

    from nemo.collections.asr import models  # noqa: PLC0415 - after what the engine sets

    for kind in (models.EncDecCTCModel, models.EncDecRNNTModel, models.EncDecMultiTaskModel):
        kind.transcribe = _counted(kind.transcribe, sizes)
    transcribe_at_once(engine, model, recordings)
    sys.stdout.write(f"{max(sizes)}\n")


def _counted(transcribe: Callable[..., Any], sizes: list[int]) -> Callable[..., Any]:
    def counted(self: object, chunks: list[Any], **options: object) -> object:
        sizes.append(len(chunks))
        return transcribe(self, chunks, **options)

    return counted


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]])
