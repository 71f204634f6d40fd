"""The waveform of a recording, as a page draws it: how loud it is, from its start to its end."""

import asyncio
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from dalston_cli.audio.prepare import Preparer
from dalston_cli.audio.request import AudioRequest, Pause
from dalston_cli.audio.scratch import SCRATCH_NAME, scratch_folder
from dalston_cli.audio.wav import SAMPLE_RATE
from dalston_cli.settings.locations import Locations

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_HEIGHTS = 2400
"""More than a screen has columns for."""
_PER_SECOND = 50


class Waveform(Struct, frozen=True, kw_only=True):
    """Heights from 0 to 255, the loudest being 255 unless all is silence.

    Attributes:
        per_second: Heights for each second of the recording.
    """

    heights: tuple[int, ...]
    per_second: float


async def read_waveform(recording: Path) -> Waveform:
    """Decode a recording in a process of its own, and measure it.

    Raises:
        RecordingError: Its leaves say why the recording cannot be used.
        ScratchFolderError: There is no place to decode it to.
    """
    with scratch_folder(Locations.from_environment().cache / SCRATCH_NAME) as folder:
        request = AudioRequest(source=recording, folder=folder)
        async with Preparer(workers=1) as preparer:
            [channel, *_] = (await preparer.prepare(request)).channels
        return await asyncio.to_thread(measure, request.wav(None), channel.pauses)


def measure(wav: Path, pauses: Sequence[Pause] = (), *, most: int = MOST_HEIGHTS) -> Waveform:
    """Measure a 16 kHz mono PCM16 file.

    Args:
        wav: The file.
        pauses: Gaps of the recording that are not in it; nothing is heard there.
        most: Heights at most; at least 1.
    """
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    loud: list[float] = []
    duration_s = 0.0
    waiting = list(pauses)
    for block in _blocks(wav):
        while waiting and waiting[0].at_s <= duration_s:
            loud += [0.0] * round(waiting.pop(0).length_s * _PER_SECOND)
        loud.append(float(np.abs(block.astype(np.int32)).max()))
        duration_s += len(block) / SAMPLE_RATE
    joined = max(1, -(-len(loud) // most))
    groups = [max(loud[at : at + joined]) for at in range(0, len(loud), joined)]
    highest = max(groups, default=0.0) or 1.0
    whole_s = duration_s + sum(pause.length_s for pause in pauses)
    return Waveform(
        heights=tuple(round(each / highest * 255) for each in groups),
        per_second=round(len(groups) / whole_s, 6) if whole_s else 0.0,
    )


def _blocks(wav: Path) -> "Iterator[NDArray[np.int16]]":
    import numpy as np  # noqa: PLC0415 - as above

    with wave.open(str(wav), "rb") as reader:
        while data := reader.readframes(SAMPLE_RATE // _PER_SECOND):
            yield np.frombuffer(data, "<i2")
