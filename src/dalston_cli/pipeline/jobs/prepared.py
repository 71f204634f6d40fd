"""What the store knows about a recording's audio, where that is still what decoding would bring."""

from dalston_cli.audio.request import MIXING, OTHER_TRACKS, AudioInfo
from dalston_cli.audio.tracks import speaking
from dalston_cli.pipeline.records.keys import make_key
from dalston_cli.pipeline.records.store import ResultStore


def stored_audio(store: ResultStore, key: str, language: str | None = None) -> AudioInfo | None:
    """Return the description of decoded audio; None where it has to be decoded to be known.

    Args:
        store: All results.
        key: Of the recording, its channels, its clip and the track that was asked for.
        language: That by which one of several tracks is chosen; None where it is not.
    """
    known = None if language is None else store.get(_key_in(key, language), AudioInfo)
    if known is None:
        known = store.get(key, AudioInfo)
        if known is not None and _has_track_in(known, language):
            return None
    return known if known is None or _is_current(known) else None


def description_key(key: str, audio: AudioInfo, language: str | None) -> str:
    """Return the key of a description: one of its own where the language decided on the track."""
    return _key_in(key, language) if language and _has_track_in(audio, language) else key


def _key_in(key: str, language: str) -> str:
    return make_key("prepare", track_of=key, language=language)


def _has_track_in(known: AudioInfo, language: str | None) -> bool:
    """Return True if the recording has, or may have, a track that is tagged with a language."""
    if language is None:
        return False
    several = any(notice.code == OTHER_TRACKS for notice in known.warnings)
    return bool(speaking(known.tracks, language)) or (several and not known.tracks)


def _is_current(known: AudioInfo) -> bool:
    """Return True unless channels were mixed by earlier rules.

    Which mixes sound the same by the rules of today is known only when they are made.
    """
    if known.mixing == MIXING or known.info.num_channels == 1:
        return True
    return all(channel.channel is not None for channel in known.channels)
