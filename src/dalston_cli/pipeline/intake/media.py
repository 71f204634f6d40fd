"""Suffixes of recordings in a folder."""

from pathlib import PurePath


def _endings(names: str) -> frozenset[str]:
    return frozenset(f".{name}" for name in names.split())


AUDIO_SUFFIXES = _endings(
    "3ga aac ac3 aif aifc aiff amr ape au awb caf dts eac3 flac gsm m4a m4b m4r mka mp1 mp2 mp3 mpa"
    " mpc oga ogg opus ra rf64 snd spx tta voc w64 wav wave weba wma wv"
)
VIDEO_SUFFIXES = _endings(
    "3g2 3gp asf avi f4v flv m2ts m2v m4v mkv mov mp4 mpeg mpg mts mxf ogm ogv qt rm rmvb vob webm"
    " wmv"
)
MEDIA_SUFFIXES = AUDIO_SUFFIXES | VIDEO_SUFFIXES
"""In lower case. A file that is named itself may have any suffix; ``.ts`` is missing because it is
TypeScript's, too."""


def looks_like_media(name: str) -> bool:
    """Return True if the file's suffix is one of media."""
    return PurePath(name).suffix.lower() in MEDIA_SUFFIXES
