"""Prints what the library itself writes for the first seconds of a recording, model by model.

library_alone.py WAV SECONDS FOLDER…: one line of JSON, texts by the folders' names.
"""

import json
import os
import re
import sys
import wave
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch

from dalston_sdk.torch_device import import_torchaudio

import_torchaudio()

import transformers  # noqa: E402 - imports torchaudio

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
        case "qwen3-asr" | "omniasr-llm":
            inputs = processor.apply_transcription_request(
                [samples], language="en", processor_kwargs={"return_tensors": "pt"}
            )
        case "granite-speech":
            asked = "transcribe the speech with proper punctuation and capitalization."
            chat = [{"role": "user", "content": f"<|audio|>{asked}"}]
            prompt = processor.tokenizer.apply_chat_template(
                chat, add_generation_prompt=True, tokenize=False
            )
            inputs = processor(prompt, torch.from_numpy(samples)[None], return_tensors="pt")
        case "voxtral":
            inputs = processor.apply_transcription_request(
                [samples], model_id="own", language="en", sampling_rate=RATE, format=["WAV"]
            )
        case _:
            inputs = processor([samples], sampling_rate=RATE, return_tensors="pt")
    if folder.name == "mms":
        processor.tokenizer.set_target_lang("deu")
        network.load_adapter("deu")
        # Without special tokens it would take letters around a blank for one.
        text = str(processor.batch_decode(network(**inputs).logits.argmax(-1))[0])
        return re.sub("<[^>]*>", "", text)
    most = {} if folder.name.startswith(("parakeet", "omniasr-ctc")) else {"max_new_tokens": 48}
    with torch.inference_mode():
        found = network.generate(**inputs, **most)
    found = getattr(found, "sequences", found)
    if "input_ids" in inputs:
        found = found[:, inputs["input_ids"].shape[1] :]
    return str(processor.tokenizer.batch_decode(found, skip_special_tokens=True)[0])


def main(recording: Path, seconds: float, folders: list[Path]) -> None:
    """Print the texts."""
    with wave.open(str(recording)) as reader:
        content = reader.readframes(int(seconds * RATE))
    samples = np.frombuffer(content, "<i2").astype(np.float32) / 32768
    print(json.dumps({folder.name: text_of(folder, samples) for folder in folders}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), [Path(each) for each in sys.argv[3:]])
