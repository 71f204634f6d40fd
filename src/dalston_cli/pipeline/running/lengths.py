"""The length of a recording before anything of it is read: an estimate from its size and kind.

To put recordings in order, and to know about how much room their audio takes, a factor of two is
near enough; opening each of a hundred thousand files is not.
"""

from collections.abc import Callable

from dalston_cli.audio.clip import Clip, wanted_part
from dalston_cli.pipeline.intake.folder_scan import VIDEO_SUFFIXES
from dalston_cli.pipeline.request import RecordingRequest

_UNCOMPRESSED = 1 / 88_200
_LOSSLESS = 1 / 50_000
_COMPRESSED = 1 / 16_000
_TELEPHONE = 1 / 4_000
_VIDEO = 1 / 250_000
_USUAL = {
    **dict.fromkeys(VIDEO_SUFFIXES, _VIDEO),
    **dict.fromkeys(
        (".aif", ".aifc", ".aiff", ".au", ".caf", ".rf64", ".w64", ".wav", ".wave"), _UNCOMPRESSED
    ),
    **dict.fromkeys((".ape", ".flac", ".tta", ".wv"), _LOSSLESS),
    **dict.fromkeys((".amr", ".awb", ".gsm", ".opus", ".spx"), _TELEPHONE),
}
"""Seconds per byte of recordings with a suffix; any other is taken for compressed sound."""


class Lengths:
    """Estimates lengths.

    Args:
        rate_of: Returns the seconds per byte of earlier recordings with a suffix; None where there
            were none.
        clip: The part of each recording that is wanted; None for the whole.
    """

    def __init__(self, rate_of: Callable[[str], float | None], clip: Clip | None) -> None:
        self._rate_of = rate_of
        self._clip = clip
        self._rates: dict[str, float] = {}

    def of(self, recording: RecordingRequest) -> float:
        """Return a recording's length in seconds; 0 where its size is not known."""
        suffix = recording.relative.suffix.lower()
        if suffix not in self._rates:
            self._rates[suffix] = self._rate_of(suffix) or _USUAL.get(suffix, _COMPRESSED)
        length_s = (recording.size or 0) * self._rates[suffix]
        return wanted_part(length_s, recording.overrides.clip or self._clip)
