"""The library's own results for a recording, and its network access: oracle.py MODELS WAV.

Prints JSON: the speaker turns of each Sortformer as the library's own ``diarize`` has them, the
text of Canary for two languages, how features made in blocks differ from those made at once, and
every address that loading, transcribing and diarizing through the engine tried to reach.
"""

import json
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np

REACHED: list[str] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        REACHED.append(f"{event} {arguments}")
        raise OSError("there is no network")


class Context:
    """Takes reports and drops them."""

    def progress(self, done_s: float, total_s: float) -> None: ...
    def partial(self, segments: Any) -> None: ...
    def check_cancelled(self) -> None: ...


def main(folder: Path, wav: Path) -> None:
    """Run the library, then the engine."""
    # After the hook is installed.
    import engine  # noqa: PLC0415

    server = engine.NemoEngine()
    import activity_turns  # noqa: PLC0415
    from loading import load_model  # noqa: PLC0415
    from nemo.collections.asr import models  # noqa: PLC0415
    from sortformer import Diarizer  # noqa: PLC0415

    from dalston_sdk.wire import (  # noqa: PLC0415
        DiarizeRequest,
        ModelRef,
        TranscribeOptions,
        TranscribeRequest,
    )

    with wave.open(str(wav), "rb") as reader:
        raw = np.frombuffer(reader.readframes(reader.getnframes()), np.int16)
    audio = (raw / 32768).astype(np.float32)
    found: dict[str, Any] = {}
    for name in ("sortformer-v1", "sortformer-v2"):
        file = folder / name / f"{name}.nemo"
        reference = ModelRef(runtime_id=name, path=str(file))
        loaded = load_model(reference, "cpu")
        ours = Diarizer(loaded)  # sets the chunks of a recording, for both
        lines = loaded.network.diarize([audio], sample_rate=16000, num_workers=0, verbose=False)
        theirs = [line.split() for line in lines[0]]
        activity_turns.MIN_TURN_S = activity_turns.MIN_PAUSE_S = 0.0  # as in the library
        asked = DiarizeRequest(model=reference)
        turns = ours.diarize(asked.options, audio, Context(), server.fitter(asked, 1)).turns
        found[name] = [theirs, [[turn.start, turn.end, turn.speaker] for turn in turns]]
        if name.endswith("v2"):
            long = np.tile(audio, 10)
            whole = ours._features_of(long).numpy()
            parts = ours._features(long, Context())[:, :, :].numpy()
            found["features"] = [whole.shape, parts.shape, float(np.abs(whole - parts).max())]
    canary = models.ASRModel.restore_from(str(folder / "canary" / "canary.nemo"))
    found["canary"] = [
        canary.transcribe(
            [audio[: 16000 * 5]],
            source_lang=code,
            target_lang=code,
            task="asr",
            pnc="yes",
            verbose=False,
        )[0].text
        for code in ("en", "de")
    ]
    reference = ModelRef(runtime_id="own", path=str(folder / "ctc"))
    server.load(reference)
    request = TranscribeRequest(model=reference, options=TranscribeOptions())
    server.transcribe(request, audio, Context())
    found["reached"] = REACHED
    sys.stdout.write(f"ORACLE {json.dumps(found)}\n")


if __name__ == "__main__":
    sys.addaudithook(_watch)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
