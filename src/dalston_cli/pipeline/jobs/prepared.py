"""What the store knows about a recording's audio, where that is still what decoding would bring."""

from dalston_cli.audio.request import MIXING, AudioInfo
from dalston_cli.pipeline.records.store import ResultStore


def stored_audio(store: ResultStore, key: str) -> AudioInfo | None:
    """Return the description of decoded audio; None where it has to be decoded to be known.

    Mixes of several channels that were made by earlier rules are not counted: which of them
    sound the same by those of today is known only when they are made.
    """
    known = store.get(key, AudioInfo)
    if known is None or known.mixing == MIXING or known.info.num_channels == 1:
        return known
    is_mix = any(channel.channel is None for channel in known.channels)
    return None if is_mix else known
