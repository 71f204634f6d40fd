"""Prints what the library itself writes for the first seconds of a recording, model by model.

library_alone.py WAV SECONDS FOLDER…: one line of JSON, texts by the folders' names.
"""

import json
import os
import sys
import wave
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
import transformers

RATE = 16_000


def text_of(folder: Path, samples: Any) -> str:
    """Ask as the library's own examples do."""
    processor = transformers.AutoProcessor.from_pretrained(folder)
    name = json.loads((folder / "config.json").read_text(encoding="utf-8"))["architectures"][0]
    network = getattr(transformers, name).from_pretrained(folder).eval()
    match folder.name:
        case "canary":
            inputs = processor.apply_transcription_request([samples], source_language="en")
        case "cohere":
            inputs = processor([samples], language="en", sampling_rate=RATE)
            inputs.pop("audio_chunk_index", None)
        case _:
            inputs = processor([samples], sampling_rate=RATE, return_tensors="pt")
    most = {"max_new_tokens": 48} if folder.name in {"canary", "cohere", "moonshine"} else {}
    with torch.inference_mode():
        found = network.generate(**inputs, **most)
    found = getattr(found, "sequences", found)
    return str(processor.batch_decode(found, skip_special_tokens=True)[0])


def main(recording: Path, seconds: float, folders: list[Path]) -> None:
    """Print the texts."""
    with wave.open(str(recording)) as reader:
        content = reader.readframes(int(seconds * RATE))
    samples = np.frombuffer(content, "<i2").astype(np.float32) / 32768
    print(json.dumps({folder.name: text_of(folder, samples) for folder in folders}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), [Path(each) for each in sys.argv[3:]])
