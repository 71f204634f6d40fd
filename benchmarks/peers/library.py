"""faster-whisper alone, as a program of its own: model, threads, batch size, folder, recordings.

It runs in the environment of whisper-ctranslate2, whose library is the engine's, version by
version. A batch size of 0 decodes in order.
"""

import sys
from pathlib import Path

from faster_whisper import BatchedInferencePipeline, WhisperModel


def main(model: str, threads: str, batch_size: str, out: str, *recordings: str) -> None:
    """Write the text of each recording into ``out``."""
    whisper = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=int(threads))
    options = {"language": "en", "beam_size": 5, "vad_filter": True}
    Path(out).mkdir(exist_ok=True)
    for recording in recordings:
        if int(batch_size):
            batched = BatchedInferencePipeline(whisper)
            # Segments with times, as the engine has them, and not one for each chunk.
            timed = {"without_timestamps": False, "batch_size": int(batch_size)}
            segments, _ = batched.transcribe(recording, **timed, **options)
        else:
            segments, _ = whisper.transcribe(recording, condition_on_previous_text=False, **options)
        text = "".join(segment.text for segment in segments)
        Path(out, f"{Path(recording).stem}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
