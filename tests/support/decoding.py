"""Decoding as tests ask for it: in this process, or in one of its own."""

from pathlib import Path
from typing import Any

from dalston_cli.audio import decode as library
from dalston_cli.audio.prepare import Preparer
from dalston_cli.audio.request import AudioInfo, AudioRequest


def decode(source: Path, folder: Path, **options: Any) -> AudioInfo:
    """Decode here."""
    return library.decode(AudioRequest(source=source, folder=folder, **options))


async def prepare(preparer: Preparer, source: Path, folder: Path, **options: Any) -> AudioInfo:
    """Decode there."""
    return await preparer.prepare(AudioRequest(source=source, folder=folder, **options))
